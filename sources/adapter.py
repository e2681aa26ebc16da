"""What an adapter is: a module that turns one provider's requests into events, as pure functions.

The caller reads the raw body, then: verify → (no: 403) → decode → (Refused: 400) → compare `account` with the source's
own (another: 403) → load the state of this call at this source → normalise → store → 204.

**Storing.** Where the events hold anything but interims, or `must_store` says so, they and the new state are stored in
one transaction, the state under a version check; on conflict normalise is called again with the newer state. Else
nothing is written and the new state is kept in memory only. An adapter must live with losing such a state: a restart
may cost what interims taught (when an utterance began), never the counter that makes segment ids, nor words.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from events import Event


class Payload(Protocol):
    """One parsed request; the rest of it is between decode and normalise of its adapter."""

    @property
    def call_sid(self) -> str: ...  # matches events.CALL_SID

    @property
    def account(self) -> str: ...  # the provider account that sent it; "" where requests do not tell


Normalised = tuple[list[Event], msgspec.Struct | None]  # what happened, and what this call has now seen


class Adapter(Protocol):
    """What each module in KINDS has."""

    State: type[msgspec.Struct]  # frozen, every field with a default: fields may be added, never retyped
    Config: type[msgspec.Struct]  # the source's settings, frozen, every field with a default
    REPEATS_REFUSED: bool  # the provider sends again what gets 400: it is counted as refused, and answered 204
    CallEnded: type[Payload] | None  # made with `call_sid=`: then normalise gives what the state holds; None: nothing

    def verify(self, *, url: str, headers: Mapping[str, str], body: bytes, secret: str, now: int) -> bool:
        """Whether who knows `secret` sent exactly these bytes to this public URL; `now` in µs, for signatures that
        carry a time. False for anything odd; raises only Refused("missing_library", …) where an extra is needed."""

    def decode(self, body: bytes, content_type: str, query: Mapping[str, str]) -> Payload:
        """The parsed request; `query` is the address's, over the source's settings. An unknown event becomes one that
        normalise ignores.

        Raises Refused("malformed_payload", …) with the provider's name of the bad field, and nothing else.
        """

    def cleaned(self, payload: Any, clean: Callable[[str], str]) -> Any:
        """`payload` with `clean` applied to every text that was said and that the state would keep (redaction); as it
        is where the state keeps no words. `clean` may be applied twice."""

    def normalise(self, payload: Any, state: Any, config: Any) -> Normalised:
        """The events of one request, in the order to store them, and the new state. Pure: never raises, changes
        neither argument. `state` is None where this call was not heard of at this source."""

    def must_store(self, before: Any, after: Any) -> bool:
        """Whether losing `after` would lose words, although no event of its step is stored."""


def encode_state(state: msgspec.Struct) -> str:
    """`state` as JSON text, to store."""
    return msgspec.json.encode(state).decode()


def decode_state(adapter: Adapter, text: str | bytes | None) -> Any:
    """The stored state, None for None. Raises msgspec.DecodeError: never start afresh instead, that would give
    segment ids out twice and overwrite sentences."""
    return None if text is None else msgspec.json.decode(text, type=adapter.State)
