"""What producers send: messages of the socket, and the bodies of REST."""

import json
from contextlib import suppress
from random import Random
from typing import Any

from msgspec.structs import replace

from events import Refused, Transcript, encode, transcript_data
from handlers.tickets_api import wanted_of
from sources import producer
from sources.limits import METADATA_BYTES
from tests.fuzz.event_laws import check_event, check_refusal, check_stored
from tests.fuzz.mutator import vary_bytes, vary_json
from tests.fuzz.target import Target, varied_by

CODES = {"invalid_json", "invalid_call_sid", "invalid_status", "invalid_field", "unknown_message_type"}
SAID = {
    **{"content": "Hello, how can I help you?", "speaker": "assistant", "is_final": True, "confidence": 0.95},
    **{"segment_start": 5.2, "segment_end": 7.1, "created_at": "2026-02-02T02:40:05.123+00:00"},
    **{"segment_id": "a-17", "revision": 3, "language": "en-US"},
}
CALL = {
    **{"call_sid": "CA1", "assistant": "Front desk", "direction": "inbound", "from_number": "+15550100"},
    **{"to_number": "+15550123", "provider": "twilio", "status": "in-progress"},
    **{"started_at": "2026-11-05T09:00:00Z", "metadata": {"order": {"lines": [1, 2.5, None]}}},
}
ENDED = {"status": "completed", "reason": "done", "duration": 15}


def _messages():
    for n, (kind, data) in enumerate({"call": CALL, "transcript": SAID, "call_status": ENDED}.items()):
        yield encode({"type": kind, "id": str(n), "call_sid": "CA1", "data": data})
        yield encode({"type": kind, "id": n, "call_sid": "CA1", "data": data})
    yield encode({"type": "transcript", "call_sid": "CA1", "data": SAID | {"is_final": False, "content": ""}})
    alternatives = [{"transcript": "Hello", "confidence": 0.95, "words": [{"word": "hello", "start": 1.0, "end": 1.4}]}]
    heard = {"type": "Results", "channel_index": [0, 2], "start": 1.0, "duration": 0.5, "is_final": True}
    data = heard | {"channel": {"alternatives": alternatives}, "metadata": {"request_id": "r-1"}}
    yield encode({"type": "deepgram", "id": 9, "call_sid": "CA1", "speaker": "user", "offset": 1.5, "data": data})


def _check_message(data: bytes) -> str:
    message = _outcome(data)
    with suppress(UnicodeDecodeError):
        assert _outcome(data.decode()) == message, "the bytes mean something else than their text"
    if isinstance(message, str):
        return message
    said = _read(data)
    assert (message.type, message.id, message.call_sid) == (said["type"], said.get("id"), said["call_sid"])
    labels = [check_event(event) for event in message.data]
    if message.type == "transcript":
        assert message.data[0].content == said["data"]["content"]
    check_stored(data, message.call_sid, list(message.data))
    return f"{message.type} {' '.join(labels)}"


def _read(data: bytes) -> Any:
    """As another parser does. What is ignored need not be UTF-8; a number may have more digits than Python takes."""
    return json.loads(data.decode(errors="replace"), parse_int=lambda digits: int(digits[:100]))


def _outcome(data: bytes | str) -> str | producer.Message:
    try:
        return producer.decode_message(data)
    except producer.RefusedMessage as refused:
        encode(refused.id)
        assert refused.id is None or type(refused.id) in (str, int)
        return check_refusal(refused, CODES)


def _check_transcripts(data: bytes) -> str:
    made: list[str] = []

    def new_id() -> str:
        made.append(f"s-{len(made)}")
        return made[-1]

    try:
        items, is_batch = producer.decode_transcripts(data, new_id)
    except Refused as refused:
        return check_refusal(refused, CODES)
    said = _read(data)
    assert is_batch == ("transcripts" in said)
    assert len(items) == (len(said["transcripts"]) if is_batch else 1) <= max(1, producer.BATCH)
    labels = []
    for item, given in zip(items, said["transcripts"] if is_batch else [said], strict=True):
        if isinstance(item, Refused):
            labels.append(check_refusal(item, CODES))
            continue
        labels.append(check_event(item))
        assert item.content == given["content"] and (item.segment_id == given.get("segment_id") or made)
        _check_that_it_comes_back(item)
    check_stored(data, "CA1", [item for item in items if isinstance(item, Transcript)])
    return " ".join(sorted(set(labels)))


def _check_that_it_comes_back(said: Transcript) -> None:
    """The `data` that viewers see is what producers send."""
    (again,), _ = producer.decode_transcripts(encode(transcript_data(said)), lambda: "")
    at = said.created_at and said.created_at // 1000 * 1000  # viewers see milliseconds
    assert replace(transcript_data(again), created_at=again.created_at) == replace(transcript_data(said), created_at=at)


def _check_bodies(data: bytes) -> str:
    labels = []
    for read in (producer.decode_call, producer.decode_status, producer.decode_metadata, producer.precedes_answer):
        try:
            said = read(data)
        except Refused as refused:
            labels.append(check_refusal(refused, CODES))
            continue
        if isinstance(said, tuple):
            call_sid, *events = said
            events = [event for event in events if event is not None]
            labels += [check_event(event) for event in events]
            check_stored(data, call_sid, events)
        elif isinstance(said, dict):
            assert len(encode(said)) <= METADATA_BYTES
            assert json.loads(encode(said)) == _read(data)["metadata"]
        elif said not in (None, True, False):
            labels.append(check_event(said))
    return " ".join(labels)


def _check_ticket(data: bytes) -> str:
    try:
        wanted = wanted_of(data)
    except Refused as refused:
        return check_refusal(refused, {"invalid_json"})
    encode([wanted.call_sid, wanted.feed])
    said = _read(data)
    assert (wanted.call_sid, wanted.feed) == (said.get("call_sid"), said.get("feed"))
    return f"{wanted.call_sid is None} {wanted.feed}"


def _beyond_the_batch(chance: Random, data: bytes) -> bytes:
    """Many of them, about as many as may come at once."""
    count = chance.choice((0, 1, 2, 3, producer.BATCH, producer.BATCH + 1) if chance.random() < 0.02 else (0, 1, 2, 3))
    return b'{"transcripts":[' + b",".join([data] * count) + b"]}"


_VARIED = varied_by(vary_json, vary_json, vary_json, vary_bytes)
TRANSCRIPTS = [
    encode(SAID),
    encode({"content": "Hi", "speaker": "user"}),
    encode({"transcripts": [SAID, SAID | {"content": "Hey", "revision": 4}, {"content": 1}, {}]}),
]
PRODUCERS = {
    "messages": Target(list(_messages()), _VARIED, _check_message),
    "transcripts": Target(
        TRANSCRIPTS, varied_by(vary_json, vary_json, vary_json, vary_bytes, _beyond_the_batch), _check_transcripts
    ),
    "tickets": Target([encode({"call_sid": "CA1"}), encode({"feed": "live-calls"})], _VARIED, _check_ticket),
    "bodies": Target([encode(CALL), encode(ENDED), encode(CALL | ENDED), encode(SAID)], _VARIED, _check_bodies),
}
