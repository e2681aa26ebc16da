"""Places at a call while hundreds come at once and vanish in every way there is: counted exactly, never over ten."""

import asyncio
import json
import random
import socket
import struct
from contextlib import asynccontextmanager, suppress

import pytest

from handlers.frames import CLOSE, TEXT
from models import rights
from patience import PATIENCE_S
from tests.peers import HANDSHAKE, Peer, client_frame
from tests.test_live_refusals import until
from tests.test_under_fire_answers import half_a_minute

CALLS = ("CA1", "CA2", "CA3")
SEGMENTS = 300  # of history: more than one page
WAYS = ("stay", "stay", "same client", "rst", "fin", "close", "rst before the answer", "fin before it", "half a frame")


class Comer:
    """A client of one call. `is_in` from its first message until the server closes."""

    def __init__(self, house, call, way, number, key):
        self.house, self.call, self.way, self.key = house, call, way, key
        self.query = f"&client=c{number % 2}" if way == "same client" else ""
        self.sock = socket.socket()
        self.peer = Peer(self.sock)
        self.is_in = False
        self.reading: asyncio.Task | None = None

    async def come(self):
        self.sock.setblocking(False)
        port = int(self.house.url.rpartition(":")[2])
        await asyncio.get_running_loop().sock_connect(self.sock, ("127.0.0.1", port))
        path = f"/live-transcript/{self.call}?token={self.key}{self.query}"
        if "before" in self.way:
            lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in HANDSHAKE.items())]
            await self.peer.send("\r\n".join([*lines, "", ""]).encode())
        else:
            assert (await self.peer.request(HANDSHAKE, path.encode()))[0] == 101
            while (frame := await self.peer.frame())[0] != TEXT:  # a ping may come first
                pass
            self.is_in = json.loads(frame[1])["type"] == "connection_established"
        if self.way in ("stay", "same client"):
            self.reading = asyncio.ensure_future(self._read())
        elif self.way == "half a frame":
            await self.peer.send(client_frame(b"x" * 100)[:-50])
            self.reset()
        elif self.way == "close":
            await self.peer.send(client_frame((1000).to_bytes(2), CLOSE))
            await self._read()
        elif "rst" in self.way:
            self.reset()
        else:
            self.leave()

    async def _read(self):
        with suppress(OSError):
            await self.peer.frames()
        self.leave()

    def leave(self):
        self.is_in = False
        self.sock.close()

    def reset(self):
        if self.sock.fileno() != -1:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.leave()

    async def gone(self):
        if self.reading is not None:
            self.reading.cancel()
            await asyncio.gather(self.reading, return_exceptions=True)
        self.reset()


@asynccontextmanager
async def never_too_many(house):
    """In every turn of the loop no call has more viewers than it may, nor the hub others than the gate let in."""

    async def look():
        while True:
            assert all(len(room.viewers) <= 10 for room in house.hub._rooms.values())
            await asyncio.sleep(0)

    looking = asyncio.ensure_future(look())
    yield
    assert not looking.done()
    looking.cancel()


async def settled(house, comers):
    """Until the hub counts exactly those who are in."""
    house.clock.advance(1)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            await asyncio.sleep(0.01)
            truth = [sum(comer.is_in for comer in comers if comer.call == call) for call in CALLS]
            ids = [(await house.get(f"/api/v1/calls/sid/{call}"))["id"] for call in CALLS]
            if [house.hub.viewers(id_) for id_ in ids] == truth and not house.services.gate.arriving:
                return truth


async def spoken(house, call):
    said = [{"segment_id": f"s{n}", "content": f"word {n}", "speaker": "user"} for n in range(SEGMENTS)]
    answer = await house.fetch("POST", f"/api/v1/calls/sid/{call}/transcripts", {"transcripts": said})
    assert answer.code == 201


async def nothing_is_left(house):
    services = house.services
    await until(lambda: not (house.hub._rooms or house.hub.walls or services.gate._inside))
    await until(lambda: not (services.gate.arriving or services.gate._unchecked or len(services.heartbeat)))
    assert not house.hub._ending and not any(standstill.since for standstill in services.heartbeat._standstills)


@pytest.mark.parametrize("seed", range(2))
async def test_places_are_counted_exactly_while_hundreds_come_and_vanish(house, seed):
    chance = random.Random(seed)
    for call in CALLS:
        await spoken(house, call)
    key, stayed = await house.make_key("read"), []
    async with never_too_many(house):
        for turn in range(2):
            keys = [house.key, house.key, key]
            comers = [
                Comer(house, chance.choice(CALLS), chance.choice(WAYS), number, chance.choice(keys))
                for number in range(100)
            ]
            await asyncio.gather(*(comer.come() for comer in comers))
            stayed += [comer for comer in comers if comer.reading is not None]
            assert max(await settled(house, stayed)) <= 10
            if turn % 2:
                await house.store.write(rights.revoke_key, house.clock(), key)
                await house.services.gate.poll()
                await settled(house, stayed)
                assert not any(comer.is_in for comer in stayed if comer.key == key)
                key = await house.make_key("read")
            for comer in chance.sample(stayed, len(stayed) // 2):
                await comer.gone()
            await settled(house, stayed)
    await asyncio.gather(*(comer.gone() for comer in stayed))
    await nothing_is_left(house)


@pytest.mark.parametrize("way", ["gone", "reset", "leave"])
async def test_a_freed_place_is_taken_within_a_moment(house, way):
    await spoken(house, "CA1")
    ten = [Comer(house, "CA1", "stay", n, house.key) for n in range(10)]
    await asyncio.gather(*(comer.come() for comer in ten))
    assert all(comer.is_in for comer in ten)
    for _ in range(20):
        leaving = ten.pop(0)
        leaving.reading.cancel()
        await asyncio.gather(leaving.reading, return_exceptions=True)
        await leaving.gone() if way == "gone" else getattr(leaving, way)()
        async with asyncio.timeout(PATIENCE_S):
            while not ten[-1].is_in or len(ten) < 10:
                ten = [comer for comer in ten if comer.is_in]
                ten.append(Comer(house, "CA1", "stay", 0, house.key))
                await ten[-1].come()
    await asyncio.gather(*(comer.gone() for comer in ten))
    await nothing_is_left(house)


async def test_the_same_client_over_and_over_holds_one_place(house):
    await spoken(house, "CA1")
    async with never_too_many(house):
        comers = [Comer(house, "CA1", "same client", 0, house.key) for _ in range(150)]
        await asyncio.gather(*(comer.come() for comer in comers))
        await until(lambda: house.hub.viewers(1) == 1 == sum(comer.is_in for comer in comers))
    await asyncio.gather(*(comer.gone() for comer in comers))
    await nothing_is_left(house)


async def test_who_vanishes_without_a_word_is_found_out(house):
    """Half open: its machine is gone, so that nothing comes and nothing is refused."""
    await spoken(house, "CA1")
    silent = [Comer(house, "CA1", "stay", n, house.key) for n in range(10)]
    await asyncio.gather(*(comer.come() for comer in silent))
    for comer in silent:
        comer.reading.cancel()  # it answers no ping
    await until(lambda: len(house.services.gate._inside) == 10)
    await half_a_minute(house)
    await half_a_minute(house)
    await nothing_is_left(house)
    for comer in silent:
        await comer.gone()


async def test_a_failure_after_the_place_was_taken_gives_it_back(house, monkeypatch, caplog):
    await spoken(house, "CA1")

    def broken(*_):
        raise RuntimeError("out of order")

    places = ["hub.refresh", "services.gate.enter", "services.audit.note"]
    for name in places:
        owner, method = house, name
        while "." in method:
            first, _, method = method.partition(".")
            owner = getattr(owner, first)
        with monkeypatch.context() as patch:
            patch.setattr(owner, method, broken)
            async with house.watch("CA1") as viewer:
                assert await viewer.to_the_end() == 1011, name
        await nothing_is_left(house)
    assert caplog.text.count("RuntimeError: out of order") == len(places)


async def test_a_wall_that_cannot_be_loaded_is_taken_down(house, monkeypatch, caplog):
    def broken(*_):
        raise RuntimeError("out of order")

    monkeypatch.setattr("handlers.feed.wall", broken)
    for _ in range(3):
        async with house.websocket(f"/live-calls?token={house.key}") as socket:
            assert '"server_error"' in await socket.recv()
    await nothing_is_left(house)
    assert "out of order" in caplog.text
