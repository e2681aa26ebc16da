"""The viewer socket over real sockets: what a viewer receives, in which order, and what it may say (§1)."""

import asyncio

import pytest
import websockets

from house import open_house
from patience import PATIENCE_S
from tests.test_live_refusals import until

FIRST_FOUR = ["connection_established", "call_status", "transcript", "history_complete"]


def kinds(watcher):
    return [message["type"] for message in watcher.seen]


async def test_a_viewer_gets_confirmation_status_history_and_then_what_is_said(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    await house.say("CA1", "s2", "there")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        assert kinds(viewer) == ["connection_established", "call_status", *["transcript"] * 2, "history_complete"]
        assert [message["replayed"] for message in viewer.transcripts] == [True, True]
        await house.say("CA1", "s3", "again")
        said = await viewer.until("transcript")
        assert (said["seq"], said["replayed"], said["data"]["content"]) == (3, False, "again")


async def test_a_viewer_that_returns_misses_nothing(house):
    for seen in range(4):
        call_sid = f"CA{seen}"
        for n in (1, 2, 3):
            await house.say(call_sid, f"s{n}", f"word {n}")
        async with house.watch(call_sid, f"&after={seen}") as viewer:
            await viewer.history()
            await house.say(call_sid, "s4", "word 4")
            await viewer.until("transcript")
            assert viewer.seqs == list(range(seen + 1, 5))


async def test_a_call_without_words_has_an_empty_history(house):
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1"})
    async with house.watch("CA1") as viewer:
        await viewer.history()
        assert kinds(viewer) == ["connection_established", "call_status", "history_complete"]
        assert (viewer.seen[0]["head_seq"], viewer.seen[-1]["through_seq"], viewer.seen[-1]["count"]) == (0, 0, 0)


async def test_whoever_joins_while_a_call_is_fed_gets_all_of_it_once_and_in_order(either_house):
    """No gap and no repeat between history and live, whatever is published meanwhile; also over pages of 200."""
    house, said = either_house, 600
    async with house.produce() as producer:
        message = {"type": "transcript", "call_sid": "CA1"}
        await producer.send(message | {"data": {"segment_id": "s0", "content": "w", "speaker": "user"}})
        await producer.until("ack")

        async def feed():
            for n in range(1, said):
                await producer.send(message | {"data": {"segment_id": f"s{n}", "content": f"{n}", "speaker": "user"}})

        async def acks():
            while (await producer.next())["seq"] < said:
                pass

        async def follow():
            async with house.watch("CA1") as viewer:
                await viewer.until("history_complete")
                while viewer.seen[-1].get("seq", viewer.seen[-1].get("through_seq")) < said:
                    await viewer.next()
                return viewer

        async with asyncio.timeout(PATIENCE_S):
            _, _, *viewers = await asyncio.gather(feed(), acks(), *(follow() for _ in range(4)))
    for viewer in viewers:
        assert viewer.seqs == list(range(1, said + 1))
        complete = kinds(viewer).index("history_complete")
        before = [m for m in viewer.seen[:complete] if m["type"] == "transcript"]
        assert all(m["replayed"] for m in before) and len(before) == viewer.seen[complete]["count"]
        assert not any(m["replayed"] for m in viewer.seen[complete:] if m["type"] == "transcript")
        assert viewer.seen[complete]["through_seq"] == len(before) >= viewer.seen[0]["head_seq"]


async def test_a_viewer_of_one_call_hears_nothing_of_another(house):
    await house.say("CA1", "s1", "one")
    await house.say("CA2", "s1", "two")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.say("CA2", "s2", "other")
        await house.say("CA1", "s2", "ours")
        assert (await viewer.next())["data"]["content"] == "ours"
        assert {message["call_sid"] for message in viewer.seen} == {"CA1"}


async def test_a_ping_is_answered_and_its_id_comes_back_as_it_was(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await viewer.send({"type": "ping"})
        assert set(await viewer.next()) == {"type", "timestamp"}
        ids = ("a", 7, 2.5, None, "", {"a": [1]}, 10**30, "é\n", [[[]]])
        for id_ in ids:
            await viewer.send({"type": "ping", "id": id_, "more": 1})
            pong = await viewer.next()
            assert (pong["type"], pong["id"], set(pong)) == ("pong", id_, {"type", "timestamp", "id"})


async def test_a_status_is_told_on_request_as_it_is_now(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        house.clock.advance(12)
        await viewer.send({"type": "request_status"})
        status = await viewer.next()
        assert (status["type"], status["status"], status["metadata"]["duration"]) == ("call_status", "in-progress", 12)


async def test_a_status_on_request_has_the_facts_that_came_in_meanwhile(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        facts = {"call_sid": "CA1", "direction": "inbound", "from_number": "+15550001", "to_number": "+15550002"}
        await house.fetch("POST", "/api/v1/calls", facts)
        await viewer.send({"type": "request_status"})
        metadata = (await viewer.until("call_status"))["metadata"]
        assert (metadata["call_type"], metadata["customer_phone_number"]) == ("inbound", "+15550001")
        assert metadata["to_phone_number"] == "+15550002"


async def test_what_is_not_understood_is_said_and_the_connection_lives_on(house):
    await house.say("CA1", "s1", "Hello")
    unknown = ['{"type":"dance"}', "{}", '{"type":7}', '{"type":null}', '{"type":["ping"]}', '{"Type":"ping"}']
    invalid = ["", "ping", "[]", '[{"type":"ping"}]', "7", '"ping"', "null", '{"type":"ping"', "{'type':'ping'}"]
    invalid += ["[" * 4000, '{"a":' * 800, '{"type":"ping"}{"type":"ping"}', '{"type":"\\ud800"}', "NaN", "\x00"]
    async with house.watch("CA1") as viewer:
        await viewer.history()
        for word, texts in (("unknown_message_type", unknown), ("invalid_message", invalid)):
            for text in texts:
                await viewer.send(text)
                error = await viewer.next()
                assert (error["type"], error.get("error"), error.get("retryable")) == ("error", word, False), text
        await viewer.send({"type": "ping"})
        assert (await viewer.next())["type"] == "pong"


async def test_a_ping_of_any_depth_does_not_break_the_connection(sqlite_url):
    async with open_house(sqlite_url, messages_per_second=10_000) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        async with house.watch("CA1") as viewer:
            await viewer.history()
            for depth in (*range(1, 2000, 100), *range(850, 1000)):
                await viewer.send('{"type":"ping","id":' + "[" * depth + "]" * depth + "}")
                answer = await viewer.socket.recv()
                assert '"pong"' in answer or '"invalid_message"' in answer


async def test_messages_sent_before_the_admission_are_answered_after_it(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        for n in range(20):
            await viewer.send({"type": "ping", "id": n})
        pongs = [(await viewer.until("pong"))["id"] for _ in range(20)]
        assert pongs == list(range(20))
        if "history_complete" not in kinds(viewer):  # pings are answered during the history, too
            await viewer.until("history_complete")
        await viewer.send({"type": "request_status"})
        await viewer.until("call_status")
        assert viewer.seen[0]["type"] == "connection_established"
        assert [kind for kind in kinds(viewer) if kind != "pong"] == [*FIRST_FOUR, "call_status"]


async def test_a_viewer_that_closes_is_answered_with_its_own_code_and_is_gone(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        assert sum(len(room.viewers) for room in house.hub._rooms.values()) == 1
        await viewer.socket.close(1000)
        with pytest.raises(websockets.ConnectionClosedOK) as closed:
            await viewer.socket.recv()
        assert closed.value.rcvd.code == 1000
    await until(lambda: not house.hub._rooms)
    assert not house.services.gate._inside
