"""One timer for all WebSockets: who is silent or stuck is dropped, so that its place is free again."""

import time
from collections import deque
from collections.abc import Callable

from tornado.ioloop import PeriodicCallback

from handlers.connection import Connection


class Heartbeat:
    """Pings each connection every `interval_s`, and aborts it when nothing at all is heard within `timeout_s` of that,
    or when bytes are unsent and none could be written for `stalled_s`.

    Silence is not held against a connection with unsent bytes (the ping may be behind them) nor against one that is
    handling a message (we do not listen). Time is counted in ticks of `tick_s`, so that a process that was stopped
    for a while does not find everyone silent on waking up.
    """

    def __init__(
        self,
        interval_s: float = 25,
        timeout_s: float = 10,
        stalled_s: float = 30,
        clock: Callable[[], float] = time.monotonic,
        tick_s: float = 1,
    ):
        self._timeout, self._stalled = max(1, round(timeout_s / tick_s)), max(1, round(stalled_s / tick_s))
        # a slice is pinged at each tick, in turn, so that thousands of pings do not leave at once
        self._slices: list[set[Connection]] = [set() for _ in range(max(1, round(interval_s / tick_s)))]
        self._pinged: deque[tuple[int, float, list[Connection]]] = deque()  # tick when due, clock at the ping, whom
        self._unsent: dict[Connection, tuple[int, int]] = {}  # bytes written, and the tick when they last grew
        self._clock = clock
        self._tick = 0
        self._timer = PeriodicCallback(self.tick, tick_s * 1000)

    def start(self) -> None:
        """Begin to tick on the current loop."""
        self._timer.start()

    def stop(self) -> None:
        """Tick no more; the connections stay as they are."""
        self._timer.stop()

    def add(self, connection: Connection) -> None:
        """Look after this connection until `discard`, which its owner calls from `on_close`."""
        self._slice(connection).add(connection)
        connection.backlog = self
        if connection.unsent_bytes:
            self.watch(connection)

    def discard(self, connection: Connection) -> None:
        """Look after it no more; nothing happens if it is unknown."""
        self._slice(connection).discard(connection)
        self._unsent.pop(connection, None)
        connection.backlog = None

    def watch(self, connection: Connection) -> None:
        """The connection has unsent bytes: see that they move. Called by the connection itself."""
        if connection not in self._unsent:
            self._unsent[connection] = connection.written_bytes, self._tick

    def tick(self) -> None:
        """One tick has passed."""
        self._tick += 1
        self._abort_stalled()
        self._abort_silent()
        whom = [each for each in self._slices[self._tick % len(self._slices)] if not each.unsent_bytes]
        for connection in whom:
            connection.ping()
        self._pinged.append((self._tick + self._timeout, self._clock(), whom))

    def _abort_stalled(self) -> None:
        for connection, (written, since) in list(self._unsent.items()):
            if not connection.unsent_bytes:
                del self._unsent[connection]
            elif connection.written_bytes != written:
                self._unsent[connection] = connection.written_bytes, self._tick
            elif self._tick - since >= self._stalled:
                del self._unsent[connection]
                connection.abort()

    def _abort_silent(self) -> None:
        while self._pinged and self._pinged[0][0] <= self._tick:
            _, pinged_at, whom = self._pinged.popleft()
            for connection in whom:
                is_silent = connection.last_heard < pinged_at
                if is_silent and not connection.unsent_bytes and not connection.is_paused:
                    connection.abort()

    def _slice(self, connection: Connection) -> set[Connection]:
        return self._slices[hash(connection) % len(self._slices)]
