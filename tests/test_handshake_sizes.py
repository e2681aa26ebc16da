"""Handshakes with thousands of offers: those that fit are answered at once, the others are refused."""

import asyncio
import time

from patience import PATIENCE_S
from tests.peers import HANDSHAKE, raw


def head(house, offers: list[str]) -> dict[str, str]:
    return HANDSHAKE | {"Host": house.url.rpartition("/")[2], "Sec-WebSocket-Protocol": ",".join(offers)}


def port(house) -> int:
    return int(house.url.rpartition(":")[2])


async def test_a_handshake_with_thousands_of_subprotocols_is_answered_at_once(house):
    offers = [f"a-token-{n % 10}" for n in range(1300)]
    async with raw(port(house)) as peer, asyncio.timeout(PATIENCE_S):
        begun_s = time.process_time()
        status, headers, _ = await peer.request(head(house, offers), b"/live-transcript/CA1")
        assert (status, headers["sec-websocket-protocol"]) == (101, "a-token-0")
        assert time.process_time() - begun_s < 1
    async with raw(port(house)) as peer, asyncio.timeout(PATIENCE_S):
        offers = ["a"] * 7500
        status, headers, _ = await peer.request(head(house, offers), b"/live-transcript/CA1")
        assert (status, headers["sec-websocket-protocol"]) == (101, "a")


async def test_a_handshake_of_many_lines_is_answered_at_once(house):
    lines = "".join(f"Sec-WebSocket-Extensions: x-{n}\r\nSec-WebSocket-Protocol: p\r\n" for n in range(250))
    first = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
    async with raw(port(house)) as peer, asyncio.timeout(PATIENCE_S):
        await peer.send(f"GET /ingest HTTP/1.1\r\n{first}{lines}\r\n".encode())
        assert (await peer.read()).startswith(b"HTTP/1.1 101 ")


async def test_a_handshake_of_ten_thousand_subprotocols_is_refused_and_nobody_else_notices(house, caplog):
    async with raw(port(house)) as peer, asyncio.timeout(PATIENCE_S):
        lines = "".join(f"{name}: {value}\r\n" for name, value in head(house, ["callboard"] * 10_000).items())
        with_everything = f"GET /live-transcript/CA1 HTTP/1.1\r\n{lines}\r\n".encode()
        try:
            await peer.send(with_everything)
            answer = await peer.read()
        except ConnectionError:  # it was not even read to its end
            answer = b""
        assert not answer.startswith(b"HTTP/1.1 1")
    assert (await house.fetch("GET", "/healthz")).code == 200
