"""The end of a call: a terminal status after every entry, a grace period, close 1000 (§1, step 6)."""

import asyncio

import pytest
import websockets

from patience import PATIENCE_S
from tests.test_live_refusals import until


async def still_open(viewer):
    """The socket answers: whatever was to be sent before has been."""
    await viewer.send({"type": "ping"})
    await viewer.until("pong")


async def ticked(house, ticks=3):
    """The hub has looked at its ended calls, as it does four times a second."""
    for _ in range(ticks):
        house.hub.tick()
        await asyncio.sleep(0)


@pytest.mark.parametrize("word, status, reason", [("ended", "completed", None), ("no-answer", "failed", "no-answer")])
async def test_the_end_is_told_and_after_five_quiet_seconds_viewers_are_let_go(either_house, word, status, reason):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.end("CA1", word)
        told = await viewer.next()
        assert (told["type"], told["status"], told["metadata"]["reason"]) == ("call_status", status, reason)
        assert told["metadata"]["ended_at"] is not None
        house.clock.advance(4.9)
        await ticked(house)
        await still_open(viewer)
        house.clock.advance(0.2)
        async with asyncio.timeout(1):
            assert await viewer.to_the_end() == 1000
        assert viewer.seen[-1]["type"] == "pong", "nothing is said before the Close"


async def test_a_late_final_restarts_the_grace_period(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.end("CA1")
        for n in (2, 3):
            house.clock.advance(4)
            await house.say("CA1", f"s{n}", "late")
            assert (await viewer.until("transcript"))["seq"] == n
            await ticked(house)
        house.clock.advance(4.5)
        await ticked(house)
        await still_open(viewer)
        house.clock.advance(0.6)
        assert await viewer.to_the_end() == 1000


async def test_the_grace_period_is_30_s_at_most_and_later_finals_are_stored_only(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.end("CA1")
        for n in range(2, 9):
            house.clock.advance(4)
            await house.say("CA1", f"s{n}", "late")
            await viewer.until("transcript")
            await ticked(house)
        await still_open(viewer)
        house.clock.advance(2.1)
        assert await viewer.to_the_end() == 1000
        assert viewer.seqs == list(range(1, 9))
    assert (await house.say("CA1", "s9", "much too late"))["accepted"][0]["seq"] == 9
    assert len(await house.get("/api/v1/calls/sid/CA1/transcripts")) == 9


async def test_who_joins_in_the_grace_period_gets_the_rest_of_it(house):
    await house.say("CA1", "s1", "Hello")
    await house.end("CA1")
    house.clock.advance(3)
    async with house.watch("CA1") as viewer:
        await viewer.history()
        assert viewer.seen[1]["status"] == "completed"
        await house.say("CA1", "s2", "late")
        assert (await viewer.until("transcript"))["seq"] == 2
        house.clock.advance(5.1)
        assert await viewer.to_the_end() == 1000


async def test_who_joins_later_gets_the_history_and_close_1000(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    await house.say("CA1", "s2", "Bye")
    await house.end("CA1", "failed")
    house.clock.advance(5.1)
    async with house.watch("CA1") as viewer:
        async with asyncio.timeout(1):
            assert await viewer.to_the_end() == 1000
        kinds = [message["type"] for message in viewer.seen]
        assert kinds == ["connection_established", "call_status", *["transcript"] * 2, "history_complete"]
        assert viewer.seen[1]["status"] == "failed"
    await until(lambda: not house.hub._rooms and not house.hub._ending)


async def test_a_terminal_status_is_never_undone_nor_told_twice(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        for word in ("completed", "completed", "failed", "in-progress", "ringing", "busy"):
            await house.end("CA1", word)
        await house.say("CA1", "s2", "late")
        house.clock.advance(5.1)
        assert await viewer.to_the_end() == 1000
        statuses = [message["status"] for message in viewer.seen if message["type"] == "call_status"]
        assert statuses == ["in-progress", "completed"]
    assert (await house.get("/api/v1/calls/sid/CA1"))["status"] == "completed"


async def test_the_terminal_status_comes_after_every_entry_however_fast_they_follow(either_house):
    house, said = either_house, 150
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer, house.produce() as producer:
        await viewer.history()
        for n in range(2, said + 1):
            data = {"segment_id": f"s{n}", "content": "word", "speaker": "user"}
            await producer.send({"type": "transcript", "call_sid": "CA1", "data": data})
        await producer.send({"type": "call_status", "id": "end", "call_sid": "CA1", "data": {"status": "completed"}})
        async with asyncio.timeout(PATIENCE_S):
            status = await viewer.until("call_status")
            assert status["status"] == "completed" and viewer.seqs == list(range(1, said + 1))
            while (await producer.until("ack"))["id"] != "end":
                pass


async def test_a_room_is_given_up_when_its_call_is_over_also_with_an_interim_open(house):
    await house.say("CA1", "s1", "Hello")
    await house.say("CA1", "s2", "and", is_final=False)
    await house.end("CA1")
    house.clock.advance(5.1)
    await ticked(house)
    assert not house.hub._rooms and not house.hub._ending


async def test_an_interim_without_viewers_does_not_keep_a_room_for_ever(house):
    await house.say("CA1", "s1", "and", is_final=False)
    assert house.hub._rooms
    house.clock.advance(31)
    await ticked(house)
    assert not house.hub._rooms


async def test_a_viewer_that_joins_while_the_call_ends_misses_neither_words_nor_end(house):
    await house.say("CA1", "s1", "Hello")

    async def watch():
        async with house.watch("CA1") as viewer:
            await viewer.history()
            while viewer.seqs[-1] < 3 or not any(m.get("status") == "completed" for m in viewer.seen):
                await viewer.next()
            return viewer.seqs

    async def end():
        await house.say("CA1", "s2", "Good")
        await house.end("CA1")
        await house.say("CA1", "s3", "bye")

    async with asyncio.timeout(PATIENCE_S):
        for all_seqs in await asyncio.gather(*(watch() for _ in range(8)), end()):
            assert all_seqs in ([1, 2, 3], None)


async def test_the_close_has_a_reason_and_the_client_sees_it_cleanly(house):
    await house.say("CA1", "s1", "Hello")
    await house.end("CA1")
    house.clock.advance(6)
    async with house.watch("CA1") as viewer:
        with pytest.raises(websockets.ConnectionClosedOK):
            while True:
                await viewer.next()
        assert (viewer.socket.close_code, viewer.socket.close_reason) == (1000, "call ended")
