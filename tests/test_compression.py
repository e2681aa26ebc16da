"""Compression on real sockets: who gets it, that it changes nothing but the bytes, and what it may cost."""

import asyncio
import gc
import tracemalloc
import zlib
from contextlib import AsyncExitStack

import pytest
import websockets

from handlers import deflate
from handlers.frames import BINARY, CLOSE, COMPRESSED, CONTINUATION, PING, TEXT, frame
from handlers.websocket import UpgradeHandler
from house import Watcher, open_house
from patience import PATIENCE_S
from tests.peers import HANDSHAKE, House, client_frame, clog, raw

OFFER = {"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits"}
LONG = "Is my bike ready? " * 20


class ObligingHandler(UpgradeHandler):
    allows_compression = True


def obliging_house(**options) -> House:
    return House(handler=ObligingHandler, **{"window_bits": 15} | options)


def agreed(client) -> list[str]:
    return [extension.name for extension in client.protocol.extensions]


async def read(peer, size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += await peer.read()
    return data


async def said_to(viewer, type_: str = "history_complete") -> list[dict]:
    await viewer.until(type_)
    return [message for message in viewer.seen if message["type"] == "transcript"]


async def test_it_is_off_by_default(house):
    for path in ("/live-transcript/CA1", "/live-calls", "/ingest"):
        async with house.websocket(f"{path}?token={house.key}") as client:
            assert (agreed(client), "Sec-WebSocket-Extensions" in client.response.headers) == ([], False)


async def test_every_socket_agrees_to_it_where_it_is_switched_on(sqlite_url):
    async with open_house(sqlite_url, compression=1) as house:
        await house.furnish()
        for path in ("/live-transcript/CA1", "/live-calls", "/ingest"):
            async with house.websocket(f"{path}?token={house.key}") as client:
                assert agreed(client) == ["permessage-deflate"]
            async with house.websocket(f"{path}?token={house.key}", compression=None) as client:
                assert agreed(client) == []


async def test_what_a_compressed_viewer_and_producer_say_and_see_is_what_others_do(sqlite_url):
    async with open_house(sqlite_url, compression=1) as house:
        await house.furnish()
        path = f"/live-transcript/CA1?token={house.key}"
        said = [{"segment_id": f"s{n}", "speaker": "user", "content": f"{n} {LONG}"} for n in range(300)]
        await house.fetch("POST", "/api/v1/calls/sid/CA1/transcripts", {"transcripts": said})
        async with house.watch("CA1") as packed, house.produce() as producer, AsyncExitStack() as stack:
            plain = Watcher(await stack.enter_async_context(house.websocket(path, compression=None)))
            assert await said_to(packed) == await said_to(plain)
            assert len(packed.transcripts) == 300
            async with raw(int(house.url.rpartition(":")[2])) as peer:
                assert (await peer.request(HANDSHAKE | OFFER, path.encode()))[0] == 101
                history = b""
                while b"history_complete" not in history:  # short, so not compressed
                    history += await peer.read()
                assert b"bike" not in history
            data = {"segment_id": "live", "speaker": "user", "content": LONG}
            await producer.send({"type": "transcript", "id": "1", "call_sid": "CA1", "data": data})
            assert (await producer.next())["seq"] == 301
            await producer.send({"type": "call_status", "id": "2", "call_sid": "CA1", "data": {"status": "completed"}})
            assert await said_to(packed, "call_status") == await said_to(plain, "call_status")
            assert packed.transcripts[-1]["data"]["content"] == LONG


async def test_one_message_is_compressed_once_for_all_its_viewers(sqlite_url):
    async with open_house(sqlite_url, compression=1) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        async with house.watch("CA1") as a, house.watch("CA1") as b, house.watch("CA1") as c:
            for viewer in (a, b, c):
                await viewer.history()
            before = deflate.deflated_once.cache_info()
            await house.say("CA1", "s2", LONG)
            assert [(await viewer.next())["seq"] for viewer in (a, b, c)] == [2, 2, 2]
            after = deflate.deflated_once.cache_info()
            assert (after.misses - before.misses, after.hits - before.hits) == (1, 2)


async def test_the_handshake_says_what_was_agreed_and_the_wire_shows_it():
    async with obliging_house(window_bits=10) as house, raw(house.port) as peer:
        offers = {"Sec-WebSocket-Extensions": "permessage-deflate; server_max_window_bits=10"}
        status, headers, _ = await peer.request(HANDSHAKE | offers)
        assert (status, headers["sec-websocket-extensions"].split("; ")) == (
            101,
            ["permessage-deflate", *deflate._ANSWER.split("; ")[1:], "server_max_window_bits=10"],
        )
        compressor = zlib.compressobj(wbits=-15)
        packed = (compressor.compress(LONG.encode()) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]
        await peer.send(client_frame(packed, rsv=COMPRESSED) + client_frame(b"short"))
        first = await read(peer, 2)
        assert first[0] == 0x80 | COMPRESSED | TEXT and first[1] < 60
        inflated = zlib.decompressobj(-10).decompress(first[2 : 2 + first[1]])
        assert inflated.decode() == LONG
        rest = first[2 + first[1] :]
        assert (rest or await read(peer, 7)) == frame(b"short")


@pytest.mark.parametrize(
    "offers",
    [
        "permessage-deflate; unheard_of",
        ", ".join(["permessage-deflate; server_max_window_bits=8"] * 300),
        ", ".join(f"x-{n}" for n in range(1500)),
        "," * 15_000,
        "permessage-deflate" + ";" * 14_000,
        'permessage-deflate; a="' + "\\" * 14_000,
    ],
)
async def test_offers_that_cannot_be_kept_leave_the_socket_as_it_is(offers):
    async with obliging_house(window_bits=0) as house, raw(house.port) as peer:
        async with asyncio.timeout(1):
            status, headers, _ = await peer.request(HANDSHAKE | {"Sec-WebSocket-Extensions": offers})
        assert (status, "sec-websocket-extensions" in headers) == (101, False)
        await peer.send(client_frame(LONG.encode()))
        assert await peer.frame() == (TEXT, LONG.encode())


def test_thousands_of_offers_are_judged_in_no_time():
    assert deflate.negotiate("permessage-deflate; unheard_of," * 100_000 + "permessage-deflate").window_bits == 15


OFFENCES = {
    "garbage": (client_frame(b"\xff" * 50, rsv=COMPRESSED), 1007),
    "not UTF-8": (client_frame(deflate._deflate(b"\xff" * 300, 15), rsv=COMPRESSED), 1007),
    "bomb": (client_frame(deflate._deflate(bytes(64 << 20), 15), rsv=COMPRESSED), 1009),
    "compressed ping": (client_frame(b"", PING, rsv=COMPRESSED), 1002),
    "compressed continuation": (
        client_frame(b"", rsv=COMPRESSED, fin=False) + client_frame(b"", CONTINUATION, rsv=COMPRESSED),
        1002,
    ),
}


@pytest.mark.parametrize("offence", OFFENCES)
async def test_a_client_sees_the_code_of_what_it_did_and_the_others_notice_nothing(offence):
    data, code = OFFENCES[offence]
    async with obliging_house(max_message_bytes=1 << 20) as house, house.peer() as (peer, seat):
        async with house.peer() as (good, _):
            tracemalloc.start()
            try:
                await peer.send(data)
                assert await peer.close_code() == code
                assert tracemalloc.get_traced_memory()[1] < 8 << 20  # a bomb of 64 MiB, a limit of one
            finally:
                tracemalloc.stop()
            await good.send(client_frame(b"still here"))
            assert await good.frame() == (TEXT, b"still here")
        assert seat.messages == []


async def test_others_that_were_written_understand_us():
    async with obliging_house(max_message_bytes=1 << 20) as house:
        address = f"ws://127.0.0.1:{house.port}/"
        async with websockets.connect(address, open_timeout=PATIENCE_S) as client:
            assert agreed(client) == ["permessage-deflate"]
            for text in ("", "héllo", LONG, "x" * 1_000_000):
                await client.send(text)
                assert await client.recv() == text
            await client.send([LONG, LONG, LONG])
            assert await client.recv() == LONG * 3


async def test_order_and_the_last_word_are_kept_where_the_reader_is_slow():
    async with obliging_house() as house, house.peer() as (peer, seat):
        sent = clog(seat.connection)  # of random bytes, which nothing can compress
        for n in range(3):
            seat.connection.send(frame(f"{n} {LONG}".encode()))
        seat.connection.close(1001)
        seat.connection.send(frame(LONG.encode()))
        received = b""
        while len(received) < len(sent):
            opcode, payload = await peer.frame()
            received += frame(payload, opcode)
        assert received == sent
        *told, closing = [await peer.frame() for _ in range(4)]
        assert [inflate(payload).split()[0] for _, payload in told] == ["0", "1", "2"]
        assert closing == (CLOSE, b"\x03\xe9")
        await peer.send(client_frame(b"\x03\xe9", CLOSE))
        assert await peer.frames() == []


def inflate(payload: bytes) -> str:
    return zlib.decompressobj(-15).decompress(payload).decode()


async def test_an_idle_connection_keeps_nothing_of_the_compressor():
    def inflates() -> int:
        gc.collect()
        return sum(type(each) is deflate.Inflate for each in gc.get_objects())

    async with obliging_house(accepts_binary=True) as house, house.peer() as (peer, seat):
        await peer.send(client_frame(deflate._deflate(LONG.encode(), 15), rsv=COMPRESSED))
        await seat.heard.wait()
        assert inflates() == 0
        await peer.send(client_frame(b"", BINARY, rsv=COMPRESSED, fin=False))
        while seat.connection.message_begun is None:
            await asyncio.sleep(0)
        assert inflates() == 1  # while it is not idle
