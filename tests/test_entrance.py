"""What comes in: how big it may be, and that what is refused costs nobody else anything."""

import socket

import pytest

from hall import LONGEST, Hall, post, refusal, rest, until
from handlers import entrance as module
from handlers.entrance import FREE_BYTES

CHUNKED = post("Transfer-Encoding: chunked")


@pytest.mark.parametrize("size", [LONGEST + 1, 10**17, 10**18, 10**30, "0" * 5 + str(LONGEST + 1)])
async def test_a_body_that_is_announced_too_long_is_413_before_it_comes(size):
    async with Hall() as hall, hall.peer() as peer:
        await peer.send(post(f"Content-Length: {size}"))
        code, _ = refusal(await rest(peer), 413)
        assert code == "body_too_large"
        await hall.visited(0)
        assert hall.entrance.held_bytes == 0


async def test_a_client_that_sends_on_after_413_still_reads_it():
    async with Hall() as hall, hall.peer() as peer:
        await peer.send(post("Content-Length: 100000000") + b"x" * 1000)
        head = b""
        while b"\r\n\r\n" not in head:
            head += await peer.read()
            await peer.send(b"x" * 1000)
        assert head.startswith(b"HTTP/1.1 413 ")


async def test_the_longest_body_comes_in():
    async with Hall() as hall, hall.peer() as peer:
        await peer.send(post(f"Content-Length: {LONGEST}", "Connection: close") + b"x" * LONGEST)
        assert (await rest(peer)).endswith(b"\r\n\r\n%d" % LONGEST)
    assert hall.entrance.held_bytes == 0


async def test_chunks_are_refused_as_soon_as_they_are_too_much():
    async with Hall() as hall, hall.peer() as peer:
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        await peer.send(CHUNKED + chunk * (LONGEST // 0x10000))
        await until(lambda: hall.entrance.held_bytes == LONGEST - FREE_BYTES)
        await peer.send(b"1\r\nx\r\n")
        assert refusal(await rest(peer), 413)[0] == "body_too_large"
        await hall.visited(0)
        assert hall.entrance.held_bytes == 0


async def test_one_chunk_of_a_gigabyte_is_refused_at_the_first_byte_too_many():
    async with Hall() as hall, hall.peer() as peer:
        await peer.send(CHUNKED + b"%x\r\n" % (1 << 30))
        await peer.send(b"x" * (LONGEST + 1))
        assert refusal(await rest(peer), 413)[0] == "body_too_large"
        assert hall.entrance.held_bytes == 0


@pytest.mark.parametrize("length", ["fffffffffffffffff", "-1", "zz", ""])
async def test_a_chunk_of_an_impossible_length_is_400_and_closed(length):
    async with Hall() as hall, hall.peer() as peer:
        await peer.send(CHUNKED + length.encode() + b"\r\nabc")
        assert (await rest(peer)).startswith(b"HTTP/1.1 400 ")
        await hall.visited(0)


async def test_while_all_bodies_hold_too_much_it_is_503_and_then_goes_on(monkeypatch):
    monkeypatch.setattr(module, "MAX_HELD_BYTES", LONGEST)
    async with Hall() as hall, hall.peer() as first, hall.peer() as second, hall.peer() as third:
        half = FREE_BYTES + LONGEST // 2
        for peer in (first, second):
            await peer.send(post(f"Content-Length: {half + 1}", "Connection: close") + b"x" * half)
        await until(lambda: hall.entrance.held_bytes == LONGEST)
        await third.send(post(f"Content-Length: {FREE_BYTES + 1}") + b"x" * (FREE_BYTES + 1))
        data = await rest(third)
        code, headers = refusal(data, 503)
        assert (code, headers["retry-after"]) == ("unavailable", "1")
        async with hall.peer() as small:
            await small.send(post(f"Content-Length: {FREE_BYTES}", "Connection: close") + b"x" * FREE_BYTES)
            assert (await rest(small)).startswith(b"HTTP/1.1 200 ")
        await first.send(b"x")
        assert (await rest(first)).startswith(b"HTTP/1.1 "), "it was there first"
        await until(lambda: hall.entrance.held_bytes <= LONGEST // 2)
    assert hall.entrance.held_bytes == 0


@pytest.mark.parametrize("ending", ["finished", "gone", "reset", "refused", "malformed", "late"])
async def test_what_a_body_held_is_free_however_it_ends(ending):
    async with Hall() as hall:
        async with hall.peer() as peer:
            path = "/late" if ending == "late" else "/"
            size = FREE_BYTES + 100_000
            await peer.send(post("Transfer-Encoding: chunked", path=path) + b"%x\r\n" % size + b"x" * size + b"\r\n")
            await until(lambda: hall.entrance.held_bytes == 100_000)
            if ending in ("finished", "late"):
                await peer.send(b"0\r\n\r\n")
                await until(lambda: hall.entrance.held_bytes == 0)
            elif ending == "refused":
                await peer.send(b"%x\r\n" % LONGEST + b"x" * LONGEST)
            elif ending == "malformed":
                await peer.send(b"no length\r\n")
            elif ending == "reset":
                peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        await hall.visited(0)
        assert hall.entrance.held_bytes == 0


@pytest.mark.parametrize("announced", [True, False])
async def test_who_leaves_before_its_refusal_is_not_worth_a_traceback(announced, caplog, monkeypatch):
    """The stream is closed between the last byte that came and the answer to it."""
    async with Hall() as hall:
        heard = []
        for name in ("headers_received", "data_received"):
            inner = getattr(module._Request, name)

            def gone_before(self, *args, inner=inner, name=name):
                if (name == "headers_received") == announced:
                    self._visit.stream.close()
                heard.append(name)
                return inner(self, *args)

            monkeypatch.setattr(module._Request, name, gone_before)
        async with hall.peer() as peer:
            size = LONGEST + 1
            await peer.send(post(f"Content-Length: {size}") if announced else CHUNKED + b"%x\r\n" % size + b"x" * size)
            await until(lambda: heard)
            await hall.visited(0)
        assert hall.entrance.held_bytes == 0
        assert [record.getMessage() for record in caplog.records if record.levelname in ("ERROR", "WARNING")] == []
