"""Threads that answer what is asked on the loop: an executor without the locks that cost it as much as a question."""

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any


class Readers:
    """So many threads. What is asked first is begun first; `leave` runs in each of them before it ends."""

    def __init__(self, count: int, leave: Callable[[], None]):
        self._questions: queue.SimpleQueue[tuple[asyncio.Future, Callable[[], Any]] | None] = queue.SimpleQueue()
        self._leave = leave
        self._threads = [
            threading.Thread(target=self._answer_all, name=f"store-read_{n}", daemon=True) for n in range(count)
        ]
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """On the loop on which there will be asked."""
        self._loop = asyncio.get_running_loop()
        for thread in self._threads:
            thread.start()

    def ask(self, work: Callable[[], Any]) -> asyncio.Future:
        """What `work` returns or raises; where nobody waits any more it is not begun."""
        future = self._loop.create_future()
        self._questions.put((future, work))
        return future

    def close(self) -> None:
        """Blocking: what was asked is answered, then the threads end."""
        for _ in self._threads:
            self._questions.put(None)
        for thread in self._threads:
            thread.join()

    def _answer_all(self) -> None:
        while (question := self._questions.get()) is not None:
            self._answer(*question)
            del question  # with its answer: the next may be long in coming
        self._leave()

    def _answer(self, future: asyncio.Future, work: Callable[[], Any]) -> None:
        if future.cancelled():
            return
        try:
            outcome = work(), None
        except BaseException as error:  # of whatever kind: it is the asker's
            outcome = None, error
        self._loop.call_soon_threadsafe(settle, future, *outcome)


def settle(future: asyncio.Future, result: Any, error: BaseException | None) -> None:
    """Give it the result, or the error if there is one, unless nobody waits any more."""
    if not future.done():
        future.set_result(result) if error is None else future.set_exception(error)
