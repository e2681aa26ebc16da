"""Both ends of a WebSocket test: a server whose connections tell what they heard, a client that may misbehave."""

import asyncio
import os
import socket
from contextlib import asynccontextmanager

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from handlers.connection import Connection
from handlers.frames import CLOSE, TEXT, frame, masked
from handlers.websocket import UpgradeHandler

KEY = b"\x37\xfa\x21\x3d"  # of the examples in RFC 6455 §5.7
HANDSHAKE_KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # and of those in §1.3
HANDSHAKE = {
    "Host": "x",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": HANDSHAKE_KEY,
}


def client_frame(payload: bytes, opcode: int = TEXT, *, fin: bool = True, rsv: int = 0, key: bytes = KEY) -> bytes:
    """A frame as a client sends it."""
    whole = frame(payload, opcode)
    head = whole[: len(whole) - len(payload)]
    first = (0x80 if fin else 0) | rsv | opcode
    return bytes((first, head[1] | 0x80)) + head[2:] + key + masked(payload, key)


class Seat:
    """The owner of one connection: keeps what it is told, and answers a message by `answer`."""

    def __init__(self, stream, answer, **options):
        self.messages, self.closings, self.answer = [], 0, answer
        self.heard, self.closed = asyncio.Event(), asyncio.Event()
        self.connection = Connection(
            stream,
            **{"max_message_bytes": 4096, "on_failure": self.fail} | options,
            on_message=self.hear,
            on_close=self.close,
        )

    def hear(self, message):
        self.messages.append(message)
        self.heard.set()
        return self.answer(self, message)

    def fail(self):
        self.connection.send(frame(b"sorry"))

    def close(self):
        self.closings += 1
        self.closed.set()


def echo(seat, message):
    seat.connection.send(frame(message.encode()))


class House:
    """A server on a free port of 127.0.0.1; `seats` has one Seat per connection, in order of arrival."""

    def __init__(self, answer=echo, handler=UpgradeHandler, **options):
        self.seats: list[Seat] = []
        self.arrivals: asyncio.Queue[Seat] = asyncio.Queue()
        house = self

        class SeatHandler(handler):
            def connected(self, stream):
                seat = Seat(stream, answer, **options)
                house.seats.append(seat)
                house.arrivals.put_nowait(seat)

        self.server = HTTPServer(Application([("/(.*)", SeatHandler)], log_function=lambda _: None))
        (listener,) = bind_sockets(0, "127.0.0.1")
        self.port = listener.getsockname()[1]
        self.server.add_sockets([listener])

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.server.stop()
        await self.server.close_all_connections()
        for seat in self.seats:
            seat.connection.abort()
            await seat.closed.wait()

    @asynccontextmanager
    async def peer(self):
        """A raw client after its handshake, and the seat that it got."""
        async with raw(self.port) as peer:
            await peer.handshake()
            yield peer, await self.arrivals.get()


class Peer:
    """A client that sends any bytes it likes, and reads only when it is told to."""

    def __init__(self, sock: socket.socket):
        self.sock, self._data = sock, b""

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def read(self) -> bytes:
        """Some bytes, b"" at the end; a reset raises."""
        return await asyncio.get_running_loop().sock_recv(self.sock, 1 << 16)

    async def _take(self, size: int) -> bytes:
        while len(self._data) < size:
            data = await self.read()
            if not data:
                raise EOFError
            self._data += data
        taken, self._data = self._data[:size], self._data[size:]
        return taken

    async def request(
        self, headers: dict[str, str], path: bytes = b"/", *, method: bytes = b"GET", body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers with small names, and body of the response."""
        lines = [method + b" " + path + b" HTTP/1.1", *(f"{name}: {value}".encode() for name, value in headers.items())]
        await self.send(b"\r\n".join([*lines, b"", body]))
        return await self.response()

    async def response(self) -> tuple[int, dict[str, str], bytes]:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += await self._take(1)
        first, *rest = head.decode("latin1").split("\r\n")
        found = {name.lower(): value for name, _, value in (line.partition(": ") for line in rest if line)}
        return int(first.split()[1]), found, await self._take(int(found.get("content-length", 0)))

    async def handshake(self) -> None:
        status, _, _ = await self.request(HANDSHAKE)
        assert status == 101

    async def frame(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; EOFError at the end."""
        first, size = await self._take(2)
        if size > 125:
            size = int.from_bytes(await self._take(2 if size == 126 else 8))
        return first & 0xF, await self._take(size)

    async def frames(self) -> list[tuple[int, bytes]]:
        """All frames until the server closes TCP."""
        result = []
        try:
            while True:
                result.append(await self.frame())
        except EOFError:
            return result

    async def close_code(self) -> int | None:
        """The code of the server's Close, the last frame before the end; None if there was no Close."""
        frames = await self.frames()
        assert all(opcode != CLOSE for opcode, _ in frames[:-1])
        return int.from_bytes(frames[-1][1][:2]) if frames and frames[-1][0] == CLOSE else None


@asynccontextmanager
async def raw(port: int):
    """A Peer that has connected and said nothing; its kernel takes little of what it doesn't read."""
    with socket.socket() as sock:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        yield Peer(sock)


def clog(connection: Connection, unsent_bytes: int = 1 << 20) -> bytes:
    """Send frames to a peer that doesn't read until they pile up for good; all that was sent."""
    sent = []
    while connection.unsent_bytes < unsent_bytes:  # by default more than the kernel may still make room for
        piece = frame(os.urandom(30000), 2)
        sent.append(piece)
        connection.send(piece)
    return b"".join(sent)
