"""What a server does again and again, also while its database is away."""

import asyncio
import logging

import pytest

from events import Unavailable
from handlers.rounds import start_rounds
from patience import PATIENCE_S


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_round_that_the_database_is_away_for_is_left_out_without_a_word(caplog, is_async):
    done, third = [], asyncio.Event()

    def work():
        done.append(len(done))
        if len(done) < 3:
            raise Unavailable("away")
        third.set()

    async def asynchronous():
        work()

    timer = start_rounds(asynchronous if is_async else work, 1)
    async with asyncio.timeout(PATIENCE_S):
        await third.wait()
    timer.stop()
    assert done[:3] == [0, 1, 2]
    assert not [record for record in caplog.records if record.levelno >= logging.INFO]
