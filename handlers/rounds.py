"""What a server does again and again."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from inspect import isawaitable

from tornado.ioloop import PeriodicCallback

from events import Unavailable


def start_rounds(work: Callable[[], Awaitable[None] | None], every_ms: int) -> PeriodicCallback:
    """The timer, which goes on until its `stop()`. Rounds do not overlap. One for which the store is Unavailable is
    left out, and the next tries again: the store tells the log."""

    async def go_round() -> None:
        with suppress(Unavailable):
            if isawaitable(working := work()):
                await working

    timer = PeriodicCallback(go_round, every_ms)
    timer.start()
    return timer
