"""What happens between reading the store and going live (§1, step 5), one moment after the other by hand."""

import asyncio

import pytest

from handlers import replay
from models import rights
from patience import PATIENCE_S
from tests.test_live_refusals import until


@pytest.fixture
def meanwhile(house, monkeypatch):
    """`meanwhile.append(work)`: `work` is done when the next page was read from the store, before it arrives."""
    read, works = house.store.read, []

    async def read_slowly(work, *args):
        result = await read(work, *args)
        if work in (replay.history_page, replay.missed_page) and works:
            await works.pop(0)()
        return result

    monkeypatch.setattr(house.store, "read", read_slowly)
    return works


async def test_a_final_stored_after_the_last_page_was_read_belongs_to_the_history(house, meanwhile):
    await house.say("CA1", "s1", "Hello")
    meanwhile += [lambda n=n: house.say("CA1", f"s{n}", "more") for n in (2, 3)]
    async with house.watch("CA1") as viewer, asyncio.timeout(PATIENCE_S):
        complete = (await viewer.history())[-1]
        assert (viewer.seqs, complete["count"], complete["through_seq"]) == ([1, 2, 3], 3, 3)
        assert viewer.seen[0]["head_seq"] == 1
        assert all(message["replayed"] for message in viewer.transcripts)


async def test_a_call_that_ends_during_the_replay_ends_after_it(house, meanwhile):
    await house.say("CA1", "s1", "Hello")

    async def end():
        await house.say("CA1", "s2", "Bye")
        await house.end("CA1")

    meanwhile.append(end)
    async with house.watch("CA1") as viewer, asyncio.timeout(PATIENCE_S):
        assert (await viewer.until("call_status"))["status"] == "in-progress"
        assert (await viewer.until("call_status"))["status"] == "completed"
        kinds = [message["type"] for message in viewer.seen[2:]]
        assert kinds == ["transcript", "transcript", "history_complete", "call_status"]
        house.clock.advance(6)
        assert await viewer.to_the_end() == 1000


async def test_a_grace_period_that_passes_during_the_replay_cuts_nothing_off(house, meanwhile):
    await house.say("CA1", "s1", "Hello")

    async def pass_by():
        await house.say("CA1", "s2", "Bye")
        await house.end("CA1")
        house.clock.advance(6)
        house.hub.tick()

    meanwhile.append(pass_by)
    async with house.watch("CA1") as viewer, asyncio.timeout(PATIENCE_S):
        assert await viewer.to_the_end() == 1000
        assert viewer.seqs == [1, 2]
        assert [m["status"] for m in viewer.seen if m["type"] == "call_status"] == ["in-progress", "completed"]


async def test_an_interim_said_during_the_replay_is_shown_after_it(house, meanwhile):
    await house.say("CA1", "s1", "Hello")
    meanwhile.append(lambda: house.say("CA1", "s2", "th", is_final=False))
    async with house.watch("CA1") as viewer, asyncio.timeout(PATIENCE_S):
        assert (await viewer.history())[-1]["count"] == 1
        assert (await viewer.next())["data"]["content"] == "th"


async def test_who_leaves_during_the_replay_leaves_nothing_behind(house, meanwhile, caplog):
    await house.say("CA1", "s1", "Hello")
    reached, left = asyncio.Event(), asyncio.Event()

    async def wait():
        reached.set()
        await left.wait()

    meanwhile.append(wait)
    async with house.watch("CA1"), asyncio.timeout(PATIENCE_S):
        await reached.wait()
    await until(lambda: not house.hub._rooms)
    left.set()
    assert not house.services.gate._inside
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_what_was_replayed_before_it_was_published_is_not_said_twice(house, monkeypatch):
    """Committed, and read by a joiner, a moment before the hub hears of it."""
    await house.say("CA1", "s1", "Hello")
    publish, held = house.hub.publish, []
    monkeypatch.setattr(house.hub, "publish", lambda *what: held.append(what))
    await house.say("CA1", "s2", "there")
    await house.end("CA1")
    async with house.watch("CA1") as viewer, asyncio.timeout(PATIENCE_S):
        await viewer.history()
        assert (viewer.seqs, viewer.seen[0]["head_seq"], viewer.seen[1]["status"]) == ([1, 2], 2, "completed")
        for what in held:
            publish(*what)
        monkeypatch.setattr(house.hub, "publish", publish)
        await house.say("CA1", "s3", "late")
        assert (await viewer.next())["seq"] == 3


async def test_a_viewer_that_hears_of_the_end_from_the_store_has_every_entry_before_it(house, monkeypatch):
    """A second viewer joins, and its look at the call tells the room what the hub was not yet told."""
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer, asyncio.timeout(PATIENCE_S):
        await viewer.history()
        publish, held = house.hub.publish, []
        monkeypatch.setattr(house.hub, "publish", lambda *what: held.append(what))
        await house.say("CA1", "s2", "Bye")
        await house.end("CA1")
        async with house.watch("CA1") as second:
            await second.history()
            assert (await viewer.until("call_status"))["status"] == "completed"
            assert viewer.seqs == [1, 2]
            for what in held:
                publish(*what)
            await viewer.send({"type": "ping"})
            assert (await viewer.next())["type"] == "pong", "nothing comes twice"
            assert second.seqs == [1, 2]


async def test_a_right_that_ends_during_the_replay_ends_it(house, meanwhile):
    await house.say("CA1", "s1", "Hello")
    key = await house.make_key("read")

    async def revoke():
        await house.store.write(rights.revoke_key, house.clock(), key)
        await house.services.gate.poll()

    meanwhile.append(revoke)
    async with house.watch("CA1", key=key) as viewer, asyncio.timeout(PATIENCE_S):
        assert await viewer.to_the_end() == 1008
        assert viewer.seen[-1]["error"] == "access_revoked"
        assert "transcript" not in [message["type"] for message in viewer.seen]
