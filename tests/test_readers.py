"""The threads that answer questions: in order, each once, and none for whom nobody waits any more."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from models.readers import Readers
from patience import PATIENCE_S


@asynccontextmanager
async def reading(count: int = 1) -> AsyncIterator[Readers]:
    left = []
    readers = Readers(count, leave=lambda: left.append(threading.current_thread().name))
    readers.start()
    yield readers
    await asyncio.to_thread(readers.close)
    assert sorted(left) == [f"store-read_{n}" for n in range(count)]


async def test_answers_and_errors_are_the_asker_s_and_a_thread_outlives_them():
    async with reading() as readers, asyncio.timeout(PATIENCE_S):
        assert await readers.ask(lambda: 6 * 7) == 42
        with pytest.raises(ZeroDivisionError):
            await readers.ask(lambda: 1 / 0)
        with pytest.raises(SystemExit):
            await readers.ask(lambda: exit(3))
        assert await readers.ask(lambda: threading.current_thread().name) == "store-read_0"


async def test_what_is_asked_first_is_begun_first_and_what_nobody_waits_for_is_not():
    begun, go_on = [], threading.Event()
    async with reading() as readers, asyncio.timeout(PATIENCE_S):
        first = readers.ask(lambda: (begun.append(1), go_on.wait(PATIENCE_S)))
        second, third, fourth = (readers.ask(lambda n=n: begun.append(n)) for n in (2, 3, 4))
        third.cancel()
        go_on.set()
        await asyncio.gather(first, second, fourth)
    assert begun == [1, 2, 4]


async def test_who_stops_waiting_in_the_middle_harms_nobody():
    begun, go_on = threading.Event(), threading.Event()
    async with reading() as readers, asyncio.timeout(PATIENCE_S):
        asked = readers.ask(lambda: (begun.set(), go_on.wait(PATIENCE_S)))
        await asyncio.to_thread(begun.wait, PATIENCE_S)
        asked.cancel()
        go_on.set()
        assert await readers.ask(lambda: "the next") == "the next"


async def test_what_was_asked_is_answered_before_the_threads_end():
    async with reading(3) as readers:
        asked = [readers.ask(lambda n=n: n) for n in range(100)]
    async with asyncio.timeout(PATIENCE_S):
        assert await asyncio.gather(*asked) == list(range(100))
