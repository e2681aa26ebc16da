"""A viewer that does not read (§3): its finals stay in the store, it gets every one later, nobody waits for it."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from handlers.frames import CLOSE, TEXT
from patience import PATIENCE_S
from tests.peers import HANDSHAKE, client_frame, raw
from tests.test_live_refusals import until

MEBIBYTE = 1 << 20


@asynccontextmanager
async def sleeper(house, query=""):
    """A raw viewer whose kernel takes little and that reads only when told to; and its socket on the server."""
    port = int(house.url.rpartition(":")[2])
    before = set(house.services.gate._inside)
    async with raw(port) as peer:
        path = f"/live-transcript/CA1?token={house.key}{query}".encode()
        assert (await peer.request(HANDSHAKE, path))[0] == 101
        while json.loads((await peer.frame())[1])["type"] != "history_complete":
            pass
        (socket,) = house.services.gate._inside - before
        yield peer, socket


async def feed(house, first, last, size):
    """Finals of this size, `first` to `last`, and how much was unsent at most meanwhile."""
    most = 0
    async with house.produce() as producer, asyncio.timeout(PATIENCE_S):
        for n in range(first, last + 1):
            data = {"segment_id": f"s{n}", "content": f"{n} " + "x" * size, "speaker": "user"}
            await producer.send({"type": "transcript", "id": n, "call_sid": "CA1", "data": data})
            if n % 50 == 0 or n == last:
                while (await producer.next())["id"] != n:
                    pass
            most = max([most, *(s.connection.unsent_bytes for s in house.services.gate._inside)])
    return most


async def messages(peer):
    """All until the Close, which comes as (code,)."""
    while True:
        opcode, payload = await peer.frame()
        if opcode == CLOSE:
            yield {"type": "close", "code": int.from_bytes(payload[:2])}
            return
        if opcode == TEXT:
            yield json.loads(payload)


@pytest.mark.parametrize("number, size", [(2000, 2000), (200, 32000)])
async def test_a_viewer_that_sleeps_costs_little_and_on_waking_up_gets_everything_once(house, number, size):
    """… the smaller finals in several MB, and the largest ones that there may be."""
    await house.say("CA1", "s1", "Hello")
    async with sleeper(house) as (peer, socket), house.watch("CA1") as other:
        await other.history()
        feeding = asyncio.ensure_future(feed(house, 2, number, size))
        async with asyncio.timeout(PATIENCE_S):
            while other.seqs[-1] < number:  # others are not delayed: it sleeps all the while
                await other.next()
        assert await feeding < MEBIBYTE
        assert not socket.viewer.is_live and socket.viewer.cursor < number
        await house.end("CA1")
        await other.until("call_status")
        house.clock.advance(6)
        assert await other.to_the_end() == 1000
        assert other.seqs == list(range(1, number + 1))
        seen, most = [], 0
        async with asyncio.timeout(PATIENCE_S):
            async for message in messages(peer):
                seen.append(message)
                most = max(most, socket.connection.unsent_bytes)
        *said, ended, closed = seen
        assert [message["seq"] for message in said] == list(range(2, number + 1))
        assert not any(message["replayed"] for message in said)
        assert most < MEBIBYTE
        assert (ended["type"], ended["status"], closed["code"]) == ("call_status", "completed", 1000)
        await peer.send(client_frame((1000).to_bytes(2), CLOSE))


async def test_a_joiner_that_does_not_read_its_history_costs_little_too(house):
    await feed(house, 1, 250, 30000)
    port = int(house.url.rpartition(":")[2])
    async with raw(port) as peer:
        path = f"/live-transcript/CA1?token={house.key}".encode()
        assert (await peer.request(HANDSHAKE, path))[0] == 101
        await peer.frame()
        (socket,) = [s for s in house.services.gate._inside if s.viewer.cursor < 250]
        await until(lambda: socket.connection.unsent_bytes)
        assert socket.connection.unsent_bytes < MEBIBYTE
        seqs = []
        async with asyncio.timeout(PATIENCE_S):
            async for message in messages(peer):
                assert socket.connection.unsent_bytes < MEBIBYTE
                if message["type"] == "transcript":
                    assert message["replayed"] is True
                    seqs.append(message["seq"])
                if message["type"] == "history_complete":
                    break
        assert seqs == list(range(1, 251)) and message["count"] == 250


async def test_interims_are_dropped_for_a_slow_viewer_and_the_open_one_is_told_when_it_is_awake(house):
    await house.say("CA1", "s1", "Hello")
    async with sleeper(house) as (peer, socket), house.produce() as producer:
        for n in range(1, 401):
            data = {"segment_id": "i", "content": f"{n} " + "x" * 30000, "speaker": "user", "is_final": False}
            await producer.send({"type": "transcript", "id": n, "call_sid": "CA1", "data": data})
            await producer.next()
        assert socket.connection.unsent_bytes < MEBIBYTE / 2
        await feed(house, 2, 60, 30000)
        await house.say("CA1", "i2", "open", is_final=False)
        seen, seqs = [], []
        async with asyncio.timeout(PATIENCE_S):
            async for message in messages(peer):
                seen.append(message)
                if "seq" in message:
                    seqs.append(message["seq"])
                if message["data"]["segment_id"] == "i2":
                    break
        assert seqs == list(range(2, 61))
        assert len(seen) < 300 + 60
