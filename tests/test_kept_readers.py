"""Streams for which the kernel is told less: they hear what they would have heard, and nothing is read ahead."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tornado.ioloop import IOLoop
from tornado.iostream import IOStream, StreamClosedError

from handlers.kept_readers import KeptReaders
from patience import PATIENCE_S


class Told:
    """The loop, and what it was told of readers."""

    def __init__(self):
        self.loop = IOLoop.current()
        self.readers: list[bool] = []

    def __getattr__(self, name):
        return getattr(self.loop, name)

    def _note(self, events: int) -> None:
        wants = bool(events & IOLoop.READ)
        if self.readers[-1:] != [wants]:
            self.readers.append(wants)

    def add_handler(self, fd: int, handler: Callable, events: int) -> None:
        self._note(events)
        self.loop.add_handler(fd, handler, events)

    def update_handler(self, fd: int, events: int) -> None:
        self._note(events)
        self.loop.update_handler(fd, events)


@contextmanager
def pair() -> Iterator[tuple[Told, IOStream, socket.socket]]:
    ours, theirs = socket.socketpair()
    told, stream = Told(), IOStream(ours)
    stream.io_loop = KeptReaders(told)
    with theirs:
        yield told, stream, theirs
        stream.close()


async def turns(n: int = 5) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


async def test_of_requests_one_after_the_other_the_kernel_is_told_once():
    with pair() as (told, stream, theirs):
        for _ in range(5):
            asked = stream.read_until(b"\n")
            theirs.send(b"head\nbody")
            assert await asked == b"head\n"
            await turns()
            assert await stream.read_bytes(4) == b"body"
            stream.set_close_callback(lambda: None)
            await stream.write(b"answer")
            assert theirs.recv(100) == b"answer"
        assert told.readers == [True]


async def test_what_comes_before_it_is_wanted_stays_with_the_kernel_until_it_is():
    with pair() as (told, stream, theirs):
        asked = stream.read_until(b"\n")
        theirs.send(b"head\nbody")
        assert await asked == b"head\n"
        await turns()
        theirs.send(b", and more")
        await turns()
        assert told.readers == [True, False], "the loop does not turn in vain"
        assert stream.socket.recv(100, socket.MSG_PEEK) == b", and more"
        assert await stream.read_bytes(14) == b"body, and more"
        assert told.readers == [True, False]
        asked = stream.read_bytes(3)
        theirs.send(b"new")
        assert await asked == b"new"
        assert told.readers == [True, False, True]


async def test_the_end_of_a_connection_is_noticed_all_the_same():
    with pair() as (_, stream, theirs):
        asked = stream.read_until(b"\n")
        theirs.send(b"head\nbody")
        assert await asked == b"head\n"
        await turns()
        assert await stream.read_bytes(4) == b"body"
        closed = asyncio.Event()
        stream.set_close_callback(closed.set)
        theirs.close()
        await asyncio.wait_for(closed.wait(), PATIENCE_S)
        with pytest.raises(StreamClosedError):
            await stream.read_bytes(1)


async def test_while_a_stream_writes_and_wants_nothing_it_still_hears_that_it_can_write():
    with pair() as (_, stream, theirs):
        asked = stream.read_until(b"\n")
        theirs.send(b"head\nbody")
        assert await asked == b"head\n"
        writing = stream.write(bytes(5 << 20))
        await turns()
        theirs.send(b"meanwhile")
        left = 5 << 20
        theirs.setblocking(False)
        async with asyncio.timeout(PATIENCE_S):
            while left:
                left -= len(await asyncio.get_running_loop().sock_recv(theirs, 1 << 20))
            await writing
        assert await stream.read_bytes(13) == b"bodymeanwhile"


async def test_the_loop_forgets_a_stream_that_is_closed():
    with pair() as (_, stream, theirs):
        asked = stream.read_until(b"\n")
        theirs.send(b"head\nbody")
        await asked
        await turns()
        readers = stream.io_loop
        stream.close()
        assert (readers._readers, readers._unwanted) == (set(), {})
