"""Deepgram: live `Results` and Flux's turns, by callback or from whoever holds the socket, turned into events.

Of calls Deepgram knows nothing. Which one it is stands in the callback's address; the first message makes it run, and
that it ends must be told by other means. Times are seconds from the first audio of a *connection*: one that replaces a
lost one goes on where that one ended, unless it is told from where (`offset`).

https://developers.deepgram.com/docs/live-streaming-audio
https://developers.deepgram.com/docs/callback
https://developers.deepgram.com/docs/flux
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from hmac import compare_digest

from msgspec.structs import replace

from events import SECOND, CallAnnounced, Event, Transcript, TranscriptionStopped
from sources.deepgram_connections import Config, State, connected, current, with_connection
from sources.deepgram_payload import (
    Begun,
    CallEnded,
    Ended,
    Failed,
    Payload,
    Result,
    Turn,
    UtteranceEnd,
    decode,
    decode_message,
)
from sources.deepgram_results import final, interim, utterance_ended
from sources.deepgram_turns import hear
from sources.deepgram_windows import Windows

__all__ = ["CallEnded", "Config", "State", "cleaned", "decode", "decode_message", "must_store", "normalise", "verify"]

REPEATS_REFUSED = False


def verify(*, url: str, headers: Mapping[str, str], body: bytes, secret: str, now: int) -> bool:
    """Whether `secret` came along: as `dg-token`, which is the id of the API key that opened the stream, or as the
    password in the callback's address (`https://any:secret@…`). There is no signature."""
    try:
        given = {name.lower(): value for name, value in headers.items()}
        kind, _, credentials = given.get("authorization", "").partition(" ")
        password = b64decode(credentials, validate=True).partition(b":")[2] if kind.lower() == "basic" else b""
        known = secret.encode()
        is_token = compare_digest(given.get("dg-token", "").encode(), known)
        return (compare_digest(password, known) or is_token) and bool(known)
    except Exception:  # whatever odd input does to the codecs, the answer is 403, not 500
        return False


def normalise(payload: Payload, state: State | None, config: Config) -> tuple[list[Event], State | None]:
    """The events of one message, in the order to store them, and what the call has seen with it.

    A repeat gives nothing; a window that comes late gives its utterance's final again, corrected.
    """
    known = state or State()
    if payload.request_id in known.forgotten:
        return [], state
    events: list[Event] = []
    if isinstance(payload, Begun | Result | Turn | Failed) and not known.is_announced:
        events, known = [CallAnnounced(provider="deepgram")], replace(known, is_announced=True)
    match payload:
        case Failed():
            return [*events, CallAnnounced(provider="deepgram", metadata={"transcription_error": payload.error})], known
        case Begun(request_id=None):
            return events, known
        case Begun() | Result() | Turn():
            closed, name, known = connected(payload, known, config)
            heard, known = _heard(payload, name, known, config)
            return [*events, *closed, *heard], known
        case CallEnded():
            for name, connection in known.connections.items():
                closed, over = connection.closed(name, config)
                events, known = [*events, *closed], with_connection(known, name, over)
            return events, known
        case UtteranceEnd() | Ended() if (name := current(payload, known)) is not None:
            return _ended(payload, name, known, config)
    return [], state


def cleaned(payload: Payload, clean: Callable[[str], str]) -> Payload:
    """`payload` with the words of a window cleaned, which the state holds until their utterance is complete: as a
    whole where something was taken out, as that may begin in one voice's words and end in the other's. Turns come
    whole, and are not kept."""
    if not isinstance(payload, Result):
        return payload
    content = clean(payload.content)
    runs = payload.runs if content == payload.content else ()
    return replace(payload, content=content, runs=tuple(run._replace(content=clean(run.content)) for run in runs))


def must_store(before: State | None, after: State | None) -> bool:
    """Whether words came that no event of the step stores: those of a window whose utterance goes on."""
    return after is not None and after.held != (before.held if before else 0)


def _heard(payload: Payload, name: str, state: State, config: Config) -> tuple[list[Transcript], State]:
    connection = state.connections[name]
    if isinstance(payload, Turn):
        speaker = connection.speaker or config.channel_0
        events, turns = hear(payload, connection.turns, name, connection.offset, speaker)
        end = max(connection.end, payload.end if payload.is_final else 0)
        return events, with_connection(state, name, replace(connection, turns=turns, end=end))
    if not isinstance(payload, Result):
        return [], state
    channel = str(payload.channel)
    was = connection.channels.get(channel) or Windows(is_over=connection.is_over)
    line = connection.line(name, payload.channel, config)
    if payload.is_final:
        events, now = final(payload, was, line)
        connection = replace(connection, end=max(connection.end, payload.end))
    else:
        events, now = interim(payload, was, line)
    channels = connection.channels if now is was else connection.channels | {channel: now}
    return events, with_connection(state, name, replace(connection, channels=channels))


def _ended(payload: UtteranceEnd | Ended, name: str, state: State, config: Config) -> tuple[list[Event], State]:
    connection = state.connections[name]
    if isinstance(payload, Ended):
        stopped = [] if connection.is_over else [TranscriptionStopped()]
        events, connection = connection.closed(name, config)
        connection = replace(connection, end=max(connection.end, payload.duration))
        if payload.created_at is not None and state.origin is None:
            state = replace(state, origin=payload.created_at - round(connection.offset * SECOND))
        return [*events, *stopped], with_connection(state, name, connection)
    channel = str(payload.channel)
    if channel not in connection.channels:
        return [], state
    line = connection.line(name, payload.channel, config)
    events, now = utterance_ended(connection.channels[channel], line, payload.last_word_end)
    return events, with_connection(state, name, replace(connection, channels=connection.channels | {channel: now}))
