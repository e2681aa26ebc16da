"""The producer socket (§6): one connection for any number of calls, an ack for each message once it is stored."""

import asyncio
import json

from models import entries, rights
from patience import PATIENCE_S
from tests.test_live_refusals import refused


def transcript(id_, segment_id="s1", content="Hello", call_sid="CA1", **more):
    data = {"segment_id": segment_id, "content": content, "speaker": "user"} | more
    return {"type": "transcript", "call_sid": call_sid, "data": data} | ({} if id_ is None else {"id": id_})


async def told(producer, *messages):
    """The answers to these messages, one for each."""
    for message in messages:
        await producer.send(message)
    return [await producer.next() for _ in messages]


async def log(house, call_id=1):
    stored = await house.store.read(entries.after, call_id, 0, None)
    return [(e.transcript.segment_id, e.transcript.content) for e in stored]


async def test_what_is_acknowledged_is_stored_and_told_to_viewers(either_house):
    house = either_house
    async with house.produce() as producer:
        facts = {"direction": "inbound", "from_number": "+15550001", "assistant": "Front desk"}
        (ack,) = await told(producer, {"type": "call", "id": "c", "call_sid": "CA1", "data": facts})
        assert (ack["type"], ack["id"]) == ("ack", "c") and set(ack) == {"type", "id", "seq"}
        async with house.watch("CA1") as viewer:
            await viewer.history()
            assert await told(producer, transcript("t")) == [{"type": "ack", "id": "t", "seq": 1}]
            assert (await viewer.until("transcript"))["seq"] == 1
            ended = {"type": "call_status", "id": 7, "call_sid": "CA1", "data": {"status": "busy"}}
            assert (await told(producer, ended))[0]["id"] == 7
            status = await viewer.until("call_status")
            assert (status["status"], status["metadata"]["reason"]) == ("failed", "busy")
    call = await house.get("/api/v1/calls/sid/CA1")
    assert (call["status"], call["transcript_count"], call["customer_phone"]) == ("failed", 1, "+15550001")


async def test_an_ack_is_sent_only_after_the_commit(house):
    async with house.produce() as producer:
        for n in range(1, 6):
            (ack,) = await told(producer, transcript(n, f"s{n}"))
            assert len(await log(house)) == ack["seq"] == n


async def test_one_socket_feeds_many_calls_and_a_transcript_creates_an_unknown_one(either_house):
    house = either_house
    async with house.produce() as producer:
        messages = [transcript(f"{n}-{c}", f"s{n}", call_sid=f"CA{c}") for n in range(1, 4) for c in range(5)]
        acks = await told(producer, *messages)
    assert [ack["id"] for ack in acks] == [message["id"] for message in messages]
    assert [ack["seq"] for ack in acks] == [n for n in range(1, 4) for _ in range(5)]
    assert (await house.get("/api/v1/calls"))["total"] == 5


async def test_two_thousand_messages_may_be_sent_without_waiting(house):
    number = 2000
    async with house.produce() as producer, asyncio.timeout(PATIENCE_S):

        async def send():
            for n in range(1, number + 1):
                await producer.send(transcript(n, f"s{n}", f"word {n}"))

        sending = asyncio.ensure_future(send())
        acks = [await producer.next() for _ in range(number)]
        await sending
    assert acks == [{"type": "ack", "id": n, "seq": n} for n in range(1, number + 1)]
    assert len(await log(house)) == number


async def test_acks_and_errors_come_in_the_order_of_the_messages(house):
    messages = []
    for n in range(0, 300, 3):
        messages += [transcript(n, f"s{n}"), transcript(n + 1, None), transcript(n + 2, f"i{n}", is_final=False)]
    async with house.produce() as producer:
        answers = await told(producer, *messages)
    assert [answer["id"] for answer in answers] == list(range(300))
    assert [answer["type"] for answer in answers] == ["ack", "error", "ack"] * 100


async def test_interims_are_acknowledged_only_where_they_carry_an_id(house):
    async with house.produce() as producer:
        await producer.send(transcript(None, "s1", "H", is_final=False))
        await producer.send(transcript("i", "s1", "He", is_final=False))
        await producer.send(transcript(None, "s1", "Hel", is_final=False))
        await producer.send(transcript("f", "s1", "Hello"))
        assert (await producer.next())["id"] == "i"
        assert await producer.next() == {"type": "ack", "id": "f", "seq": 1}
        async with house.watch("CA1") as viewer:
            await viewer.history()
            await producer.send(transcript(None, "s2", "th", is_final=False))
            message = await viewer.until("transcript")
            assert (message["data"]["content"], "seq" in message) == ("th", False)


async def test_what_cannot_be_taken_is_an_error_with_its_id_and_the_socket_lives_on(house):
    wrong = [
        (transcript(1, None), "segment_id"),
        ({"type": "transcript", "id": 2, "call_sid": "CA1", "data": {"content": "x", "speaker": "user"}}, "segment_id"),
        (transcript(3, content="a\x00b"), "content"),
        (transcript(4, content="x" * 32769), "content"),
        (transcript(5, speaker="agent"), "speaker"),
        (transcript(6, call_sid="a/b"), "call_sid"),
        (transcript(7, call_sid=None), "call_sid"),
        (transcript(8, confidence=2), "confidence"),
        (transcript(9, revision=-1), "revision"),
        ({"type": "transcript", "id": 10, "call_sid": "CA1"}, None),
        ({"type": "transcript", "id": 11, "call_sid": "CA1", "data": []}, None),
        ({"type": "dance", "id": 12, "call_sid": "CA1", "data": {}}, None),
        ({"id": 13, "call_sid": "CA1", "data": {}}, None),
        ({"type": "call_status", "id": 14, "call_sid": "CA1", "data": {"status": "asleep"}}, "status"),
        ({"type": "call", "id": 15, "call_sid": "CA1", "data": {"assistant": "Nobody"}}, "assistant"),
        ({"type": "call", "id": 16, "call_sid": "CA1", "data": {"metadata": [1]}}, "metadata"),
    ]
    async with house.produce() as producer:
        for message, field in wrong:
            (error,) = await told(producer, message)
            assert (error["type"], error["id"], error["retryable"]) == ("error", message["id"], False), error
            assert isinstance(error["error"], str) and isinstance(error["message"], str)
            assert field is None or error["field"] == field, error
        for text in ("", "x", "[]", "7", "null", "[" * 100_000, '{"a":' * 50_000, '"\\ud800"'):
            (error,) = await told(producer, text)
            assert (error["type"], error["id"]) == ("error", None), text[:10]
        assert await told(producer, transcript("ok")) == [{"type": "ack", "id": "ok", "seq": 1}]
    assert await log(house) == [("s1", "Hello")]


async def test_a_revision_with_other_content_is_a_conflict(house):
    async with house.produce() as producer:
        acks = await told(producer, transcript(1, revision=1), transcript(2, content="Helo", revision=1))
        assert (acks[0]["seq"], acks[1]["type"], acks[1]["error"]) == (1, "error", "revision_conflict")
        assert (await told(producer, transcript(3, content="Helo", revision=2)))[0]["seq"] == 2


async def test_what_is_sent_again_after_a_lost_connection_is_stored_once(either_house):
    house = either_house
    messages = [transcript(n, f"s{n}", f"word {n}") for n in range(1, 301)]
    async with house.produce() as producer:
        for message in messages:
            await producer.send(message)
        await producer.next()
        producer.socket.transport.abort()
    async with house.produce() as producer, asyncio.timeout(PATIENCE_S):
        acks = await told(producer, *messages)
    assert sorted(ack["seq"] for ack in acks) == list(range(1, 301))
    assert len(await log(house)) == 300


async def test_a_repeat_is_acknowledged_with_the_seq_it_has(house):
    async with house.produce() as producer:
        seqs = [ack["seq"] for ack in await told(producer, transcript(1), transcript(2, "s2"), transcript(3))]
    assert seqs == [1, 2, 1]


async def test_a_frame_may_have_a_mebibyte_and_no_more(house):
    async with house.produce() as producer:
        message = json.dumps(transcript(1)) + " "
        await producer.send(message + " " * ((1 << 20) - len(message)))
        assert (await producer.next())["seq"] == 1
        await producer.send(message + " " * ((1 << 20) - len(message) + 1))
        assert await producer.to_the_end() == 1009
    async with house.produce() as producer:
        await producer.socket.send(b"{}")
        assert await producer.to_the_end() == 1003


async def test_only_a_key_with_the_scope_ingest_may_feed(either_house):
    house = either_house
    for scopes in (("read",), ("admin",), ("read", "admin")):
        async with house.produce(await house.make_key(*scopes)) as producer:
            assert await refused(producer.socket) == ("access_denied", False, 1008)
    for key in ("cb_x_y", "x"):
        async with house.produce(key) as producer:
            assert await refused(producer.socket) == ("authentication_failed", False, 1008)
    key = await house.make_key("ingest")
    async with house.websocket(f"/ingest?token={key}") as socket:
        await socket.send(json.dumps(transcript(1)))
        assert json.loads(await socket.recv())["type"] == "ack"
    async with house.websocket("/ingest", subprotocols=["callboard.v1", f"x-token-{key}"]) as socket:
        assert socket.subprotocol == "callboard.v1"
        await socket.send(json.dumps(transcript(2)))
        assert json.loads(await socket.recv())["seq"] == 1


async def test_a_producer_sends_at_once_also_before_it_is_let_in_and_nothing_of_a_stranger_is_stored(house):
    key = await house.make_key("read")
    for bad in (key, "x"):
        async with house.produce(bad) as producer:
            await producer.send(transcript(1))
            assert await refused(producer.socket) in [
                ("access_denied", False, 1008),
                ("authentication_failed", False, 1008),
            ]
    assert (await house.get("/api/v1/calls"))["total"] == 0


async def test_a_producer_whose_key_is_revoked_stores_no_more(house):
    key = await house.make_key("ingest")
    async with house.produce(key) as producer:
        await told(producer, transcript(1))
        await house.store.write(rights.revoke_key, house.clock(), key)
        async with asyncio.timeout(1):
            assert await refused(producer.socket) == ("access_revoked", False, 1008)


async def test_an_id_comes_back_as_it_was(house):
    ids = ["x" * 128, "", "é\n", 0, -5, 2**53 - 1]
    async with house.produce() as producer:
        answers = await told(producer, *(transcript(id_) for id_ in ids))
    assert [answer["id"] for answer in answers] == ids
