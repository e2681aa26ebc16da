"""A database that is away, as the log tells it: when that begins, once a minute while it lasts, and when it is over.

Whoever asks for something meanwhile is told by Unavailable, and need not log it again.
"""

import logging
import threading
import time
from collections.abc import Callable

from models.trouble import first_error

TOLD_EVERY_S = 60.0
CALM_S = 1.0  # without a failure, before it is over: where every other try fails, the log would fill

log = logging.getLogger(__name__)


class Outage:
    """Of one way to use the database; `what` is the end of `3 …`. Any thread may call. `clock` in seconds."""

    def __init__(self, what: str, level: int, *, clock: Callable[[], float] = time.monotonic):
        self._what, self._level, self._clock = what, level, clock
        self._lock = threading.Lock()
        self._began_at: float | None = None
        self._failed_at = self._told_at = 0.0
        self._failed = self._untold = 0  # since it began; since the last line

    def failed(self, error: BaseException, count: int = 1) -> None:
        with self._lock:
            self._failed_at = now = self._clock()
            if self._began_at is None:
                self._began_at, self._failed, self._untold = now, 0, 0
                self._told_at = now - TOLD_EVERY_S
            self._failed += count
            self._untold += count
            if now - self._told_at >= TOLD_EVERY_S:
                told, self._told_at, self._untold = self._untold, now, 0
                log.log(self._level, "%d %s: %s", told, self._what, " ".join(str(first_error(error)).split()))

    def worked(self) -> None:
        if self._began_at is None:  # as nearly always: no lock
            return
        with self._lock:
            now = self._clock()
            if self._began_at is not None and now - self._failed_at >= CALM_S:
                took, self._began_at = now - self._began_at, None
                log.warning("the database is back, after %.0f s: %d %s", took, self._failed, self._what)
