"""What an adapter is: a module that turns one provider's requests into events, as pure functions.

The caller reads the raw body, then: verify → (no: 403) → decode → (Refused: 400) → compare `account` with the source's
own (another: 403) → load the state of this call at this source → normalise → store → 204.

**Storing.** Where the events hold anything but interims, they and the new state are stored in one transaction, the
state under a version check; on conflict normalise is called again with the newer state. Where they hold only interims,
or nothing, nothing is written and the new state is kept in memory only. An adapter must live with losing such a state:
a restart may cost what interims taught (when an utterance began), never the counter that makes segment ids.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from events import Event


class Payload(Protocol):
    """One parsed request; the rest of it is between decode and normalise of its adapter."""

    @property
    def call_sid(self) -> str: ...  # matches events.CALL_SID

    @property
    def account(self) -> str: ...  # the provider account that sent it; a good signature proves this and no more


Normalised = tuple[list[Event], msgspec.Struct | None]  # what happened, and what this call has now seen


class Adapter(Protocol):
    """What each module in KINDS has."""

    State: type[msgspec.Struct]  # frozen, every field with a default: fields may be added, never retyped
    Config: type[msgspec.Struct]  # the source's settings, frozen, every field with a default

    def verify(self, *, url: str, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        """Whether `secret` signed exactly these bytes for this public URL. False for anything odd; never raises."""

    def decode(self, body: bytes, content_type: str) -> Payload:
        """The parsed request; an unknown event becomes one that normalise ignores.

        Raises Refused("malformed_payload", …) with the provider's name of the bad field, and nothing else.
        """

    def normalise(self, payload: Any, state: Any, config: Any) -> Normalised:
        """The events of one request, in the order to store them, and the new state. Pure: never raises, changes
        neither argument. `state` is None where this call was not heard of at this source."""


def encode_state(state: msgspec.Struct) -> str:
    """`state` as JSON text, to store."""
    return msgspec.json.encode(state).decode()


def decode_state(adapter: Adapter, text: str | bytes | None) -> Any:
    """The stored state, None for None. Raises msgspec.DecodeError: never start afresh instead, that would give
    segment ids out twice and overwrite sentences."""
    return None if text is None else msgspec.json.decode(text, type=adapter.State)
