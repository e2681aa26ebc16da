"""The writing half of a WebSocket: frames in order, straight to the socket where that can be. Knows no messages."""

import asyncio
import socket
from typing import Protocol

from tornado.iostream import IOStream, StreamClosedError

from handlers.deflate import deflated_once
from handlers.frames import PING, PONG, frame

# All that we take from Tornado beside its documented API, and only in this file. A test holds them to their meaning:
# the file descriptor's socket (None once closed), the bytes not yet written, and how many ever were.
STREAM_INTERNALS = ("socket", "_write_buffer", "_total_write_done_index")

_PING = frame(b"", PING)


class Backlog(Protocol):
    """Who wants to know of an outlet that could not send, or be sent, everything at once (the Heartbeat)."""

    def watch(self, outlet: "Outlet") -> None: ...


class Outlet:
    """Sends prebuilt frames on a stream. Nothing here raises because of what a peer or the network does.

    `window_bits` are what was agreed of compression, 0 where nothing was.
    """

    __slots__ = ("__weakref__", "_is_ended", "_is_plain", "_pong", "_sent_bytes", "_stream", "backlog", "window_bits")

    def __init__(self, stream: IOStream, window_bits: int = 0):
        self._stream = stream
        self.window_bits = window_bits
        self._is_plain = type(stream) is IOStream  # TLS must encrypt: it may not be sent to directly
        self._is_ended = False
        self._sent_bytes = 0  # past the stream's own buffer
        self._pong: bytes | None = None  # the answer that waits for unsent bytes
        self.backlog: Backlog | None = None

    @property
    def unsent_bytes(self) -> int:
        """What the kernel has not taken yet; 0 once the connection is over."""
        return len(self._stream._write_buffer or ())

    @property
    def written_bytes(self) -> int:
        """What the kernel has taken so far, the handshake included: it grows as long as there is progress."""
        return self._sent_bytes + self._stream._total_write_done_index

    def send(self, frames: bytes, *, is_deflated: bool = False) -> None:
        """Send one or more whole frames after all earlier ones; nothing happens after our Close or the end.

        Where compression was agreed they go compressed; `is_deflated`: whoever made them has seen to that.
        There is no bound here: whoever sends looks at `unsent_bytes`, and waits for `drained()` or leaves things out.
        """
        stream = self._stream
        sock = stream.socket
        if self._is_ended or sock is None:
            return
        if self.window_bits and not is_deflated:
            frames = deflated_once(frames, self.window_bits)
        rest: bytes | memoryview = frames
        if self._is_plain and not stream._write_buffer:
            try:
                sent = sock.send(frames)
            except BlockingIOError:
                sent = 0
            except OSError as error:
                stream.close(exc_info=error)
                return
            self._sent_bytes += sent
            if sent == len(frames):
                return
            rest = memoryview(frames)[sent:]  # not a copy: slow viewers of one call share one frame
        stream.write(rest)
        if self.backlog is not None:
            self.backlog.watch(self)

    def ping(self) -> None:
        """Ask the peer for a sign of life."""
        self.send(_PING)

    def pong(self, payload: bytes) -> None:
        """Answer a ping; while bytes are unsent only the newest one (§5.5.3), so that a flood cannot pile up."""
        if not self.unsent_bytes:
            self.send(frame(payload, PONG))
            return
        if self._pong is None:
            self._stream.write(b"").add_done_callback(self._send_pong)
        self._pong = payload

    def _send_pong(self, _: asyncio.Future) -> None:
        payload, self._pong = self._pong, None
        self.send(frame(payload, PONG))

    async def drained(self) -> bool:
        """Return True once the kernel has taken all that was sent before, False if the connection ended instead."""
        try:
            await self._stream.write(b"")
        except StreamClosedError:
            return False
        return True

    def end(self, closing: bytes) -> None:
        """Send a Close frame, the last that is ever sent."""
        self.send(closing)
        self._is_ended = True

    def half_close(self) -> bool:
        """FIN, so that the peer reads to the end of what was sent; False where that cannot be (TLS, or gone)."""
        try:
            if self._is_plain and self._stream.socket is not None:
                self._stream.socket.shutdown(socket.SHUT_WR)
                return True
        except OSError:
            pass
        return False
