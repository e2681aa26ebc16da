"""Every message of the viewer socket beside its example in the contract (§1): no field missing, renamed or retyped."""

import json
import re

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00\Z")
STATUS = {"type", "call_sid", "timestamp", "status", "metadata"}
METADATA = {
    *("assistant_id", "assistant_name", "call_type", "started_at", "ended_at", "duration"),
    *("to_phone_number", "customer_phone_number", "reason"),
}
DATA = {
    *("content", "speaker", "is_final", "confidence", "segment_start", "segment_end"),
    *("created_at", "segment_id", "revision", "language"),
}
SAID = {
    **{"content": "Hello, how can I help you?", "speaker": "assistant", "is_final": True, "confidence": 0.95},
    **{"segment_start": 5.2, "segment_end": 7.1, "created_at": "2026-02-02T02:40:05.123+00:00"},
    **{"segment_id": "a-17", "revision": 3, "language": "en-US"},
}


async def announced(house, **more):
    facts = {"call_sid": "CA1", "direction": "inbound", "from_number": "+15550001", "to_number": "+15550002"}
    answer = await house.fetch("POST", "/api/v1/calls", facts | {"assistant": "Front desk"} | more)
    assert answer.code == 201, answer.body
    return json.loads(answer.body)


def is_whole(value):
    return type(value) is int


async def test_connection_established_has_its_shape(house):
    await announced(house)
    async with house.watch("CA1") as viewer:
        hello = await viewer.next()
    assert TIME.match(hello.pop("timestamp"))
    assert hello == {
        "type": "connection_established",
        "call_sid": "CA1",
        "message": "Connected to live transcript stream",
        "epoch": house.services.epoch,
        "head_seq": 0,
        "recovered": True,
        "limits": {"connections_per_call": 10, "messages_per_second": 100},
    }
    assert isinstance(hello["epoch"], str) and hello["epoch"]


async def test_the_status_of_a_running_call_has_its_shape(either_house):
    house = either_house
    call = await announced(house, started_at="2026-02-02T02:40:00Z")  # the clock of a House starts there
    house.clock.advance(45)
    async with house.watch("CA1") as viewer:
        status = await viewer.until("call_status")
    assert set(status) == STATUS and TIME.match(status.pop("timestamp"))
    assert status == {
        "type": "call_status",
        "call_sid": "CA1",
        "status": "in-progress",
        "metadata": {
            **{"assistant_id": call["assistant_id"], "assistant_name": "Front desk", "call_type": "inbound"},
            **{"started_at": "2026-02-02T02:40:00.000+00:00", "ended_at": None, "duration": 45},
            **{"to_phone_number": "+15550002", "customer_phone_number": "+15550001", "reason": None},
        },
    }
    assert is_whole(status["metadata"]["assistant_id"]) and is_whole(status["metadata"]["duration"])


async def test_the_customer_of_an_outbound_call_is_who_was_called(house):
    await announced(house, direction="outbound")
    async with house.watch("CA1") as viewer:
        metadata = (await viewer.until("call_status"))["metadata"]
    assert (metadata["customer_phone_number"], metadata["to_phone_number"]) == ("+15550002", "+15550002")
    assert metadata["call_type"] == "outbound"


async def test_what_is_unknown_of_a_call_is_null(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        metadata = (await viewer.until("call_status"))["metadata"]
    assert set(metadata) == METADATA
    nulls = {name for name, value in metadata.items() if value is None}
    assert nulls == {"call_type", "ended_at", "to_phone_number", "customer_phone_number", "reason"}


async def test_a_call_that_never_began_has_failed_with_the_providers_word(house):
    await announced(house)
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.end("CA1", "busy")
        status = await viewer.until("call_status")
    assert set(status) == STATUS and set(status["metadata"]) == METADATA
    assert (status["status"], status["metadata"]["reason"]) == ("failed", "busy")
    assert TIME.match(status["metadata"]["ended_at"]) and is_whole(status["metadata"]["duration"])


async def test_words_before_the_answer_create_nothing(house):
    for word in ("queued", "initiated", "ringing"):
        answer = await house.fetch("POST", "/api/v1/calls/sid/CA1/status", {"status": word})
        assert answer.code in (200, 204)
    async with house.watch("CA1") as viewer:
        assert (await viewer.next())["error"] == "access_denied"


async def test_a_stored_transcript_has_its_shape_live_and_replayed(either_house):
    house = either_house
    await announced(house)
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.say("CA1", SAID["segment_id"], **{k: v for k, v in SAID.items() if k != "segment_id"})
        live = await viewer.until("transcript")
    async with house.watch("CA1") as viewer:
        replayed = await viewer.until("transcript")
    assert live.pop("replayed") is False and replayed.pop("replayed") is True
    assert live == replayed, "and the timestamp is when it was stored"
    assert TIME.match(live.pop("timestamp"))
    assert live == {"type": "transcript", "call_sid": "CA1", "seq": 1, "data": SAID}


async def test_a_transcript_of_which_little_is_known_has_nulls_and_what_the_server_counts(house):
    await announced(house)
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.say("CA1", "s1", "Hello")
        data = (await viewer.until("transcript"))["data"]
        assert TIME.match(data.pop("created_at"))
        nothing = dict.fromkeys(("confidence", "segment_start", "segment_end", "language"))
        assert data == nothing | {
            **{"content": "Hello", "speaker": "user", "is_final": True, "segment_id": "s1", "revision": 1}
        }
        await house.say("CA1", "s1", "Hello!", segment_start=1, segment_end=2, confidence=1)
        data = (await viewer.until("transcript"))["data"]
        assert [type(data[name]) for name in ("segment_start", "segment_end", "confidence")] == [float] * 3
        assert data["revision"] == 2


async def test_an_interim_has_the_shape_of_a_transcript_without_seq(house):
    await announced(house)
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.say("CA1", "s1", "Hel", is_final=False, confidence=0.5)
        interim = await viewer.until("transcript")
    assert set(interim) == {"type", "call_sid", "timestamp", "replayed", "data"}
    assert TIME.match(interim["timestamp"]) and interim["replayed"] is False
    assert set(interim["data"]) == DATA
    data = interim["data"]
    assert (data["is_final"], data["content"], data["confidence"], data["segment_id"]) == (False, "Hel", 0.5, "s1")
    assert is_whole(data["revision"]) and TIME.match(data["created_at"])


async def test_history_complete_and_pong_have_their_shapes(house):
    await announced(house)
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        complete = (await viewer.history())[-1]
        assert TIME.match(complete.pop("timestamp"))
        assert complete == {"type": "history_complete", "call_sid": "CA1", "through_seq": 1, "count": 1}
        await viewer.send({"type": "ping"})
        pong = await viewer.next()
        assert TIME.match(pong.pop("timestamp")) and pong == {"type": "pong"}


async def test_an_error_has_its_shape(house):
    async with house.watch("CA1") as viewer:
        denied = await viewer.next()
    assert TIME.match(denied.pop("timestamp"))
    assert denied == {
        **{"type": "error", "call_sid": "CA1", "error": "access_denied", "message": "Access denied to this call"},
        **{"retryable": True, "retry_after": 2},
    }
    await announced(house)
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await viewer.send("?")
        error = await viewer.next()
    assert set(error) == {"type", "call_sid", "timestamp", "error", "message", "retryable"}, "no retry_after to give"
    assert (error["call_sid"], error["retryable"]) == ("CA1", False)
