"""Limits of viewers (§3): places at a call, messages in a second, sizes, and what happens beyond them."""

import asyncio
import json
from itertools import pairwise

from handlers.message_limit import MessageLimit, Verdict
from house import open_house
from patience import PATIENCE_S
from tests.test_live_refusals import refused, until

FULL = ("connection_limit_exceeded", True, 1008)


async def places_taken(house, number):
    await until(lambda: house.hub.viewers(1) == number)


async def test_a_call_has_ten_viewers_and_a_freed_place_is_taken_again(house):
    await house.say("CA1", "s1", "Hello")
    path = f"/live-transcript/CA1?token={house.key}"
    sockets = [await house.websocket(path) for _ in range(10)]
    for socket in sockets:
        assert "connection_established" in await socket.recv()
    for _ in range(2):
        async with house.watch("CA1") as viewer:
            assert await refused(viewer.socket) == FULL
    await house.say("CA2", "s1", "elsewhere there is room")
    async with house.watch("CA2") as viewer:
        assert (await viewer.next())["type"] == "connection_established"
    await sockets.pop().close()
    await places_taken(house, 9)
    async with house.watch("CA1") as viewer:
        assert (await viewer.next())["type"] == "connection_established"
        async with house.watch("CA1") as another:
            assert await refused(another.socket) == FULL
    sockets.pop().transport.abort()  # a connection that is lost gives its place back, too
    await places_taken(house, 8)
    for socket in sockets:
        await socket.close()


async def test_of_many_that_come_at_once_ten_are_let_in(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")

    async def come():
        socket = await house.websocket(f"/live-transcript/CA1?token={house.key}")
        return socket, json.loads(await socket.recv())

    async with asyncio.timeout(PATIENCE_S):
        comers = await asyncio.gather(*(come() for _ in range(25)))
    words = [message.get("error", message["type"]) for _, message in comers]
    assert sorted(words) == ["connection_established"] * 10 + ["connection_limit_exceeded"] * 15
    assert house.hub.viewers(1) == 10
    await asyncio.gather(*(socket.close() for socket, _ in comers))


async def test_the_number_of_places_is_a_setting_and_is_told(sqlite_url):
    async with open_house(sqlite_url, viewers_per_call=1) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        async with house.watch("CA1") as viewer:
            assert (await viewer.next())["limits"] == {"connections_per_call": 1, "messages_per_second": 100}
            async with house.watch("CA1") as other:  # only now: of two at once, either may be first
                error, retryable, _ = await refused(other.socket)
                assert (error, retryable) == ("connection_limit_exceeded", True)


async def test_refused_viewers_take_no_place(house):
    await house.say("CA1", "s1", "Hello")
    for query in ("&after=x", "&client="):
        for _ in range(6):
            async with house.watch("CA1", query) as viewer:
                assert await viewer.to_the_end() == 1008
    assert not house.hub._rooms and not house.services.gate._inside


async def test_messages_beyond_the_limit_are_dropped_and_told_of_once_a_second(sqlite_url, monkeypatch):
    monkeypatch.setattr("handlers.services.Services.monotonic", staticmethod(lambda: 100.0))  # all in one second
    async with open_house(sqlite_url, messages_per_second=5) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        async with house.watch("CA1") as viewer:
            await viewer.history()
            for n in range(20):
                await viewer.send({"type": "ping", "id": n})
            for n in range(5):
                assert (await viewer.next())["id"] == n
            error = await viewer.next()
            assert (error["error"], error["retryable"], error["retry_after"]) == ("rate_limit_exceeded", True, 1)
            await house.say("CA1", "s2", "what the server sends is not limited")
            assert (await viewer.next())["seq"] == 2
            pong = await viewer.socket.ping()  # nor are the protocol's pings
            async with asyncio.timeout(1):
                await pong


async def test_who_floods_for_five_seconds_is_closed(sqlite_url, monkeypatch):
    """… and hears of it once a second. The seconds are the server's, so a fake clock makes them pass."""
    now = [100.0]
    monkeypatch.setattr("handlers.services.Services.monotonic", staticmethod(lambda: now[0]))
    async with open_house(sqlite_url, messages_per_second=3) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        async with house.watch("CA1") as viewer:
            await viewer.history()
            for second in range(4):
                now[0] = 100.0 + second
                for _ in range(10):
                    await viewer.send({"type": "ping"})
                assert [(await viewer.next())["type"] for _ in range(4)] == ["pong"] * 3 + ["error"]
            now[0] = 104.0
            for _ in range(10):
                await viewer.send({"type": "ping"})
            assert [(await viewer.next())["type"] for _ in range(3)] == ["pong"] * 3
            assert await refused(viewer.socket) == ("rate_limit_exceeded", False, 1008)
        await places_taken(house, 0)


def test_the_limit_holds_in_every_second_however_it_is_cut():
    limit = MessageLimit(100)
    taken = [at / 1000 for at in range(0, 5000, 3) if limit.judge(at / 1000) is Verdict.TAKEN]
    for start in taken:
        assert sum(start <= at < start + 1 for at in taken) <= 100
    assert len(taken) == 500, "and no less is let through"


def test_exactly_the_limit_is_never_too_much():
    limit = MessageLimit(8)
    assert {limit.judge(at / 8) for at in range(1000)} == {Verdict.TAKEN}


def test_who_pauses_between_offences_is_not_closed():
    limit = MessageLimit(1)
    verdicts = set()
    for burst in range(20):
        at = burst * 3.0
        assert limit.judge(at) is Verdict.TAKEN
        verdicts |= {limit.judge(at + n / 10) for n in range(1, 9)}
    assert verdicts == {Verdict.TOLD, Verdict.DROPPED}


def test_at_most_one_answer_a_second_and_the_fifth_second_closes():
    limit = MessageLimit(1)
    told = []
    for at in range(0, 6000, 10):
        verdict = limit.judge(at / 1000)
        if verdict is Verdict.TOLD:
            told.append(at / 1000)
        if verdict is Verdict.CLOSED:
            break
    assert len(told) == 4 and all(b - a >= 1 for a, b in pairwise(told))
    assert 3.9 < at / 1000 < 5.1


async def test_a_message_too_big_or_binary_closes_with_its_code(house):
    await house.say("CA1", "s1", "Hello")
    codes = {"x" * 4096: None, "é" * 2048: None, "x" * 4097: 1009, "é" * 2049: 1009, b"\x00": 1003, b"": 1003}
    for message, code in codes.items():
        async with house.watch("CA1") as viewer:
            await viewer.history()
            await viewer.socket.send(message)
            if code is None:
                assert (await viewer.next())["error"] == "invalid_message"
            else:
                assert await viewer.to_the_end() == code
    await places_taken(house, 0)


async def test_what_is_sent_before_the_admission_is_held_to_the_same_limits(sqlite_url):
    async with open_house(sqlite_url, messages_per_second=5) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        async with house.watch("CA1") as viewer:
            for n in range(20):
                await viewer.send({"type": "ping", "id": n})
            await viewer.until("error")
            assert len([message for message in viewer.seen if message["type"] == "pong"]) == 5
        async with house.watch("CA1") as viewer:
            await viewer.send("x" * 5000)
            assert await viewer.to_the_end() == 1009
