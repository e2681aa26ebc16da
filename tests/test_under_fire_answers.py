"""Clients that send and do not read, or read next to nothing: what they are told is bounded, others notice nothing."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest

from handlers.connection import READ_BYTES, Connection
from handlers.frames import PING
from house import open_house
from hub.viewer import MAX_UNSENT_BYTES
from patience import PATIENCE_S
from tests.peers import HANDSHAKE, client_frame, raw
from tests.test_live_refusals import until

LONG_ID = json.dumps({"type": "ping", "id": "x" * 4000}).encode()
HOSTILE = (
    '{"type":"ping","id":' + "[" * 2000 + "]" * 2000 + "}",
    '{"type":"ping","id":' + '{"a":' * 600 + "1" + "}" * 600 + "}",
    '{"type":"ping","id":' + "9" * 4000 + "}",
    '{"type":"ping","id":-' + "9" * 4000 + "}",
    '{"type":"ping","id":1e' + "9" * 4000 + "}",
    '{"type":"ping","id":0.' + "3" * 4000 + "}",
    '{"type":"ping","id":1e308}',
    '{"type":"ping","id":-1e-400}',
    '{"type":"ping","id":18446744073709551616}',
    '{"type":"ping","id":"' + "x" * 4070 + '"}',
    '{"type":"ping","id":"' + "\\u0001" * 670 + '"}',
    '{"type":"ping","id":"' + "\u2028" * 1300 + '"}',
    '{"type":"ping","id":"\\ud83d"}',
    "{" + ",".join(['"type":"ping"'] * 250) + "}",
    "{" + ",".join([f'"type":{"[]" if n % 2 else "7"}' for n in range(300)]) + "}",
    '{"type":"' + "x" * 4000 + '"}',
    '{"type":["' + "x" * 4000 + '"]}',
    '{"' + "type" * 1000 + '":1}',
    '{"type":"__class__"}',
    '{"type":"request_status","call_sid":"CA2"}',
)


@asynccontextmanager
async def let_in(house, path):
    """A raw client of this path, and its socket on the server, once it is in."""
    before = set(house.services.gate._inside)
    async with raw(int(house.url.rpartition(":")[2])) as peer:
        assert (await peer.request(HANDSHAKE, f"{path}?token={house.key}".encode()))[0] == 101
        await until(lambda: house.services.gate._inside - before)
        (socket,) = house.services.gate._inside - before
        yield peer, socket


async def half_a_minute(house, *awake):
    """Thirty seconds of the heartbeat's, in which these clients answer."""
    for _ in range(31):
        house.services.heartbeat.tick()
        for client in awake:
            await (await client.socket.ping())


async def until_it_is_read_no_more(socket, sending):
    """The most that was unsent until the server stopped listening; what its client is sending is given up then."""
    most = 0
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not (socket.connection.is_paused and socket.unsent_bytes):
                most = max(most, socket.unsent_bytes)
                assert most < 4 * MAX_UNSENT_BYTES, "it answers without end"
                await asyncio.sleep(0.005)
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
    return max(most, socket.unsent_bytes)


async def send_for_ever(peer, piece):
    while True:
        await peer.send(piece)


@pytest.mark.parametrize("path", ["/live-transcript/CA1", "/live-calls"])
@pytest.mark.parametrize("message", [LONG_ID, b"x", b'{"type":"request_status"}'])
async def test_who_asks_and_does_not_read_the_answers_is_listened_to_no_more(sqlite_url, path, message):
    async with open_house(sqlite_url, messages_per_second=100_000) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        async with let_in(house, path) as (peer, socket), house.watch("CA1") as other:
            await other.history()
            sending = asyncio.ensure_future(send_for_ever(peer, client_frame(message) * 300))
            most = await until_it_is_read_no_more(socket, sending)
            assert MAX_UNSENT_BYTES < most < MAX_UNSENT_BYTES + len(message) + 1024
            await other.send({"type": "ping"})
            assert (await other.next())["type"] == "pong"
            await half_a_minute(house, other)
            await until(lambda: socket not in house.services.gate._inside)
            assert not socket.connection.is_open and house.hub.viewers(1) == 1


async def test_hostile_messages_get_bounded_answers_and_no_traceback(house, caplog):
    await house.say("CA1", "s1", "Hello")
    for path in ("/live-transcript/CA1", "/live-calls"):
        async with house.websocket(f"{path}?token={house.key}", max_size=64 << 10) as socket:
            for text in HOSTILE:
                assert len(text.encode()) <= 4096
                await socket.send(text)
                kind = "call_status" if "request_status" in text and path != "/live-calls" else None
                while (answer := await socket.recv()) and json.loads(answer)["type"] not in (kind, "pong", "error"):
                    pass  # the first ones
                assert len(answer) < 3 * 4096, text[:40]
            await socket.send('{"type":"ping","id":"the last"}')
            while '"the last"' not in await socket.recv():
                pass
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_who_reads_or_writes_a_byte_at_a_time_delays_nobody_but_itself(house):
    await house.say("CA1", "s1", "Hello")
    async with let_in(house, "/live-transcript/CA1") as (peer, socket), house.watch("CA1") as other:
        await other.history()
        ping = client_frame(b'{"type":"ping","id":"slowly"}')
        loop, heard = asyncio.get_running_loop(), b""
        for n in range(len(ping)):
            await peer.send(ping[n : n + 1])
            heard += await loop.sock_recv(peer.sock, 1)
            await house.say("CA1", f"n{n}", "word")
            await other.until("transcript")
        assert other.seqs == list(range(1, len(ping) + 2))
        while b"slowly" not in heard:
            heard += await loop.sock_recv(peer.sock, 1)
        await peer.send(ping[:-10])  # and then never the rest
        for _ in range(2):
            await half_a_minute(house, other)
        await until(lambda: not socket.connection.is_open)
        assert house.hub.viewers(1) == 1


async def test_a_flood_in_one_write_takes_turns_with_everyone_else(house, monkeypatch):
    """100,000 tiny frames: each turn of the loop delivers what one bounded read brought, then others have theirs."""
    await house.say("CA1", "s1", "Hello")
    delivered, longest, turns = [], 0.0, 0
    deliver = Connection._received

    def received(connection, read):
        if not (read.cancelled() or read.exception()):
            delivered.append(len(read.result()))
        deliver(connection, read)

    monkeypatch.setattr(Connection, "_received", received)

    async def beat():
        nonlocal longest, turns
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            longest, before, turns = max(longest, now - before), now, turns + 1

    async with let_in(house, "/live-transcript/CA1") as (peer, socket), house.watch("CA1") as other:
        await other.history()
        beating = asyncio.ensure_future(beat())
        flood = client_frame(b"{}") * 50_000 + client_frame(b"", PING) * 50_000
        sending = asyncio.ensure_future(peer.send(flood))
        for n in range(20):
            await house.say("CA1", f"n{n}", "word")
            await other.until("transcript")
        async with asyncio.timeout(PATIENCE_S):
            while sum(delivered) < len(flood) and socket.connection.is_open:
                await asyncio.sleep(0.01)
        beating.cancel()
        await asyncio.gather(sending, beating, return_exceptions=True)
        assert max(delivered) <= READ_BYTES and turns >= len(flood) // READ_BYTES
        assert other.seqs == list(range(1, 22)) and house.hub.viewers(1) == 2
        print(f"the longest turn of the loop: {longest * 1000:.0f} ms, of {turns}")


async def test_exactly_a_hundred_messages_are_taken_in_a_second_and_pings_of_the_protocol_do_not_count(
    house, monkeypatch
):
    now = [100.0]
    monkeypatch.setattr("handlers.services.Services.monotonic", staticmethod(lambda: now[0]))
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()

        async def burst(first, last):
            """The ids that were answered, and how many errors came."""
            answered, errors = [], 0
            del viewer.seen[:]
            reading = asyncio.ensure_future(viewer.until("transcript"))
            for n in range(first, last):
                await viewer.send({"type": "ping", "id": n})
            await (await viewer.socket.ping())
            await house.say("CA1", f"n{first}", "the end")
            await reading
            for message in viewer.seen:
                errors += message["type"] == "error"
                answered += [message["id"]] if message["type"] == "pong" else []
            return answered, errors

        for _ in range(150):
            await (await viewer.socket.ping())
        assert await burst(0, 60) == (list(range(60)), 0)
        now[0] += 0.5
        assert await burst(60, 200) == (list(range(60, 100)), 1)
        now[0] += 0.499
        assert await burst(200, 250) == ([], 0)
        now[0] += 0.001
        assert await burst(250, 400) == (list(range(250, 310)), 0), "the second since the first sixty is over"
        now[0] += 0.5
        assert await burst(400, 500) == (list(range(400, 440)), 1)
        now[0] += 10
        assert await burst(500, 600) == (list(range(500, 600)), 0)
