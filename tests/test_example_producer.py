"""examples/callboard_producer.py on servers that are killed, locked or cut off: what it keeps, and in which order."""

import asyncio
import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from example_producer import IN_FLIGHT, NotTaken, Producer, behind_a_cutter, log, say, words
from hall import until
from house import open_house
from models import database
from postgres import free_port
from tests.crash.log import furnish, log_by_sql
from tests.crash.server_process import ServerProcess


async def test_a_call_is_fed_from_its_facts_to_its_end(house):
    async with Producer(house.url, house.key) as producer:
        producer.call("CA1", direction="inbound", assistant="Front desk", metadata={"order": 7})
        say(producer, 1, confidence=0.9, segment_start=0.5, segment_end=1, language="en-GB")
        producer.transcript("CA1", "s1", "user", "Words, one", confidence=0.95)
        producer.status("CA1", "busy", duration=3)
        assert await producer.drain() and producer.unacknowledged == 0
        assert await log(house) == ["words 1", "Words, one"]
    call = await house.get("/api/v1/calls/sid/CA1")
    assert (call["status"], call["direction"], call["duration"]) == ("failed", "inbound", 3)


async def test_nothing_is_lost_or_doubled_or_out_of_order_when_the_server_is_killed(sqlite_url, tmp_path):
    server = ServerProcess(sqlite_url, free_port(), tmp_path / "server.log")
    key, _, _ = furnish(sqlite_url)
    await server.start()
    await server.is_up()
    number = 0
    async with Producer(server.url, key) as producer:
        for _ in range(3):
            for _ in range(200):
                number += 1
                say(producer, number, "CA1" if number % 2 else "CA2")
            await until(lambda: producer.unacknowledged < 190)  # some are stored, many are on their way
            await server.kill()
            number += 1
            say(producer, number, "CA1" if number % 2 else "CA2")  # nobody is there
            await server.start()
            await server.is_up()
        producer.status("CA1", "completed")
    stored = log_by_sql(sqlite_url)
    for call_sid, first in (("CA1", 1), ("CA2", 2)):
        assert [line.content for line in stored[call_sid]] == words(*range(first, number + 1, 2))
    assert await server.stop() == 0
    server.close()


async def test_nothing_is_lost_or_doubled_or_out_of_order_when_the_connection_is_cut(house):
    chance = random.Random(3)
    async with behind_a_cutter(house) as (cutter, producer):
        for number in range(1, 401):
            say(producer, number, is_final=False)
            say(producer, number)
            if number % 100 == 0:
                left = chance.randrange(1, 90)
                await until(lambda left=left: producer.unacknowledged <= left)
                cutter.cut()
        assert await producer.drain()
        assert cutter.visits >= 4
    assert await log(house) == words(*range(1, 401))


@pytest.fixture
def path(sqlite_url, furniture, monkeypatch):
    """A furnished database, for whose lock the server waits 0.2 s."""
    monkeypatch.setitem(database.SQLITE_PRAGMAS, "busy_timeout", 200)
    return Path(shutil.copy(furniture[0], sqlite_url.removeprefix("sqlite:///")))


async def test_what_the_server_cannot_store_just_now_is_sent_until_it_can(path, sqlite_url, furniture):
    async with open_house(sqlite_url) as house:
        house.furniture = furniture[1]
        async with behind_a_cutter(house) as (cutter, producer):
            say(producer, 1)
            await producer.drain()
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            producer.transcript("CA1", "s2", "user", "wrods 2")
            store = house.store
            await until(lambda: store._jobs.empty() and any(not waiting.done() for _, waiting in store._promised))
            say(producer, 2)  # while that one is being committed, alone
            producer.status("CA1", "completed")
            await until(lambda: b'"unavailable"' in cutter.heard)
            assert producer.unacknowledged == 3
            other.execute("ROLLBACK")  # what had been sent after it would be stored now
            other.close()
            assert await producer.drain()
        assert await log(house) == ["words 1", "wrods 2", "words 2"]
        assert (await house.get("/api/v1/calls/sid/CA1"))["status"] == "completed"


async def test_a_slow_server_holds_up_nobody_who_says_something(path, sqlite_url, furniture, monkeypatch):
    monkeypatch.setitem(database.SQLITE_PRAGMAS, "busy_timeout", 10_000)
    async with open_house(sqlite_url) as house:
        house.furniture = furniture[1]
        async with Producer(house.url, house.key) as producer:
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            for number in range(1, 1001):
                say(producer, number)  # which is no coroutine: there is nothing to wait for
                await asyncio.sleep(0)
            assert producer.unacknowledged == 1000 and len(producer._in_flight) <= IN_FLIGHT
            other.execute("ROLLBACK")
            other.close()
        assert await log(house) == words(*range(1, 1001))


async def test_a_full_buffer_drops_interims_first_and_then_takes_nothing_more(open_furnished, furniture):
    port = free_port()
    producer = Producer(f"http://127.0.0.1:{port}", furniture[1].key, limit=5)
    for number in (1, 2, 3):
        say(producer, number)
    say(producer, 4, is_final=False)
    say(producer, 5, is_final=False)
    say(producer, 6, is_final=False)  # instead of that of s4
    assert (producer.unacknowledged, producer.dropped_interims) == (3, 1)
    say(producer, 7)
    producer.status("CA1", "completed")  # and the others
    assert (producer.unacknowledged, producer.dropped_interims) == (5, 3)
    with pytest.raises(NotTaken):
        say(producer, 8)
    with pytest.raises(NotTaken):
        producer.status("CA2", "completed")
    say(producer, 9, is_final=False)
    assert (producer.unacknowledged, producer.dropped_interims) == (5, 4)
    await until(lambda: producer._failures)  # nobody is there yet
    async with open_furnished(port=port) as house:
        assert await producer.close()
        assert await log(house) == words(1, 2, 3, 7)
        assert (await house.get("/api/v1/calls/sid/CA1"))["status"] == "completed"


async def test_interims_are_sent_once_and_only_the_newest_of_each_segment(house):
    await house.say("CA1", "s0", "words 0")
    async with behind_a_cutter(house) as (cutter, producer), house.watch("CA1") as viewer:
        await viewer.history()

        def interim(segment, text):
            producer.transcript("CA1", segment, "user", text, is_final=False)

        interim("s1", "a")
        assert (await viewer.until("transcript"))["data"]["content"] == "a"
        cutter.cut()
        await until(lambda: producer._failures)  # until it knows, it goes on sending, and what it sends once is lost
        for text in ("a b", "a b c"):
            interim("s1", text)
        interim("s2", "x")
        interim("s3", "y")
        producer.transcript("CA1", "s2", "user", "x.")
        assert await producer.drain()
        producer.transcript("CA1", "s4", "user", "the end")
        while (await viewer.until("transcript"))["data"]["content"] != "the end":
            pass
    seen = [message["data"]["content"] for message in viewer.transcripts]
    assert seen == ["words 0", "a", "a b c", "y", "x.", "the end"] and producer.dropped_interims == 1
