"""What Telnyx posts, parsed and bounded: call events and live transcription. Nothing of what it means.

https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks
https://developers.telnyx.com/api-reference/callbacks/transcription
"""

import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import msgspec

from events import CALL_SID
from sources.json_payload import confidence, read, refused, short, spoken
from sources.limits import NUMBER_CHARS, instant

UNKNOWN = "unknown"  # the track of words that came without one
TRACKS = ("inbound", "outbound")
CALL_ID, CALL_IDS = "call_id", ("call_control_id", "call_session_id")  # which of them is the call's

_LEG = re.compile(r"[A-Za-z0-9_.:-]{1,64}\Z")  # a UUID; part of our segment ids
_NOBODYS = "-"  # call_sid of an event that tells of no call, and is ignored
_WORDS = {f"call.{word}": word for word in ("initiated", "answered", "bridged", "hangup")}
_BOOLS = {True: True, False: False, "true": True, "false": False, None: True}
_DIRECTIONS = {"incoming": "inbound", "inbound": "inbound", "outgoing": "outbound", "outbound": "outbound"}


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Signed, well-formed, and nothing to do."""

    call_sid: str
    account: str  # connection_id, the application


class CallEvent(Ignored, frozen=True, kw_only=True):
    word: str  # initiated, answered, bridged, hangup
    leg: str  # short, of its call_control_id, which is a leg's own
    at: int | None = None  # µs
    direction: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    cause: str | None = None  # hangup_cause


class Speech(Ignored, frozen=True, kw_only=True):
    leg: str
    leg_id: str  # call_leg_id
    track: str  # one of TRACKS, or UNKNOWN
    event_id: str  # short, the same for each attempt to deliver it
    is_final: bool
    content: str
    confidence: float | None = None  # finals only: interims carry 0.0
    at: int | None = None  # when the result was made

    @property
    def key(self) -> str:
        return f"{self.leg_id}:{self.track}"


Payload = Ignored | CallEvent | Speech


class _Heard(msgspec.Struct):
    transcript: Any = None
    is_final: Any = None
    confidence: Any = None
    transcription_track: Any = None


class _Facts(msgspec.Struct):
    call_control_id: Any = None
    call_session_id: Any = None
    call_leg_id: Any = None
    connection_id: Any = None
    direction: Any = None
    from_: Any = msgspec.field(default=None, name="from")
    to: Any = None
    hangup_cause: Any = None
    transcription_data: _Heard | None = None


class _Event(msgspec.Struct):
    event_type: Any = None
    id: Any = None
    occurred_at: Any = None
    created_at: Any = None  # what older pages call it
    payload: _Facts | None = None


class _Older(msgspec.Struct):
    event: _Event | str | None = None


class _Envelope(_Event):
    """`{"data": event, "meta": …}`. On older pages the event is the whole, its type in `name`, or in `metadata`."""

    data: _Event | None = None
    name: Any = None
    metadata: _Older | None = None


_decoder = msgspec.json.Decoder(_Envelope)


def decode(body: bytes, content_type: str, query: Mapping[str, str]) -> Payload:
    """The parsed request; with `call_id` `call_session_id` in `query` all legs of a session are one call.

    Raises Refused("malformed_payload", …, field) with the field as Telnyx calls it.
    """
    if "x-www-form-urlencoded" in content_type.lower():
        raise refused("Content-Type", "must be application/json: TeXML applications, which send forms, are not read")
    envelope = read(body, _decoder)
    event, name = _event(envelope)
    if not isinstance(name, str):
        raise refused("data.event_type", "is missing")
    name = name.replace("_", ".", 1) if name.startswith("call_") else name
    facts = event.payload or _Facts()
    if name not in _WORDS and name != "call.transcription":
        return Ignored(call_sid=_sid(facts, query) or _NOBODYS, account=short(facts.connection_id, 64) or "")
    call_sid = _sid(facts, query)
    if call_sid is None:
        raise refused(f"data.payload.{_id_field(query)}", "must be a call id")
    whose = {
        "call_sid": call_sid,
        "account": short(facts.connection_id, 64) or "",
        "leg": _digest(str(facts.call_control_id)),
        "at": _instant(event.occurred_at) or _instant(event.created_at),
    }
    if name == "call.transcription":
        return _speech(event, facts, whose)
    return CallEvent(
        word=_WORDS[name],
        direction=_DIRECTIONS.get(facts.direction) if isinstance(facts.direction, str) else None,
        from_number=short(facts.from_, NUMBER_CHARS),
        to_number=short(facts.to, NUMBER_CHARS),
        cause=short(facts.hangup_cause, 64),
        **whose,
    )


def _event(envelope: _Envelope) -> tuple[_Event, Any]:
    """The event and its type, wherever in the envelope they are."""
    older = envelope.metadata.event if envelope.metadata else None
    event = envelope.data or (older if isinstance(older, _Event) else envelope)
    names = (event.event_type, envelope.event_type, envelope.name, older)
    return event, next((name for name in names if isinstance(name, str)), None)


def _speech(event: _Event, facts: _Facts, whose: dict[str, Any]) -> Speech:
    heard = facts.transcription_data
    if heard is None or not isinstance(heard.transcript, str):
        raise refused("data.payload.transcription_data.transcript", "must be a text")
    is_final = _BOOLS.get(heard.is_final) if isinstance(heard.is_final, bool | str | None) else None
    if is_final is None:
        raise refused("data.payload.transcription_data.is_final", "must be true or false")
    given = heard.transcription_track
    track = next((track for track in TRACKS if isinstance(given, str) and given.lower().startswith(track)), UNKNOWN)
    content = spoken(heard.transcript)
    given_leg = facts.call_leg_id
    return Speech(
        leg_id=given_leg if isinstance(given_leg, str) and _LEG.match(given_leg) else whose["leg"],
        track=track,
        event_id=_digest(event.id if isinstance(event.id, str) else f"{whose['at']} {track} {is_final} {content}"),
        is_final=is_final,
        content=content,
        confidence=confidence(heard.confidence) if is_final else None,
        **whose,
    )


def _id_field(query: Mapping[str, str]) -> str:
    return CALL_IDS[query.get(CALL_ID) == CALL_IDS[1]]


def _sid(facts: _Facts, query: Mapping[str, str]) -> str | None:
    given = getattr(facts, _id_field(query))
    return given if isinstance(given, str) and CALL_SID.match(given) else None


def _digest(text: str) -> str:
    """60 bits of it: among the few hundred of a call no two are alike."""
    return urlsafe_b64encode(blake2b(text.encode(), digest_size=8).digest())[:10].decode()


def _instant(value: Any) -> int | None:
    """µs; None for what is no time. It is not refused: Telnyx would send it again, and its words would be lost."""
    try:
        return instant(value) if isinstance(value, str) else None
    except ValueError:
        return None
