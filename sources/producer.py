"""What producers of their own send, REST bodies and messages of the `/ingest` socket, turned into events.

Every function raises events.Refused and nothing else: `invalid_json` (not JSON, or not an object), `invalid_call_sid`,
`invalid_status`, `invalid_field` with the field's name, `unknown_message_type`. Unknown fields are ignored.
"""

import re
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from events import CALL_SID, CallAnnounced, Event, Refused, Status, StatusReported, Transcript
from sources.deepgram_payload import decode_message as decode_deepgram
from sources.limits import UNREADABLE, content_fault, fault_of, instant, metadata_fault
from sources.producer_bodies import (
    BatchBody,
    CallBody,
    CallSidBody,
    Envelope,
    MetadataBody,
    StatusBody,
    TranscriptBody,
)
from sources.surrogates import lone_surrogate_field

DEEPGRAM = "deepgram"
BATCH = 500  # transcripts in one request: one commit of well under a second

# Words before the answer create nothing.
_STATUSES: dict[str, tuple[Status, str | None] | None] = {
    "queued": None,
    "initiated": None,
    "ringing": None,
    "in-progress": ("in-progress", None),
    "completed": ("completed", None),
    "ended": ("completed", None),
    "failed": ("failed", None),
    "busy": ("failed", "busy"),
    "no-answer": ("failed", "no-answer"),
    "canceled": ("failed", "canceled"),
    "cancelled": ("failed", "canceled"),
}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of the socket. `data`: what it says, in the order to store it; empty where it creates nothing."""

    type: Literal["call", "transcript", "call_status", "deepgram"]
    id: str | int | None  # for the ack; None: an interim is then not acknowledged
    call_sid: str
    data: tuple[Event, ...]
    payload: Any = None  # of Deepgram, whose adapter tells what it says; `data` is then empty


class RefusedMessage(Refused):
    """A message that cannot be taken, with its `id` if one could be read: the answer goes back under it."""

    def __init__(self, refused: Refused, id: str | int | None):
        super().__init__(refused.code, refused.message, refused.field)
        self.id = id


def decode_call(body: bytes) -> tuple[str, CallAnnounced, StatusReported | None]:
    """`{"call_sid":"CA1","direction":"inbound","status":"in-progress",…}` → its call_sid, what it says of the call,
    and of its state: None where it says nothing, or a word before the answer."""
    return check_call_sid(decode_body(body, CallSidBody).call_sid), *_call(body)


def precedes_answer(body: bytes | msgspec.Raw) -> bool:
    """Whether a call's body says that it is not answered yet (ringing …): it then creates nothing."""
    return _STATUSES.get(decode_body(body, CallBody).status, ()) is None


def decode_transcripts(body: bytes, new_id: Callable[[], str]) -> tuple[list[Transcript | Refused], bool]:
    """One transcript, or `{"transcripts":[…]}`: each item or why it was refused, in the order sent; True for a batch.

    A transcript without `segment_id` gets `new_id()`. Raises only for what makes the whole body unreadable.
    """
    batch = decode_body(body, BatchBody).transcripts
    if batch is msgspec.UNSET:
        return [_judged(body, new_id)], False
    if len(batch) > BATCH:
        raise _invalid("transcripts", f"must be at most {BATCH}")
    return [_judged(item, new_id) for item in batch], True


def decode_status(body: bytes) -> StatusReported | None:
    """`{"status":"busy"}` → StatusReported(status="failed", reason="busy"); None for a word before the answer.

    A `reason` of the producer's own goes before the word.
    """
    given = decode_body(body, StatusBody)
    return _reported(given.status, given.reason, given.duration)


def decode_metadata(body: bytes) -> dict[str, Any]:
    """`{"metadata":{…}}` → what to merge into a call's metadata, key by key."""
    return _metadata(decode_body(body, MetadataBody).metadata)


def decode_message(text: str | bytes) -> Message:
    """`{"type":"transcript","id":"7","call_sid":"CA1","data":{…}}` as Message. `segment_id` is required here, so that
    what is sent again after a reconnect is known. Raises RefusedMessage."""
    id = None
    try:
        envelope = decode_body(text, Envelope)
        id = _message_id(envelope.id)
        if envelope.type == DEEPGRAM:
            return Message(type=DEEPGRAM, id=id, call_sid=envelope.call_sid, data=(), payload=_deepgram(envelope))
        read = _READERS.get(envelope.type) if isinstance(envelope.type, str) else None
        if read is None:
            raise Refused("unknown_message_type", f"type must be one of {', '.join([*_READERS, DEEPGRAM])}", "type")
        call_sid = check_call_sid(envelope.call_sid)
        data = tuple(event for event in read(envelope.data) if event is not None)
    except Refused as refused:
        raise RefusedMessage(refused, id) from refused
    return Message(type=envelope.type, id=id, call_sid=call_sid, data=data)


def _deepgram(envelope: Envelope) -> Any:
    """What Deepgram's own message, in `data`, says of a call."""
    call_sid = check_call_sid(envelope.call_sid)
    try:
        return decode_deepgram(call_sid, bytes(envelope.data), speaker=envelope.speaker, offset=envelope.offset)
    except Refused as refused:
        raise Refused("invalid_field", refused.message, refused.field) from refused


def check_call_sid(call_sid: Any) -> str:
    """`call_sid` if it is one. Raises Refused("invalid_call_sid")."""
    if not isinstance(call_sid, str) or not CALL_SID.match(call_sid):
        raise Refused("invalid_call_sid", "call_sid must be 1 to 128 of A-Z a-z 0-9 _ . : -", "call_sid")
    return call_sid


def decode_body(body: bytes | str | msgspec.Raw, shape: type) -> Any:
    """A JSON object as a struct of this shape."""
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        what, path = fault_of(error)
        if name := re.match(r"Object missing required field `(\w+)`", what):
            raise _invalid(name[1], "is missing") from error
        if "matching regex" in what:
            what = "must not contain control characters"
        if not path:  # `$` itself, which has no field
            raise Refused("invalid_json", f"There must be a JSON object: {what}") from error
        raise _invalid(re.split(r"[.\[]", path)[0], what[:1].lower() + what[1:]) from error
    except UNREADABLE as error:
        if field := lone_surrogate_field(body if isinstance(body, str) else bytes(body)):
            raise _invalid(field, "must not contain lone surrogates") from error
        raise Refused("invalid_json", f"This is not JSON: {error}") from error


def _invalid(field: str, fault: str) -> Refused:
    return Refused("invalid_field", f"{field} {fault}", field)


def _message_id(id: Any) -> str | int | None:
    is_number = type(id) is int and abs(id) < 2**53  # what JavaScript keeps exactly
    if id is None or is_number or (isinstance(id, str) and len(id) <= 128):
        return id
    raise _invalid("id", "must be a text of at most 128 characters, or a whole number")


def _call(body: bytes | msgspec.Raw) -> tuple[CallAnnounced, StatusReported | None]:
    given = decode_body(body, CallBody)
    announced = CallAnnounced(
        assistant=given.assistant,
        direction=given.direction,
        from_number=given.from_number or None,
        to_number=given.to_number or None,
        provider=given.provider,
        alias=_alias(given.alias),
        started_at=_at("started_at", given.started_at),
        metadata=None if given.metadata is None else _metadata(given.metadata),
    )
    return announced, None if given.status is None else _reported(given.status)


def _alias(alias: str | None) -> str | None:
    if alias is not None and not CALL_SID.match(alias):
        raise _invalid("alias", "must be a call id: 1 to 128 of A-Z a-z 0-9 _ . : -")
    return alias


def _answered_call(data: msgspec.Raw) -> tuple[Event | None, ...]:
    said = _call(data)
    return () if precedes_answer(data) else said


def _judged(item: bytes | msgspec.Raw, new_id: Callable[[], str]) -> Transcript | Refused:
    try:
        return _transcript(item, new_id)
    except Refused as refused:
        return refused


def _transcript(item: bytes | msgspec.Raw, new_id: Callable[[], str] | None) -> Transcript:
    given = decode_body(item, TranscriptBody)
    if fault := content_fault(given.content):
        raise _invalid("content", fault)
    if given.segment_id is None and new_id is None:
        raise _invalid("segment_id", "is missing")
    return Transcript(
        segment_id=given.segment_id or new_id(),
        speaker=given.speaker,
        content=given.content,
        is_final=given.is_final,
        revision=given.revision,
        confidence=given.confidence,
        segment_start=given.segment_start,
        segment_end=given.segment_end,
        language=given.language or None,
        created_at=_at("created_at", given.created_at),
    )


def _reported(word: str, reason: str | None = None, duration: int | None = None) -> StatusReported | None:
    if word not in _STATUSES:
        raise Refused("invalid_status", f"status must be one of {', '.join(_STATUSES)}", "status")
    meant = _STATUSES[word]
    return meant and StatusReported(status=meant[0], reason=reason or meant[1], duration=duration)


def _at(field: str, text: str | None) -> int | None:
    try:
        return None if text is None else instant(text)
    except ValueError as error:
        raise _invalid(field, f"must be an RFC 3339 time: {error}") from error


def _metadata(metadata: dict[str, Any]) -> dict[str, Any]:
    if fault := metadata_fault(metadata):
        raise _invalid("metadata", fault)
    return metadata


_READERS: dict[str, Callable[[msgspec.Raw], tuple[Event | None, ...]]] = {
    "call": _answered_call,
    "transcript": lambda data: (_transcript(data, None),),
    "call_status": lambda data: (decode_status(data),),
}
