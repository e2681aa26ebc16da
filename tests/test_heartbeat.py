"""Who is silent or stuck is dropped, and nobody else."""

import asyncio

import pytest

from handlers.frames import PING, PONG, frame
from handlers.heartbeat import Heartbeat
from tests.peers import House, client_frame, clog


class Clock:
    """Time that stands still until it is told to move."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def tick(clock):
    """A function that lets a heartbeat's seconds pass."""

    def pass_(heartbeat, seconds):
        for _ in range(seconds):
            clock.now += 1
            heartbeat.tick()

    return pass_


async def test_each_connection_is_pinged_once_per_interval(clock, tick):
    async with House(clock=clock) as house, house.peer() as (peer, seat):
        heartbeat = Heartbeat(interval_s=5, clock=clock)
        heartbeat.add(seat.connection)
        for _ in range(3):
            tick(heartbeat, 5)
            clock.now += 0.5
            assert await peer.frame() == (PING, b"")
            await peer.send(client_frame(b"", PONG) + client_frame(b"pong"))
            await seat.heard.wait()
            seat.heard.clear()
            await peer.frame()
        assert seat.connection.is_open


async def test_who_says_nothing_after_a_ping_is_dropped_without_a_close(clock, tick):
    async with House(clock=clock) as house, house.peer() as (peer, seat):
        heartbeat = Heartbeat(clock=clock)
        heartbeat.add(seat.connection)
        tick(heartbeat, 35)
        assert not seat.connection.is_open
        assert {opcode for opcode, _ in await peer.frames()} == {PING}
        await seat.closed.wait()
        assert seat.closings == 1


async def test_any_sign_of_life_will_do(clock, tick):
    async with House(clock=clock) as house, house.peer() as (peer, seat):
        heartbeat = Heartbeat(interval_s=1, clock=clock)
        heartbeat.add(seat.connection)
        tick(heartbeat, 10)
        await peer.send(client_frame(b"hello"))
        await seat.heard.wait()
        tick(heartbeat, 10)
        assert seat.connection.is_open
        tick(heartbeat, 1)
        assert not seat.connection.is_open


async def test_silence_is_not_counted_while_bytes_are_unsent_but_a_standstill_is(clock, tick):
    async with House(clock=clock) as house, house.peer() as (_, seat):
        heartbeat = Heartbeat(interval_s=1, clock=clock)
        heartbeat.add(seat.connection)
        tick(heartbeat, 1)  # a ping that is never answered
        clog(seat.connection)
        tick(heartbeat, 29)
        assert seat.connection.is_open
        tick(heartbeat, 2)  # the first may still have seen progress
        assert not seat.connection.is_open


async def test_slow_progress_is_progress(clock, tick):
    async with House(clock=clock) as house, house.peer() as (peer, seat):
        connection = seat.connection
        clog(connection, 16 << 20)
        heartbeat = Heartbeat(clock=clock)
        heartbeat.add(connection)
        for _ in range(3):
            tick(heartbeat, 20)
            written = connection.written_bytes
            while connection.written_bytes == written:
                await peer.read()
            assert connection.unsent_bytes
        assert connection.is_open
        tick(heartbeat, 31)
        assert not connection.is_open


async def test_who_is_being_handled_is_not_silent(clock, tick):
    gate = asyncio.Event()

    async def slow(seat, message):
        await gate.wait()

    async with House(answer=slow, clock=clock) as house, house.peer() as (peer, seat):
        heartbeat = Heartbeat(clock=clock)
        heartbeat.add(seat.connection)
        await peer.send(client_frame(b"x"))
        await seat.heard.wait()
        tick(heartbeat, 100)
        assert seat.connection.is_open
        gate.set()


async def test_who_was_being_handled_when_pinged_has_its_time_to_answer_afterwards(clock, tick):
    gate = asyncio.Event()

    def slow(seat, message):
        return gate.wait() if message == "slow" else None

    async with House(answer=slow, clock=clock) as house, house.peer() as (peer, seat):
        heartbeat = Heartbeat(interval_s=1, clock=clock)
        heartbeat.add(seat.connection)
        await peer.send(client_frame(b"slow") + client_frame(b"next"))
        await seat.heard.wait()
        seat.heard.clear()
        tick(heartbeat, 5)
        gate.set()
        await seat.heard.wait()
        tick(heartbeat, 10)
        assert seat.connection.is_open
        tick(heartbeat, 1)
        assert not seat.connection.is_open


async def test_the_pings_of_many_are_spread_over_the_interval(clock, tick):
    class Counted:
        backlog, unsent_bytes, written_bytes, is_paused, last_heard, pings = None, 0, 0, False, float("inf"), 0

        def ping(self):
            self.pings += 1

    everyone = [Counted() for _ in range(1000)]
    heartbeat = Heartbeat(clock=clock)
    for each in everyone:
        heartbeat.add(each)
    done = 0
    for _ in range(25):
        tick(heartbeat, 1)
        now = sum(each.pings for each in everyone)
        assert now - done < 300
        done = now
    assert all(each.pings == 1 for each in everyone)


async def test_who_was_discarded_is_left_alone(clock, tick):
    async with House(clock=clock) as house, house.peer() as (_, seat):
        heartbeat = Heartbeat(clock=clock)
        heartbeat.add(seat.connection)
        heartbeat.discard(seat.connection)
        heartbeat.discard(seat.connection)
        clog(seat.connection)
        tick(heartbeat, 200)
        assert seat.connection.is_open


async def test_the_timer_ticks_until_it_is_stopped():
    async with House() as house, house.peer() as (peer, seat):
        heartbeat = Heartbeat(interval_s=0.01, timeout_s=0.05, tick_s=0.01)
        heartbeat.add(seat.connection)
        heartbeat.start()
        try:
            assert await peer.frame() == (PING, b"")
            await seat.closed.wait()
        finally:
            heartbeat.stop()
        seat.connection.send(frame(b"never"))
        assert {opcode for opcode, _ in await peer.frames()} == {PING}
