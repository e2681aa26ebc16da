"""The loop as the streams of requests see it: the kernel is not told twice a request what it has been told before."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tornado.ioloop import IOLoop


class KeptReaders:
    """Stands in for `loop` as `io_loop` of IOStreams.

    A stream that has its request asks no more to hear of what else comes, and asks again once it has answered: two
    calls of the kernel, a tenth of a short request. Here its reader stays, and goes only where something really comes
    meanwhile: until it is wanted again the stream hears nothing, and nothing is read ahead.
    """

    def __init__(self, loop: IOLoop):
        self._loop = loop
        self._readers: set[int] = set()  # that the kernel was told to tell of
        self._unwanted: dict[int, int] = {}  # those of them that their streams don't want now, and what they want

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    def add_handler(self, fd: int, handler: Callable[[int, int], None], events: int) -> None:
        if events & IOLoop.READ:
            self._readers.add(fd)
        self._loop.add_handler(fd, partial(self._handle, handler), events)

    def update_handler(self, fd: int, events: int) -> None:
        if events & IOLoop.READ:
            self._readers.add(fd)
            self._unwanted.pop(fd, None)
        elif fd in self._readers:
            self._unwanted[fd] = events
            events |= IOLoop.READ
        self._loop.update_handler(fd, events)

    def remove_handler(self, fd: int) -> None:
        self._readers.discard(fd)
        self._unwanted.pop(fd, None)
        self._loop.remove_handler(fd)

    def _handle(self, handler: Callable[[int, int], None], fd: int, events: int) -> None:
        if events & IOLoop.READ and (wanted := self._unwanted.pop(fd, None)) is not None:
            self._readers.discard(fd)
            self._loop.update_handler(fd, wanted)
            events &= ~IOLoop.READ
            if not events:
                return
        handler(fd, events)
