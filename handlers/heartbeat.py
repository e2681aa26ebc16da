"""One timer for all WebSockets: who is silent or stuck is dropped, so that its place is free again."""

import time
from collections import deque
from collections.abc import Callable
from operator import attrgetter

from tornado.ioloop import PeriodicCallback

from handlers.connection import Connection
from metrics import Numbers


class Standstill:
    """Who has something under way that must move on: `since` has its progress and the tick when that last changed."""

    def __init__(self, name: str, patience: int, progress: Callable[[Connection], int | None]):
        self.name, self._patience, self._progress = name, patience, progress  # ticks; None: nothing is under way
        self.since: dict[Connection, tuple[int, int]] = {}

    def look(self, connection: Connection, tick: int) -> bool:
        """Whether it has stood still for too long."""
        progress = self._progress(connection)
        before, since = self.since.get(connection, (None, tick))
        if progress is None:
            self.since.pop(connection, None)
        elif progress != before:
            self.since[connection] = progress, tick
        return progress is not None and progress == before and tick - since >= self._patience


def _written(connection: Connection) -> int | None:
    return connection.written_bytes if connection.unsent_bytes else None


class Heartbeat:
    """Pings each connection every `interval_s`, and aborts it when nothing at all is heard within `timeout_s` of that,
    when bytes are unsent and none could be written for `stalled_s`, or when what the peer has begun is not finished:
    a frame within `frame_s`, a message of several frames within `message_s`.

    Silence is not held against a connection with unsent bytes (the ping may be behind them) nor against one that is
    handling a message (we do not listen). Time is counted in ticks of `tick_s`, so that a process that was stopped
    for a while does not find everyone silent on waking up.
    """

    def __init__(
        self,
        interval_s: float = 25,
        timeout_s: float = 10,
        stalled_s: float = 30,
        frame_s: float = 30,  # a producer's longest message, 1 MiB, at 280 kbit/s
        message_s: float = 60,
        clock: Callable[[], float] = time.monotonic,
        tick_s: float = 1,
        numbers: Numbers | None = None,
    ):
        self._dropped = (numbers or Numbers()).dropped
        self._timeout = max(1, round(timeout_s / tick_s))
        self._standstills = [
            Standstill("stalled", max(1, round(stalled_s / tick_s)), _written),
            Standstill("unfinished", max(1, round(frame_s / tick_s)), attrgetter("frame_begun")),
            Standstill("unfinished", max(1, round(message_s / tick_s)), attrgetter("message_begun")),
        ]
        # a slice is pinged at each tick, in turn, so that thousands of pings do not leave at once
        self._slices: list[set[Connection]] = [set() for _ in range(max(1, round(interval_s / tick_s)))]
        self._pinged: deque[tuple[int, float, list[Connection]]] = deque()  # tick when due, clock at the ping, whom
        self._clock = clock
        self._tick = 0
        self._timer = PeriodicCallback(self.tick, tick_s * 1000)

    def start(self) -> None:
        """Begin to tick on the current loop."""
        self._timer.start()

    def stop(self) -> None:
        """Tick no more; the connections stay as they are."""
        self._timer.stop()

    def __len__(self) -> int:
        """How many connections are looked after."""
        return sum(map(len, self._slices))

    def add(self, connection: Connection) -> None:
        """Look after this connection until `discard`, which its owner calls from `on_close`."""
        self._slice(connection).add(connection)
        connection.backlog = self
        if connection.unsent_bytes:
            self.watch(connection)

    def discard(self, connection: Connection) -> None:
        """Look after it no more; nothing happens if it is unknown."""
        self._slice(connection).discard(connection)
        for standstill in self._standstills:
            standstill.since.pop(connection, None)
        connection.backlog = None

    def watch(self, connection: Connection) -> None:
        """The connection has unsent bytes or half a message: see that they move. Called by the connection itself."""
        for standstill in self._standstills:
            if connection not in standstill.since:
                standstill.look(connection, self._tick)

    def tick(self) -> None:
        """One tick has passed."""
        self._tick += 1
        for standstill in self._standstills:
            for connection in list(standstill.since):
                if standstill.look(connection, self._tick):
                    self._drop(connection, standstill.name)
        self._abort_silent()
        whom = [each for each in self._slices[self._tick % len(self._slices)] if not each.unsent_bytes]
        for connection in whom:
            connection.ping()
        self._pinged.append((self._tick + self._timeout, self._clock(), whom))

    def _abort_silent(self) -> None:
        while self._pinged and self._pinged[0][0] <= self._tick:
            _, pinged_at, whom = self._pinged.popleft()
            for connection in whom:
                is_silent = connection.last_heard < pinged_at
                if is_silent and not connection.unsent_bytes and not connection.is_paused:
                    self._drop(connection, "silent")

    def _drop(self, connection: Connection, reason: str) -> None:
        self._dropped["connection", reason] += 1
        connection.abort()

    def _slice(self, connection: Connection) -> set[Connection]:
        return self._slices[hash(connection) % len(self._slices)]
