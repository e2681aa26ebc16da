"""What Vapi keeps of a call while it runs and reports at its end: who really said what, and when.

`artifact.messages`: `{role, message, time, endTime (ms epoch), secondsFromStart (s), duration, confidence}`, among them
prompts and tool calls. An item that cannot be read costs no other.
"""

from typing import Any

import msgspec

from events import SECOND, Speaker
from sources.json_payload import confidence, decoded, epoch_ms, seconds, spoken
from sources.limits import EARLIEST, LATEST, UNREADABLE

MESSAGES = 2_000  # of one call; two hours of one every three seconds
LONGEST_TURN_S = 100  # a greater duration is in ms
SPEAKERS: dict[str, Speaker] = {"user": "user", "customer": "user", "assistant": "assistant", "bot": "assistant"}
NONE = msgspec.Raw(b"null")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A turn of speech."""

    place: int  # in the list
    speaker: Speaker
    content: str  # can be stored
    confidence: float | None = None
    begun_at: int | None = None  # µs
    ended_at: int | None = None
    start: float | None = None  # s from the answer
    end: float | None = None


class _Said(msgspec.Struct, rename="camel", gc=False):
    role: Any = None
    message: Any = None
    time: Any = None
    end_time: Any = None
    seconds_from_start: Any = None
    duration: Any = None
    confidence: Any = None


class _Artifact(msgspec.Struct):
    messages: msgspec.Raw = NONE


_ARTIFACT = msgspec.json.Decoder(_Artifact | None)
_MESSAGES = msgspec.json.Decoder(list[msgspec.Raw] | None)
_ALL_SAID = msgspec.json.Decoder(list[_Said] | None)
_SAID = msgspec.json.Decoder(_Said)


def spoken_messages(artifact: msgspec.Raw, messages: msgspec.Raw = NONE) -> tuple[Message, ...]:
    """The turns of speech in an artifact; where it has none, in the list that older reports have beside it."""
    return tuple(_spoken(_read(artifact))) or tuple(_spoken(_read_list(messages)))


def call_start(artifact: msgspec.Raw) -> int | None:
    """The answer, µs, as every message tells it by its time of day and its offset; None where none does."""
    for said in _read(artifact):
        at, after = epoch_ms(said.time), seconds(said.seconds_from_start)
        if at is not None and after is not None:
            return max(EARLIEST, at - round(after * SECOND))
    return None


def _spoken(messages: list[_Said]) -> list[Message]:
    found = []
    for place, said in enumerate(messages):
        speaker = SPEAKERS.get(said.role) if isinstance(said.role, str) else None
        content = spoken(said.message) if isinstance(said.message, str) else ""
        if speaker is None or not content:
            continue
        begun_at, ended_at, start = epoch_ms(said.time), epoch_ms(said.end_time), seconds(said.seconds_from_start)
        if begun_at is not None and ended_at is not None:
            lasted = (ended_at - begun_at) / SECOND
        else:
            lasted = _duration(said.duration)
        if ended_at is None and begun_at is not None and lasted is not None:
            ended_at = min(LATEST - 1, begun_at + round(lasted * SECOND))
        message = Message(
            place=place,
            speaker=speaker,
            content=content,
            confidence=confidence(said.confidence),
            begun_at=begun_at,
            ended_at=ended_at,
            start=start,
            end=start if start is None or lasted is None else round(start + max(0, lasted), 6),
        )
        found.append(message)
    return found


def _duration(value: Any) -> float | None:
    """s. It is documented as seconds and sent as milliseconds; no turn takes so long, and no word is so short."""
    given = seconds(value)
    return given / 1000 if given is not None and given > LONGEST_TURN_S else given


def _read(artifact: msgspec.Raw) -> list[_Said]:
    try:
        given = _ARTIFACT.decode(artifact)
    except UNREADABLE:
        return []
    return _read_list(given.messages) if given else []


def _read_list(messages: msgspec.Raw) -> list[_Said]:
    try:
        return (decoded(messages, _ALL_SAID) or [])[:MESSAGES]
    except UNREADABLE:
        pass
    try:
        given = _MESSAGES.decode(messages) or []
    except UNREADABLE:
        return []
    found = []
    for message in given[:MESSAGES]:
        try:
            found.append(decoded(message, _SAID))
        except UNREADABLE:
            found.append(_Said())  # its place is taken
    return found
