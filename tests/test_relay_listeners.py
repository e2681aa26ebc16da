"""Unfinished words that no other node watches stay here; who begins to watch gets them, whatever befalls the line."""

import asyncio

import pytest

from house import House
from hub.redis_listeners import MOST, Listeners
from patience import PATIENCE_S
from redis_server import running_redis
from test_relay import listening, two, until


def known() -> Listeners:
    """Of whom `c` has nobody who listens."""
    listeners = Listeners()
    listeners.sending()
    listeners.answered("c", 0)
    assert not listeners.is_heard("c")
    return listeners


def test_a_channel_counts_as_heard_until_nobody_heard_what_was_sent():
    assert Listeners().is_heard("c")
    listeners = known()
    assert listeners.is_heard("d")
    listeners.sending()
    listeners.answered("c", 1)
    assert listeners.is_heard("c")


def test_who_asks_is_heard_also_by_what_was_sent_before_it_listened():
    listeners = known()
    listeners.sending()
    listeners.asked("c")
    listeners.answered("c", 0)
    assert listeners.is_heard("c")
    listeners.sending()
    listeners.answered("c", 0)
    assert not listeners.is_heard("c"), "what is sent later finds it out"


def test_after_a_gap_nothing_is_known_and_what_was_on_its_way_teaches_nothing():
    listeners = known()
    listeners.sending()
    listeners.missed()
    assert listeners.is_heard("c")
    listeners.answered("c", 0)
    listeners.asked("d")
    assert listeners.is_heard("c") and listeners.is_heard("d")


def test_no_more_is_known_than_there_is_room_for():
    listeners = Listeners()
    listeners.sending()
    for number in range(MOST + 1):
        listeners.answered(f"call:{number}", 0)
    assert listeners.is_heard("call:0") and not listeners.is_heard(f"call:{MOST}")


def unheard(house: House, call_id: int = 1):
    return lambda: not house.hub.relay.link.listeners.is_heard(f"call:{call_id}")


@pytest.fixture
def posted(monkeypatch):
    """Gets what a node posts on its calls' channels from now on."""

    def note(house: House) -> list[str]:
        link, channels = house.hub.relay.link, []
        post = link.post

        def noted(channel: str):
            if channel.startswith("call:"):
                channels.append(channel)
            return post(channel)

        monkeypatch.setattr(link, "post", noted)
        return channels

    return note


async def say(house: House, content: str) -> None:
    await house.say("CA1", "s2", content, is_final=False)


async def shown(viewer, content: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await viewer.until("transcript"))["data"]["content"] != content:
            pass


async def test_unfinished_words_leave_a_node_only_while_another_one_watches(new_postgres_database, redis_url, posted):
    async with two(new_postgres_database(), redis_url) as (one, other):
        await one.say("CA1", "s1", "words number 1")
        async with one.watch("CA1") as here:
            await here.history()
            await listening(one)
            await one.say("CA1", "s1b", "words number 2")
            await until(unheard(one))
            channels = posted(one)
            await say(one, "I")
            await shown(here, "I")
            assert channels == []
            async with other.watch("CA1") as there:
                await shown(there, "I")
                await say(one, "I want")
                await shown(there, "I want")
                assert "call:1" in channels
            await until(lambda: "call:1" not in other.hub.relay.link.listening)
            await say(one, "I want to")
            await until(unheard(one))
            await shown(here, "I want to")


async def test_what_a_wall_is_told_twice_a_second_leaves_a_node_only_while_another_one_has_it_open(
    new_postgres_database, redis_url, monkeypatch
):
    async with two(new_postgres_database(), redis_url) as (one, other):
        link, ticks = one.hub.relay.link, []
        await one.say("CA1", "s1", "words number 1")
        await until(lambda: not link.listeners.is_heard("wall:1"))
        post = link.post

        def noted(channel: str):
            ticks.extend([channel] if channel.startswith("wall:") else [])
            return post(channel)

        monkeypatch.setattr(link, "post", noted)
        await one.say("CA1", "s2", "and", is_final=False)
        await one.hub.relay._tick()
        assert ticks == []
        async with other.websocket(f"/live-calls?token={other.key}") as wall:
            await until(lambda: link.listeners.is_heard("wall:1"))
            await one.say("CA1", "s2", "and then", is_final=False)
            async with asyncio.timeout(PATIENCE_S):
                while "and then" not in await wall.recv():
                    pass
        assert "wall:1" in ticks


async def test_a_node_that_hears_much_begins_to_hear_more(new_postgres_database, redis_url):
    async with two(new_postgres_database(), redis_url) as (one, other):
        for call_sid in ("CA1", "CA2"):
            await one.say(call_sid, "s1", "words number 1")

        said = 0

        async def talk() -> None:
            nonlocal said
            while True:
                await say(one, f"on and on {said}")
                said += 1
                await asyncio.sleep(0.005)

        async with other.watch("CA1") as busy:
            await busy.history()
            await listening(other)
            talking = asyncio.create_task(talk())
            await shown(busy, "on and on 20")
            before = said
            async with other.watch("CA2") as viewer:
                await viewer.history()
                await listening(other, "call:2")
            assert said - before < 500, "not only once there was a pause"
            talking.cancel()


async def test_after_redis_was_away_who_watches_hears_them_again(new_postgres_database, redis_server):
    with running_redis() as own:
        async with two(new_postgres_database(), own.url) as (one, other):
            await one.say("CA1", "s1", "words number 1")
            await until(unheard(one))
            own.stop()
            await until(lambda: one.hub.relay.link.listeners.is_heard("call:1"))
            own.start()
            async with other.watch("CA1") as viewer:
                await listening(other)
                await until(lambda: not (one.hub.relay.link._is_away or other.hub.relay.link._is_away))
                for number in range(3):
                    await say(one, f"word {number}")
                    await shown(viewer, f"word {number}")
