"""Whatever viewers do: a real server, and the machine of tests/viewer_machine.py on one call of it after the other."""

import asyncio
import logging
import os
import shutil
from contextlib import AsyncExitStack

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from command_line import complaints
from house import open_house
from tests.test_live_refusals import until
from tests.viewer_machine import PER_SECOND, PLACES, ViewerMachine

EXAMPLES, STEPS = int(os.environ.get("CALLBOARD_MACHINE_EXAMPLES", "20")), 30  # more of them: as long as you like
STRANGERS = {"attempts_per_address": 10**6, "failures_per_address": 10**6, "requests_per_key": 10**6}


class Lines(logging.Handler):
    """The lines of the log that should not be there."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record):
        self.lines += complaints(self.format(record))


@pytest.mark.timeout(430 if EXAMPLES <= 20 else 0)
def test_whatever_viewers_do_they_are_answered_by_the_book_and_nobody_else_notices(io_loop, sqlite_url, furniture):
    template, furnished = furniture
    shutil.copy(template, sqlite_url.removeprefix("sqlite:///"))
    stack, log, numbers = AsyncExitStack(), Lines(), iter(range(10**6))
    limits = {"messages_per_second": PER_SECOND, "viewers_per_call": PLACES} | STRANGERS

    async def enter():
        house = await stack.enter_async_context(open_house(sqlite_url, **limits))
        house.furniture = furnished
        house.writes_only = await house.make_key("ingest")
        return house

    logging.getLogger().addHandler(log)
    try:
        house = io_loop.run_sync(enter)
        idle = len(asyncio.all_tasks(io_loop.asyncio_loop))
        run_state_machine_as_test(
            lambda: ViewerMachine(io_loop, house, log.lines, next(numbers)),
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                suppress_health_check=list(HealthCheck),
            ),
        )
        io_loop.run_sync(
            lambda: until(lambda: len(asyncio.all_tasks()) <= idle + 1)
        )  # this one, and timers now and then
    finally:
        io_loop.run_sync(stack.aclose)
        logging.getLogger().removeHandler(log)
    assert not log.lines
