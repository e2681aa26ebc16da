"""Who begins a frame or a message and does not finish it is dropped in time, and nobody else."""

import asyncio

import pytest

from handlers.frames import CLOSE, CONTINUATION, PING
from handlers.heartbeat import Heartbeat
from tests.peers import House, client_frame
from tests.test_heartbeat import Clock


class Feeding:
    """A client that sends its bytes piece by piece, and the time that passes meanwhile."""

    def __init__(self, peer, seat, clock):
        self.peer, self.connection, self.clock = peer, seat.connection, clock
        self.begun_at = clock.now
        self.heartbeat = Heartbeat(interval_s=1000, timeout_s=1000, clock=clock)  # silence is not looked at here
        self.heartbeat.add(seat.connection)

    @property
    def passed_s(self):
        return self.clock.now - self.begun_at

    def wait(self, seconds):
        for _ in range(seconds):
            if self.connection.is_open:
                self.clock.now += 1
                self.heartbeat.tick()

    async def send(self, pieces, every_s):
        """Each piece is heard before the next seconds pass; none is sent once the connection is over."""
        for piece in pieces:
            if not self.connection.is_open:
                return
            before = self.connection.last_heard
            self.clock.now += 0.001
            await self.peer.send(piece)
            while self.connection.last_heard == before:
                await asyncio.sleep(0)
            self.wait(every_s)


@pytest.mark.parametrize(
    "whole",
    [client_frame(b"x" * 100), client_frame(b"x" * 200)[:7], client_frame(b"x" * 100, PING), client_frame(b"")[:5]],
    ids=["payload", "header", "ping", "empty"],
)
async def test_a_frame_that_comes_byte_by_byte_is_not_waited_for(whole):
    clock = Clock()
    async with House(clock=clock) as house, house.peer() as (peer, seat):
        feeding = Feeding(peer, seat, clock)
        pieces = [bytes([byte]) for byte in whole]
        await feeding.send(pieces[:-1], every_s=29 // len(pieces) or 1)
        feeding.wait(seconds=30)
        assert not seat.connection.is_open
        assert 29 < feeding.passed_s < 33
        assert all(opcode != CLOSE for opcode, _ in await peer.frames())


async def test_half_a_frame_is_waited_for_as_long_as_it_may_take_and_the_next_one_counts_anew():
    data = client_frame(b"x" * 50) * 4
    clock = Clock()
    async with House(clock=clock) as house, house.peer() as (peer, seat):
        feeding = Feeding(peer, seat, clock)
        await feeding.send([data[at : at + 40] for at in range(0, len(data), 40)], every_s=9)
        assert seat.connection.is_open
        assert seat.messages == ["x" * 50] * 4


async def test_a_message_in_fragments_that_is_never_finished_is_not_waited_for_whatever_comes_between():
    more = client_frame(b"x", CONTINUATION, fin=False)
    clock = Clock()
    async with House(clock=clock) as house, house.peer() as (peer, seat):
        feeding = Feeding(peer, seat, clock)
        await feeding.send([client_frame(b"", fin=False), *[more, client_frame(b"", PING)] * 9], every_s=5)
        assert not seat.connection.is_open
        assert 59 < feeding.passed_s < 66


async def test_fragments_that_come_in_time_are_fine_and_each_message_counts_anew():
    message = [client_frame(b"x", fin=False), client_frame(b"y", CONTINUATION)]
    clock = Clock()
    async with House(clock=clock) as house, house.peer() as (peer, seat):
        feeding = Feeding(peer, seat, clock)
        first, *rest = message * 4
        pieces = [first, *(a + b for a, b in zip(rest[::2], rest[1::2], strict=False)), rest[-1]]
        await feeding.send(pieces, every_s=24)  # always within one
        assert seat.connection.is_open
        assert seat.messages == ["xy"] * 4


async def test_the_time_that_we_take_for_a_message_is_not_held_against_the_next_one():
    gate = asyncio.Event()

    def slow(seat, message):
        return gate.wait() if message == "slow" else None

    clock = Clock()
    async with House(answer=slow, clock=clock) as house, house.peer() as (peer, seat):
        feeding = Feeding(peer, seat, clock)
        last = client_frame(b"last" * 10)
        await peer.send(client_frame(b"begun", fin=False))
        while seat.connection.message_begun is None:
            await asyncio.sleep(0)
        await peer.send(client_frame(b"", CONTINUATION) + client_frame(b"slow") + last[:20])
        while not seat.connection.is_paused:
            await asyncio.sleep(0)
        feeding.wait(100)
        gate.set()
        while seat.connection.frame_begun is None:
            await asyncio.sleep(0)
        feeding.wait(29)
        assert seat.connection.is_open
        await peer.send(last[20:])
        while len(seat.messages) < 3:
            await asyncio.sleep(0)
        feeding.wait(100)
        assert (seat.connection.is_open, seat.messages[2]) == (True, "last" * 10)
