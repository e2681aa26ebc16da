"""What Vapi posts, parsed and bounded. Nothing of what it means.

https://docs.vapi.ai/server-url/events
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from events import CALL_SID, CONTENT_BYTES, Speaker
from sources.json_payload import confidence, epoch_ms, read, refused, short, spoken, whole_seconds
from sources.limits import NUMBER_CHARS
from sources.vapi_artifact import NONE, SPEAKERS, Message, spoken_messages

NOT_A_CALL = "none"  # in place of an id: messages of chats and sessions are posted to the same address


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Well-formed, and nothing to do: a message that is not read, or comes before the answer."""

    call_sid: str
    account: str  # Vapi's organisation


class Told(Ignored, frozen=True, kw_only=True):
    """What every message tells of its call besides what it is about."""

    at: int | None = None  # µs, Vapi's
    alias: str | None = None  # the telephony provider's id of it
    direction: str | None = None
    from_number: str | None = None
    to_number: str | None = None


class Answered(Told, frozen=True, kw_only=True):
    is_first: bool  # in-progress; else forwarding, which proves that it was


class Ended(Told, frozen=True, kw_only=True):
    reason: str | None = None
    ended_at: int | None = None  # µs
    duration: int | None = None  # whole s


class Speech(Told, frozen=True, kw_only=True):
    speaker: Speaker
    is_final: bool
    content: str
    confidence: float | None = None
    artifact: msgspec.Raw = NONE  # with what was said so far


class Turn(Told, frozen=True, kw_only=True):
    """Someone began to speak, or stopped."""

    speaker: Speaker
    is_begun: bool


class Report(Ended, frozen=True, kw_only=True):
    """What was really said; comes seconds after the end."""

    started_at: int | None = None  # µs
    messages: tuple[Message, ...] = ()


class _Call(msgspec.Struct, rename="camel"):
    id: Any = None
    org_id: Any = None
    type: Any = None
    phone_call_provider_id: Any = None
    customer: Any = None
    phone_number: Any = None


class _Message(msgspec.Struct, rename="camel"):
    type: Any = None
    timestamp: Any = None
    call: _Call | None = None
    customer: Any = None
    phone_number: Any = None
    role: Any = None
    transcript_type: Any = None
    transcript: Any = None
    confidence: Any = None
    status: Any = None
    ended_reason: Any = None
    started_at: Any = None
    ended_at: Any = None
    duration_seconds: Any = None
    artifact: msgspec.Raw = NONE
    messages: msgspec.Raw = NONE  # where older reports have them


class _Body(msgspec.Struct):
    message: _Message


_BODY = msgspec.json.Decoder(_Body)


def decode(body: bytes, content_type: str, query: Mapping[str, str]) -> Ignored:
    """The parsed request, whatever its Content-Type says: Ignored or one of its kinds here.

    Raises Refused("malformed_payload", …, field) with the field's path as Vapi names it.
    """
    given: _Message = read(body, _BODY).message
    if not isinstance(given.type, str):
        raise refused("message.type", "must be the name of a message")
    name, _, filter_ = given.type.partition("[")  # `transcript[transcriptType="final"]` is sent as it was asked for
    call = given.call or _Call()
    call_sid = call.id if isinstance(call.id, str) and CALL_SID.match(call.id) else None
    if name not in _READERS:
        return Ignored(call_sid=call_sid or NOT_A_CALL, account=short(call.org_id, 128) or "")
    if call_sid is None:
        raise refused("message.call.id", "must be a call id")
    return _READERS[name](given, _whose(given, call, call_sid), filter_)


def _whose(given: _Message, call: _Call, call_sid: str) -> dict[str, Any]:
    customer = _number(given.customer) or _number(call.customer)
    platform = _number(given.phone_number) or _number(call.phone_number)
    kind = call.type if isinstance(call.type, str) else ""
    direction = next((way for way in ("inbound", "outbound") if kind.startswith(way)), None)
    alias = call.phone_call_provider_id
    is_alias = isinstance(alias, str) and alias != call_sid and CALL_SID.match(alias)
    return {
        "call_sid": call_sid,
        "account": short(call.org_id, 128) or "",
        "at": epoch_ms(given.timestamp),
        "alias": alias if is_alias else None,
        "direction": direction,
        "from_number": platform if direction == "outbound" else customer,
        "to_number": customer if direction == "outbound" else platform,
    }


def _number(of: Any) -> str | None:
    if not isinstance(of, dict):
        return None
    return short(of.get("number"), NUMBER_CHARS) or short(of.get("sipUri"), NUMBER_CHARS)


def _status(given: _Message, whose: dict[str, Any], filter_: str) -> Ignored:
    match given.status:
        case "in-progress" | "forwarding":
            return Answered(is_first=given.status == "in-progress", **whose)
        case "ended":
            return Ended(reason=short(given.ended_reason, 128), **whose)
    return Ignored(call_sid=whose["call_sid"], account=whose["account"])


def _speech(given: _Message, whose: dict[str, Any], filter_: str) -> Ignored:
    speaker = _speaker(given.role)
    if speaker is None:
        return Ignored(call_sid=whose["call_sid"], account=whose["account"])
    kind = given.transcript_type
    if kind is None:
        kind = next((word for word in ("final", "partial") if word in filter_), None)
    if kind not in ("partial", "final"):
        raise refused("message.transcriptType", "must be partial or final")
    if not isinstance(given.transcript, str):
        raise refused("message.transcript", "must be a text")
    if len(given.transcript.encode()) > CONTENT_BYTES:
        raise refused("message.transcript", f"must not be longer than {CONTENT_BYTES} bytes in UTF-8")
    return Speech(
        speaker=speaker,
        is_final=kind == "final",
        content=spoken(given.transcript),  # already filtered, where it is; what was not is in `originalTranscript`
        confidence=confidence(given.confidence) if kind == "final" else None,
        artifact=given.artifact,
        **whose,
    )


def _turn(given: _Message, whose: dict[str, Any], filter_: str) -> Ignored:
    speaker = SPEAKERS.get(given.role) if isinstance(given.role, str) else None
    if speaker is None or given.status not in ("started", "stopped"):
        return Ignored(call_sid=whose["call_sid"], account=whose["account"])
    return Turn(speaker=speaker, is_begun=given.status == "started", **whose)


def _speaker(role: Any) -> Speaker | None:
    """None for a role that is no voice: system, tool …"""
    if not isinstance(role, str):
        raise refused("message.role", "must be user or assistant")
    return SPEAKERS.get(role)


def _report(given: _Message, whose: dict[str, Any], filter_: str) -> Report:
    return Report(
        reason=short(given.ended_reason, 128),
        started_at=epoch_ms(given.started_at),
        ended_at=epoch_ms(given.ended_at),
        duration=whole_seconds(given.duration_seconds),
        messages=spoken_messages(given.artifact, given.messages),
        **whose,
    )


_READERS = {"status-update": _status, "transcript": _speech, "speech-update": _turn, "end-of-call-report": _report}
