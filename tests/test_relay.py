"""The contract of every relay: two hubs on one log, and those who watch at the other have each event once, in order."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest

from handlers.elsewhere import Elsewhere
from house import House, open_house
from hub.letters import Post, decode, encode
from patience import PATIENCE_S
from redis_server import running_redis


@asynccontextmanager
async def two(url: str, redis_url: str) -> AsyncIterator[tuple[House, House]]:
    async with (
        open_house(url, redis_url=redis_url) as one,
        open_house(url, clock=one.clock, redis_url=redis_url) as other,
    ):
        other.furniture = await one.furnish()
        yield one, other


@pytest.fixture(params=["store", "redis"])
def relay_url(request) -> str:
    """None: without Redis the store alone carries finals; both must keep the law."""
    return request.getfixturevalue("redis_url") if request.param == "redis" else ""


async def last(viewer, seq: int) -> list[int]:
    async with asyncio.timeout(PATIENCE_S):
        while seq not in viewer.seqs:
            await viewer.next()
    return viewer.seqs


async def until(condition) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


async def listening(house: House, channel: str = "call:1") -> None:
    """Until its node is told of what happens elsewhere: what passes before that is not in the store."""
    await until(lambda: channel in house.hub.relay.link.listening)


async def test_finals_of_both_nodes_reach_the_viewers_of_both_once_and_in_order(new_postgres_database, relay_url):
    async with two(new_postgres_database(), relay_url) as (one, other):
        await one.say("CA1", "s1", "words number 1")
        async with one.watch("CA1") as here, other.watch("CA1") as there:
            await here.history()
            await there.history()
            for number in range(2, 40):
                await (one, other)[number % 2].say("CA1", f"s{number}", f"words number {number}")
            await other.end("CA1")
            for viewer in (here, there):
                assert await last(viewer, 39) == list(range(1, 40))
                assert (await viewer.until("call_status"))["status"] == "completed"
            one.clock.advance(6)
            assert (await here.to_the_end(), await there.to_the_end()) == (1000, 1000)
            assert here.seqs == there.seqs == list(range(1, 40))


async def test_interims_travel_and_a_viewer_who_comes_late_gets_the_open_one(new_postgres_database, redis_url):
    async with two(new_postgres_database(), redis_url) as (one, other):
        await one.say("CA1", "s1", "words number 1")
        async with other.watch("CA1") as viewer:
            await viewer.history()
            await listening(other)
            revisions = []
            for content in ("I", "I want", "I want to"):
                await one.say("CA1", "s2", content, is_final=False)
                async with asyncio.timeout(PATIENCE_S):
                    shown = await viewer.until("transcript")
                assert (shown["data"]["content"], shown["data"]["is_final"]) == (content, False)
                revisions.append(shown["data"]["revision"])
            assert revisions == sorted(set(revisions))
        async with other.watch("CA1") as late:
            await late.history()
            async with asyncio.timeout(PATIENCE_S):
                shown = await late.until("transcript")
            assert (shown["data"]["content"], shown["data"]["is_final"]) == ("I want to", False)
            await one.say("CA1", "s2", "I want to cancel")
            assert await last(late, 2) == [1, 2]


async def test_a_node_hears_of_what_is_watched_on_it_and_of_nothing_else(new_postgres_database, redis_url):
    async with two(new_postgres_database(), redis_url) as (one, other):
        heard, hear = [], other.hub.relay.link._hear

        def note(channel: str, post: Post) -> None:
            heard.append(channel)
            hear(channel, post)

        other.hub.relay.link._hear = note
        for call_sid in ("CA1", "CA2"):
            await one.say(call_sid, "s1", "words number 1")
        async with other.watch("CA1") as viewer:
            await viewer.history()
            await listening(other)
            for number in range(2, 9):
                await one.say("CA2", f"s{number}", f"words number {number}")
                await one.say("CA1", f"s{number}", f"words number {number}")
            await last(viewer, 8)
            await until(lambda: len([c for c in heard if c == "call:1"]) >= 7)
        assert {channel for channel in heard if not channel.startswith("node:")} == {"call:1"}
        await until(lambda: not any(c.startswith("call:") for c in other.hub.relay.link._wanted))


async def test_a_node_that_begins_to_hear_of_a_call_looks_at_that_call_only(
    new_postgres_database, redis_url, monkeypatch
):
    looked, look = [], Elsewhere.look

    async def seen(elsewhere: Elsewhere, call_ids, organization_ids) -> None:
        looked.append((list(call_ids), list(organization_ids)))
        await look(elsewhere, call_ids, organization_ids)

    monkeypatch.setattr(Elsewhere, "poll", lambda _: asyncio.sleep(0))
    monkeypatch.setattr(Elsewhere, "look", seen)
    async with two(new_postgres_database(), redis_url) as (one, _):
        for number in (1, 2, 3):
            await one.say(f"CA{number}", "s1", "words")
        async with one.watch("CA1"), one.watch("CA3"):
            await listening(one, "call:1")
            await listening(one, "call:3")
            looked.clear()
            async with one.watch("CA2"), one.websocket(f"/live-calls?token={one.key}"):
                await listening(one, "call:2")
                await listening(one, f"wall:{one.organization_id}")
    assert sorted(id_ for call_ids, _ in looked for id_ in call_ids) == [2]
    assert [id_ for _, organization_ids in looked for id_ in organization_ids] == [one.organization_id]


async def test_places_are_counted_over_both_nodes_and_come_free_at_once(new_postgres_database, redis_url):
    async with two(new_postgres_database(), redis_url) as (one, other):
        await one.say("CA1", "s1", "words number 1")
        tasks = [asyncio.create_task(stay(house)) for house in (one, other) for _ in range(8)]
        outcomes = [await task for task in tasks]
        inside = [watching for watching in outcomes if watching is not None]
        assert len(inside) == 10, "neither more nor less, however they come"
        assert len(one.hub._rooms[1].viewers) + len(other.hub._rooms[1].viewers) == 10
        await inside.pop().__aexit__(None, None, None)
        async with asyncio.timeout(PATIENCE_S):
            while (again := await stay(other)) is None:
                await asyncio.sleep(0.05)
        for watching in (again, *inside):
            await watching.__aexit__(None, None, None)


async def stay(house: House):
    """The open watch, or None where it was refused."""
    watching = house.watch("CA1")
    viewer = await watching.__aenter__()
    if (await viewer.next())["type"] == "connection_established":
        return watching
    assert viewer.seen[-1]["error"] == "connection_limit_exceeded"
    await watching.__aexit__(None, None, None)
    return None


async def test_a_client_that_comes_to_another_node_takes_its_place_with_it(new_postgres_database, redis_url):
    async with two(new_postgres_database(), redis_url) as (one, other):
        await one.say("CA1", "s1", "words number 1")
        async with one.watch("CA1", "&client=laptop") as before:
            await before.history()
            async with other.watch("CA1", "&client=laptop") as after:
                await after.history()
                async with asyncio.timeout(PATIENCE_S):
                    assert (await before.until("error"))["error"] == "connection_replaced"
                assert await one.hub.places._redis.zcard(one.hub.places._keys(1)[0]) == 1


async def test_who_watches_on_the_other_node_is_told_by_name(new_postgres_database, redis_url):
    async with two(new_postgres_database(), redis_url) as (one, other):
        await one.say("CA1", "s1", "words number 1")
        async with one.watch("CA1", "&company=1") as here:
            await here.history()
            async with other.watch("CA1") as there:
                await there.history()
                async with asyncio.timeout(PATIENCE_S):
                    while len((await here.until("company"))["viewers"]) != 2:
                        pass
                assert one.hub.viewers(1) == 2
            async with asyncio.timeout(PATIENCE_S):
                while len((await here.until("company"))["viewers"]) != 1:
                    pass


async def test_a_note_on_one_node_is_told_on_the_other(new_postgres_database, redis_url):
    async with two(new_postgres_database(), redis_url) as (one, other):
        await one.say("CA1", "s1", "words number 1")
        async with other.watch("CA1", "&company=1") as viewer:
            version = (await viewer.until("company"))["notes_version"]
            await viewer.history()
            await listening(other)
            one.hub.notes_changed(1)
            async with asyncio.timeout(PATIENCE_S):
                while (await viewer.until("company"))["notes_version"] == version:
                    pass


async def test_the_wall_of_one_node_hears_of_the_other_before_it_looks(new_postgres_database, redis_url, monkeypatch):
    monkeypatch.setattr(Elsewhere, "look", nothing)
    async with two(new_postgres_database(), redis_url) as (one, other):
        await one.say("CA1", "s1", "at first")
        async with other.websocket(f"/live-calls?token={other.key}") as socket:
            told: dict[str, dict] = {}

            async def see(call_sid: str, is_so) -> None:
                async with asyncio.timeout(PATIENCE_S):
                    while call_sid not in told or not is_so(told[call_sid]):
                        message = json.loads(await socket.recv())
                        told.update({row["call_sid"]: row for row in message.get("calls", ())})

            await see("CA1", lambda row: row["last"]["content"] == "at first")
            await listening(other, "wall:1")
            await until(lambda: one.hub.relay.link.listeners.is_heard("wall:1"))
            await one.say("CA1", "s2", "and th", is_final=False)
            await see("CA1", lambda row: row["last"]["content"] == "and th")
            await one.say("CA2", "s1", "a new one")
            await see("CA2", lambda row: row["last"]["content"] == "a new one")
            await one.end("CA1")
            await see("CA1", lambda row: row["status"] == "completed")


async def nothing(_elsewhere, _call_ids, _organization_ids) -> None:
    """In place of looking at the store."""


async def test_a_redis_that_refuses_connections_is_down_until_it_is_back(new_postgres_database, redis_server):
    with running_redis() as own:
        async with open_house(new_postgres_database(), redis_url=own.url) as house:
            await until(lambda: house.hub.relay.is_up)
            own.stop()
            await until(lambda: not house.hub.relay.is_up)
            for _ in range(100):  # while it is tried again several times
                assert not house.hub.relay.is_up
                await asyncio.sleep(0.01)
            own.start()
            await until(lambda: house.hub.relay.is_up)


def test_what_a_newer_node_adds_is_skipped():
    post = Post("n1", asks=[7])
    more = msgspec.msgpack.encode([*msgspec.msgpack.decode(encode(post)), {"something": "new"}])
    assert decode(more) == post
