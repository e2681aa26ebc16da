"""examples/callboard_producer.py where it is refused, told to wait, cancelled, or has nobody to send to."""

import asyncio
import logging
import re
import time

import pytest

from example_producer import NotTaken, Producer, behind_a_cutter, log, say, words
from hall import until
from log_reader import is_secret
from models import rights
from postgres import free_port
from strangers import stop_the_clock


@pytest.mark.parametrize("scopes", [None, ("read",)])
async def test_a_wrong_key_stops_it_for_good_and_is_not_logged(house, scopes, caplog):
    key = await house.make_key(*scopes) if scopes else "cb_abcdefgh_" + "x" * 32
    is_secret(key)
    caplog.set_level(logging.DEBUG)
    async with Producer(house.url, key) as producer:
        say(producer, 1)
        assert not await producer.drain()
        assert producer.stopped == ("access_denied" if scopes else "authentication_failed")
        with pytest.raises(NotTaken, match=producer.stopped):
            say(producer, 2)
    assert (await house.get("/api/v1/calls"))["total"] == 0
    told = [record.getMessage() for record in caplog.records if record.name.startswith("callboard_producer")]
    assert any(producer.stopped in line for line in told)
    assert not [line for line in told if key in line or "words" in line]


async def test_a_revoked_key_stops_it_and_it_tells_what_was_not_stored(house):
    key = await house.make_key("ingest")
    async with Producer(house.url, key) as producer:
        say(producer, 1)
        assert await producer.drain()
        await house.store.write(rights.revoke_key, house.clock(), key)
        await until(lambda: producer.stopped)
        assert (producer.stopped, await producer.drain()) == ("access_revoked", True)
    assert await log(house) == ["words 1"]


async def test_what_the_server_will_never_take_is_told_without_its_words_and_dropped(house, caplog):
    refused = []
    async with Producer(house.url, house.key, on_refused=refused.append) as producer:
        say(producer, 1)
        producer.transcript("CA1", "s2", "nobody", "secret words")
        producer.call("CA1", assistant="Nobody here")
        producer.transcript("CA1", "s3", "nobody", "secret words", is_final=False)
        producer.transcript("CA/1", "s4", "user", "secret words")
        say(producer, 5)
    assert await log(house) == words(1, 5)
    assert [(one["type"], one.get("segment_id"), one["error"], one["field"]) for one in refused] == [
        ("transcript", "s2", "invalid_field", "speaker"),
        ("call", None, "unknown_assistant", "assistant"),
        ("transcript", None, "invalid_field", "speaker"),
        ("transcript", "s4", "invalid_call_sid", "call_sid"),
    ]
    assert len(caplog.records) >= 4 and "secret" not in caplog.text + str(refused)


async def test_it_comes_back_no_sooner_than_it_is_told_to(open_furnished):
    async with open_furnished(requests_per_key=1) as house:
        clock = stop_the_clock(house)
        while (await house.fetch("GET", "/api/v1/calls")).code == 200:
            pass
        async with behind_a_cutter(house) as (cutter, producer):
            say(producer, 1)
            await until(lambda: b"rate_limit_exceeded" in cutter.heard)
            begun, asked_s = time.monotonic(), int(re.search(rb'"retry_after":(\d+)', cutter.heard)[1])
            clock.at += 60
            await until(lambda: cutter.visits == 2)
            assert time.monotonic() - begun > asked_s - 0.1 > 0.5
            assert await producer.drain() and producer.stopped is None


async def test_what_is_no_message_is_refused_at_once_and_nothing_of_it_is_kept():
    producer = Producer("http://127.0.0.1:9", "cb_none")
    for more in ({"confidence": float("nan")}, {"metadata": "x" * (1 << 20)}):
        with pytest.raises(ValueError):
            say(producer, 1, **more)
    assert producer.unacknowledged == 0 and producer._running is None
    assert await producer.close()
    with pytest.raises(NotTaken, match="closed"):
        say(producer, 1)


async def test_what_was_said_is_sent_also_where_the_program_is_cancelled(house):
    said = asyncio.Event()

    async def bot():
        async with Producer(house.url, house.key) as producer:
            say(producer, 1)
            said.set()
            await asyncio.Event().wait()

    running = asyncio.create_task(bot())
    await said.wait()
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled() and await log(house) == ["words 1"]


async def test_what_could_not_be_sent_in_time_is_given_up_and_counted(caplog):
    producer = Producer(f"http://127.0.0.1:{free_port()}", "cb_none")
    say(producer, 1)
    assert not await producer.close(0.2)
    assert producer.unacknowledged == 1 and "1 messages were not acknowledged" in caplog.text
