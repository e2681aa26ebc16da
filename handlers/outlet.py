"""The writing half of a WebSocket: frames in order, straight to the socket where that can be. Knows no messages."""

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import Protocol

from tornado.iostream import IOStream

from handlers.deflate import deflated_once
from handlers.frames import PING, PONG, frame

# All that we take from Tornado beside its documented API, and only in this file. A test holds them to their meaning:
# the file descriptor's socket (None once closed), the bytes not yet written, and how many ever were.
STREAM_INTERNALS = ("socket", "_write_buffer", "_total_write_done_index")

PIECE_BYTES = 64 << 10  # given to the stream at once: with the kernel's share enough to keep any line busy

_PING = frame(b"", PING)


def unsent_bytes(stream: IOStream) -> int:
    """What the stream holds and the kernel has not taken yet; 0 once it is closed."""
    return len(stream._write_buffer or ())


def written_bytes(stream: IOStream) -> int:
    """What the kernel has taken of the stream so far."""
    return stream._total_write_done_index


class Backlog(Protocol):
    """Who wants to know of an outlet that could not send, or be sent, everything at once (the Heartbeat)."""

    def watch(self, outlet: "Outlet") -> None: ...


class Follower(Protocol):
    """Who sends `straight` without asking the outlet each time."""

    def rerouted(self) -> None:
        """`straight` is another: what follows goes by it."""


class Outlet:
    """Sends prebuilt frames on a stream. Nothing here raises because of what a peer or the network does.

    `window_bits` are what was agreed of compression, 0 where nothing was. `straight` is the socket's own `send` while
    whole frames may go to it as they are (nothing unsent, no TLS or compression, not ended): else None. Who sends by it
    tells us what came of it: `sent_in_part`, `not_sent`.
    """

    __slots__ = (
        *("__weakref__", "_draining", "_is_ended", "_is_plain", "_is_writing", "_pong", "_stream"),
        *("_unsent", "_unsent_bytes", "backlog", "follower", "straight", "window_bits"),
    )

    def __init__(self, stream: IOStream, window_bits: int = 0):
        self._stream = stream
        self.window_bits = window_bits
        self._is_plain = type(stream) is IOStream  # TLS must encrypt: it may not be sent to directly
        self._is_ended = False
        self._unsent: deque[bytes | memoryview] | None = None  # not given to the stream yet; made when first needed
        self._unsent_bytes = 0
        self._is_writing = False  # the stream has a piece that the kernel has not taken: else nothing is unsent
        self._draining: list[asyncio.Future[bool]] = []
        self._pong: bytes | None = None  # the answer that waits for unsent bytes
        self.backlog: Backlog | None = None
        self.follower: Follower | None = None
        self.straight: Callable[[bytes], int] | None = None
        self._route()
        if stream._write_buffer:
            self._queue(b"")  # the end of the handshake is still to be taken

    @property
    def unsent_bytes(self) -> int:
        """What the kernel has not taken yet; 0 once the connection is over."""
        return self._unsent_bytes + unsent_bytes(self._stream) if self._is_writing else 0

    @property
    def written_bytes(self) -> int:
        """What the kernel has taken of what had to wait: while there is anything unsent it grows with each progress."""
        return written_bytes(self._stream)

    def send(self, frames: bytes, *, is_deflated: bool = False) -> None:
        """Send one or more whole frames after all earlier ones; nothing happens after our Close or the end.

        Where compression was agreed they go compressed; `is_deflated`: whoever made them has seen to that.
        There is no bound here: whoever sends looks at `unsent_bytes`, and waits for `drained()` or leaves things out.
        """
        if self._is_ended or self._stream.socket is None:
            return
        if self.window_bits and not is_deflated:
            frames = deflated_once(frames, self.window_bits)
        if not self._is_plain or self._is_writing:
            self.sent_in_part(frames, 0)
            return
        try:
            sent = self._stream.socket.send(frames)
        except OSError as error:
            self.not_sent(frames, error)
            return
        if sent != len(frames):
            self.sent_in_part(frames, sent)

    def sent_in_part(self, frames: bytes, sent: int) -> None:
        """The kernel took so many bytes of them: the rest follows as it takes more."""
        self._queue(memoryview(frames)[sent:] if sent else frames)  # no copy: slow viewers of one call share one frame
        if self.backlog is not None:
            self.backlog.watch(self)

    def not_sent(self, frames: bytes, error: OSError) -> None:
        """The kernel took nothing of them, because it has no room or because the connection is over."""
        if isinstance(error, BlockingIOError):
            self.sent_in_part(frames, 0)
        else:
            self._stream.close(exc_info=error)

    def _route(self) -> None:
        is_straight = self._is_plain and not (self.window_bits or self._is_writing or self._is_ended)
        if is_straight == (self.straight is None):
            self.straight = self._stream.socket.send if is_straight and self._stream.socket is not None else None
            if self.follower is not None:
                self.follower.rerouted()

    def _queue(self, rest: bytes | memoryview) -> None:
        if self._unsent is None:
            self._unsent = deque()
        self._unsent.append(rest)
        self._unsent_bytes += len(rest)
        if not self._is_writing:
            self._write()
            self._route()

    def _write(self, written: asyncio.Future[None] | None = None) -> None:
        """Give the stream a piece at a time: it would keep a copy and a Future of everything it has."""
        self._is_writing = False
        while self._unsent and not self._stream.closed():
            written = self._stream.write(self._next_piece())
            if not written.done():
                self._is_writing = True
                written.add_done_callback(self._write)
                return
        if self._stream.closed():
            self._unsent, self._unsent_bytes = None, 0
        self._route()
        draining, self._draining = self._draining, []
        for waiting in draining:
            if not waiting.done():
                waiting.set_result(not self._stream.closed())
        if self._pong is not None:
            payload, self._pong = self._pong, None
            self.send(frame(payload, PONG))

    def _next_piece(self) -> bytes | memoryview:
        pieces, size = [], 0
        while self._unsent and (not pieces or size + len(self._unsent[0]) <= PIECE_BYTES):
            pieces.append(self._unsent.popleft())
            size += len(pieces[-1])
        self._unsent_bytes -= size
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def ping(self) -> None:
        """Ask the peer for a sign of life."""
        self.send(_PING)

    def pong(self, payload: bytes) -> None:
        """Answer a ping; while bytes are unsent only the newest one (§5.5.3), so that a flood cannot pile up."""
        if not self.unsent_bytes:
            self.send(frame(payload, PONG))
            return
        if self._pong is None:
            self.draining()
        self._pong = payload

    def draining(self) -> asyncio.Future[bool]:
        """Done once the kernel has taken all that was sent before: True; False if the connection ended instead."""
        done = asyncio.get_running_loop().create_future()
        if self._stream.closed() or not self.unsent_bytes:
            done.set_result(not self._stream.closed())
            return done
        self._draining.append(done)
        return done

    async def drained(self) -> bool:
        """Wait until the kernel has taken all that was sent before: True; False if the connection ended instead."""
        return await self.draining()

    def end(self, closing: bytes) -> None:
        """Send a Close frame, the last that is ever sent."""
        self.send(closing)
        self._is_ended = True
        self._route()

    def half_close(self) -> bool:
        """FIN, so that the peer reads to the end of what was sent; False where that cannot be (TLS, or gone)."""
        try:
            if self._is_plain and self._stream.socket is not None:
                self._stream.socket.shutdown(socket.SHUT_WR)
                return True
        except OSError:
            pass
        return False
