"""One WebSocket connection on an IOStream after its handshake: it reads, answers, and ends with the right code."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from tornado.iostream import IOStream

from handlers.deflate import Inflate
from handlers.frames import BINARY, CLOSE, PING, TEXT, Decoder, Violation, close_frame, frame
from handlers.outlet import Outlet

CLOSE_TIMEOUT_S = 5  # for the peer's Close after ours: a few round trips of the worst mobile network
LINGER_S = 1  # between our FIN and the end, so that a peer that is still sending reads our Close and not a reset
LINGER_BYTES = 1 << 20  # dropped meanwhile; who sends more is not listening
READ_BYTES = 1 << 16  # one read of the loop's turn: a busy peer gets no more before the others have theirs

_OPEN, _CLOSING, _HANGING_UP, _GONE = range(4)  # then: our Close is sent; our FIN is due or sent; TCP is closed

log = logging.getLogger(__name__)


class Connection(Outlet):
    """A WebSocket that owns its stream from the end of the handshake on. It begins to read on the loop's next turn.

    `on_message` is called with each text message in order (and bytes for binary ones if `accepts_binary`; else they
    close with 1003). While an awaitable that it returned is unfinished nothing more is delivered or read. If it fails,
    `on_failure` may still send something, and the connection closes with 1011.
    `on_close` is called once, from the loop, whatever ended the connection; whole messages that were read before
    come before it, unless this side closed or aborted.

    `close_code` is the peer's: 1005 for a Close without one, None as long as there was none. `last_heard` is when
    bytes last came, by `clock`. Nothing here raises because of what a peer or the network does.
    """

    __slots__ = (
        *("_accepts_binary", "_clock", "_decoder", "_linger_left", "_on_close", "_on_failure", "_on_message"),
        *("_stage", "_timer", "_waiting", "close_code", "last_heard"),
    )

    def __init__(
        self,
        stream: IOStream,
        *,
        max_message_bytes: int,
        on_message: Callable[..., Awaitable[None] | None],
        on_close: Callable[[], None],
        on_failure: Callable[[], None] | None = None,
        accepts_binary: bool = False,
        window_bits: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ):
        super().__init__(stream, window_bits)
        self._decoder = Decoder(max_message_bytes, Inflate if window_bits else None)
        self._on_message, self._on_close, self._on_failure = on_message, on_close, on_failure
        self._accepts_binary = accepts_binary
        self._clock = clock
        self._stage = _OPEN
        self._waiting: asyncio.Future | None = None  # the message that is being handled
        self._timer: asyncio.TimerHandle | None = None
        self._linger_left = LINGER_BYTES
        self.close_code: int | None = None
        self.last_heard = clock()
        stream.set_nodelay(True)  # a short write must not wait for the acknowledgement of the one before
        self._read()

    @property
    def is_open(self) -> bool:
        """Whether what is sent now may still arrive."""
        return self._stage == _OPEN and not self._stream.closed()

    @property
    def is_paused(self) -> bool:
        """Whether a message is being handled, so that nothing can be heard from the peer."""
        return self._waiting is not None

    @property
    def frame_begun(self) -> int | None:
        """Which frame the peer has begun and not finished; None between frames."""
        decoder = self._decoder
        return decoder.frames_done if decoder.is_within_frame else None

    @property
    def message_begun(self) -> int | None:
        """Which message the peer has begun and not finished; None between messages."""
        decoder = self._decoder
        return decoder.messages_done if decoder.is_within_message else None

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Send a Close after what is unsent, wait for the peer's for up to CLOSE_TIMEOUT_S, and close TCP.

        Nothing happens the second time. Raises ValueError for a code that must not be sent.
        """
        self._close_with(close_frame(code, reason))

    def abort(self) -> None:
        """Close TCP now, without a Close frame: the peer sees 1006."""
        if self._stage != _GONE:
            self._stage = _GONE
            self._after(None)
            self._stream.close()
            self._stream.io_loop.add_callback(self._over)

    # ── receiving ────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> None:
        try:  # a callback, not a coroutine: an idle connection has no frames of one to keep
            self._stream.read_bytes(READ_BYTES, partial=True).add_done_callback(self._received)
        except OSError:  # closed already, or found closed just now
            self._stream.io_loop.add_callback(self._over)

    def _received(self, read: asyncio.Future[bytes]) -> None:
        if read.cancelled() or read.exception() is not None:
            self._over()
            return
        self.last_heard = self._clock()
        if self._stage < _HANGING_UP:
            self._deliver(self._decoder.feed(read.result()))
            return
        self._linger_left -= len(read.result())
        if self._linger_left < 0:
            self.abort()
        else:
            self._read()

    def _deliver(self, items: Iterator[tuple[int, str | bytes]]) -> None:
        """Handle what one read completed, then read on; a message that takes its time holds back all of it."""
        try:
            for opcode, payload in items:
                if opcode in (TEXT, BINARY):
                    self._handle(opcode, payload)
                elif opcode == PING:
                    self.pong(payload)
                elif opcode == CLOSE:
                    self._answer_close(payload)
                if self._stage >= _HANGING_UP:
                    break
                if self._waiting is not None:
                    self._waiting.add_done_callback(partial(self._resume, items))
                    return
        except Violation as violation:
            self.close(violation.code, violation.reason)
            self._hang_up()  # without waiting for the peer's Close: what follows cannot be understood
        if self.backlog is not None and (self.frame_begun is not None or self.message_begun is not None):
            self.backlog.watch(self)
        if self._stage != _GONE:
            self._read()

    def _handle(self, opcode: int, payload: str | bytes) -> None:
        if self._stage != _OPEN:
            return  # our Close is sent: only the peer's is still of interest
        if opcode == BINARY and not self._accepts_binary:
            self.close(1003, "text only")
            return
        try:
            result = self._on_message(payload)
            if result is not None:
                self._waiting = asyncio.ensure_future(result)
        except Exception as error:
            self._fail(error)

    def _resume(self, items: Iterator[tuple[int, str | bytes]], handled: asyncio.Future) -> None:
        self._waiting = None
        self.last_heard = self._clock()  # nobody listened until now
        error = asyncio.CancelledError() if handled.cancelled() else handled.exception()
        if error is not None:
            self._fail(error)
        self._deliver(items)

    def _fail(self, error: BaseException) -> None:
        """`on_message` failed: the traceback goes to the log, the message itself does not."""
        log.error("a message could not be handled", exc_info=error)
        if self._on_failure is not None and self._stage == _OPEN:
            try:
                self._on_failure()
            except Exception:
                log.exception("nor could its failure be told")
        self.close(1011, "server error")

    # ── ending ───────────────────────────────────────────────────────────────────────────────────────────────

    def _close_with(self, closing: bytes) -> None:
        if self._stage == _OPEN:
            self._stage = _CLOSING
            self.end(closing)
            self._after(CLOSE_TIMEOUT_S, self._hang_up)

    def _answer_close(self, payload: bytes) -> None:
        self.close_code = int.from_bytes(payload[:2]) if payload else 1005
        self._close_with(frame(payload[:2], CLOSE))
        self._hang_up()

    def _hang_up(self) -> None:
        """No Close will come any more: after what is unsent, FIN; then drop what still arrives for a moment."""
        if self._stage != _CLOSING:
            return
        self._stage = _HANGING_UP
        self._after(CLOSE_TIMEOUT_S, self.abort)
        self.draining().add_done_callback(self._linger)

    def _linger(self, drained: asyncio.Future[bool]) -> None:
        if self._stage == _GONE:
            return
        if not drained.result():
            self.abort()
            return
        # TLS cannot half close: where both Closes are out it just closes, else it gives the peer the same moment
        if self.half_close() or self.close_code is None:
            self._after(LINGER_S, self.abort)
        else:
            self.abort()

    def _after(self, delay_s: float | None, then: Callable[[], None] | None = None) -> None:
        """Set the one timer of the ending instead of the one that runs; None sets none."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if delay_s is None else asyncio.get_running_loop().call_later(delay_s, then)

    def _over(self) -> None:
        """TCP is closed. Forget everyone, so that no cycle waits for the collector, and tell the owner."""
        on_close, self._on_close = self._on_close, None
        if on_close is None:
            return
        self._stage = _GONE
        self._after(None)
        self._stream.close()
        self._on_message = self._on_failure = None
        on_close()
