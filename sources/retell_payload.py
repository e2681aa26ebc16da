"""What Retell posts, parsed and bounded. Nothing of what it means.

Each message holds the whole call so far, twice (with and without tool calls), with the times of every word: only what
is read is decoded, and words' times stay JSON until they are asked for.

https://docs.retellai.com/features/webhook-overview
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from events import CALL_SID, Refused
from sources.json_payload import decoded, epoch_ms, number, read, refused, seconds, short, spoken, whole_seconds
from sources.limits import NUMBER_CHARS, UNREADABLE

ITEMS = 5_000  # of one call; four hours of one turn every three seconds
ROLES = ("agent", "user", "transfer_target")
NOT_A_CALL = "none"  # in place of an id: chats are posted to the same address
_NULL = msgspec.Raw(b"null")


class Item(msgspec.Struct, gc=False):
    """One turn of speech. `content` can be stored as it is; "" where there is nothing to say."""

    role: Any = None  # one of ROLES
    content: Any = None
    words: msgspec.Raw = _NULL


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Well-formed, and nothing to do."""

    call_sid: str
    account: str = ""  # Retell does not tell


class Told(Ignored, frozen=True, kw_only=True):
    """The call as it stands."""

    event: Literal["call_started", "transcript_updated", "call_ended", "call_analyzed"]
    alias: str | None = None  # Twilio's id of it
    direction: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    state: str = ""  # registered, not_connected, ongoing, ended, error
    reason: str | None = None
    started_at: int | None = None  # µs
    ended_at: int | None = None
    duration: int | None = None  # whole s
    items: tuple[Item, ...] = ()  # only speech; their places are their identity


class _Word(msgspec.Struct, gc=False):
    start: Any = None  # s of audio
    end: Any = None


class _Identifier(msgspec.Struct):
    twilio_call_sid: Any = None


class _Call(msgspec.Struct, kw_only=True):
    call_id: Any = None
    call_status: Any = None
    direction: Any = None
    from_number: Any = None
    to_number: Any = None
    telephony_identifier: Any = None
    start_timestamp: Any = None
    end_timestamp: Any = None
    duration_ms: Any = None
    disconnection_reason: Any = None
    transcript_object: list[Item] | None = None
    transcript_with_tool_calls: msgspec.Raw = _NULL


class _OddCall(_Call, kw_only=True):
    """One in which what should be turns of speech is something else."""

    transcript_object: msgspec.Raw = _NULL


class _Body(msgspec.Struct):
    event: Any = None
    call: _Call | None = None
    transcript_with_tool_calls: msgspec.Raw = _NULL  # of an update, beside the call


class _OddBody(msgspec.Struct):
    event: Any = None
    call: _OddCall | None = None
    transcript_with_tool_calls: msgspec.Raw = _NULL


_EVENTS = ("call_started", "transcript_updated", "call_ended", "call_analyzed")
_BODY = msgspec.json.Decoder(_Body)
_ODD_BODY = msgspec.json.Decoder(_OddBody)
_ITEMS = msgspec.json.Decoder(list[Item])
_RAW_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_ITEM = msgspec.json.Decoder(Item)
_WORDS = msgspec.json.Decoder(list[_Word])


def decode(body: bytes, content_type: str, query: Mapping[str, str]) -> Told | Ignored:
    """The parsed request, whatever its Content-Type says. Raises Refused("malformed_payload", …, field)."""
    try:
        given = read(body, _BODY)
    except Refused as fault:
        if not (fault.field or "").startswith("call.transcript_object"):
            raise
        given = read(body, _ODD_BODY)
    if not isinstance(given.event, str):
        raise refused("event", "must be the name of an event")
    if given.event not in _EVENTS:
        return Ignored(call_sid=_call_sid(given.call) or NOT_A_CALL)
    call = given.call
    call_sid = _call_sid(call)
    if call is None or call_sid is None:
        raise refused("call.call_id", "must be a call id")
    duration = number(call.duration_ms)
    lists = (call.transcript_object, call.transcript_with_tool_calls, given.transcript_with_tool_calls)
    return Told(
        call_sid=call_sid,
        event=given.event,
        alias=_alias(call.telephony_identifier),
        direction=call.direction if call.direction in ("inbound", "outbound") else None,
        from_number=short(call.from_number, NUMBER_CHARS),
        to_number=short(call.to_number, NUMBER_CHARS),
        state=call.call_status if isinstance(call.call_status, str) else "",
        reason=short(call.disconnection_reason, 128),
        started_at=epoch_ms(call.start_timestamp),
        ended_at=epoch_ms(call.end_timestamp),
        duration=None if duration is None else whole_seconds(duration / 1000),
        items=next(filter(None, map(_speech, lists)), ()),
    )


def word_times(item: Item) -> tuple[float | None, float | None]:
    """When its first word began and its last one ended, s from the answer; None where it does not tell."""
    try:
        words = _WORDS.decode(item.words) if item.words else []
    except UNREADABLE:
        return None, None
    start = next((at for word in words if (at := seconds(word.start)) is not None), None)
    end = next((at for word in reversed(words) if (at := seconds(word.end)) is not None), None)
    return start, end if start is None or end is None else max(start, end)


def _call_sid(call: _Call | None) -> str | None:
    given = call.call_id if call else None
    return given if isinstance(given, str) and CALL_SID.match(given) else None


def _alias(identifier: Any) -> str | None:
    given = identifier.get("twilio_call_sid") if isinstance(identifier, dict) else None
    return given if isinstance(given, str) and CALL_SID.match(given) else None


def _speech(items: list[Item] | msgspec.Raw | None) -> tuple[Item, ...]:
    """The turns of a list, without tool calls, key presses and whatever is none."""
    if not isinstance(items, list):
        items = _readable(items) if items else []
    heard = tuple(item for item in items if item.role in ROLES and isinstance(item.content, str))[:ITEMS]
    for item in heard:
        item.content = spoken(item.content)
    return heard


def _readable(items: msgspec.Raw) -> list[Item]:
    """The items that are any, of a list in which others may be."""
    try:
        return decoded(items, _ITEMS)
    except UNREADABLE:
        pass
    found = []
    try:
        for item in _RAW_ITEMS.decode(items):
            try:
                found.append(decoded(item, _ITEM))
            except UNREADABLE:
                continue
    except UNREADABLE:
        pass
    return found
