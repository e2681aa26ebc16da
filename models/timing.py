"""How long the database takes: counted; and where it is long, or does not answer, written down."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from metrics import Numbers
from models.outage import Outage

SLOW_S = 1.0  # nothing that is asked takes a tenth of it, unless the disk, the network or a lock is in trouble

log = logging.getLogger(__name__)


class Timing:
    """Of one store. `monotonic` seconds everywhere."""

    def __init__(self, numbers: Numbers, slow_s: float = SLOW_S):
        self._numbers, self._slow_s = numbers, slow_s
        self._reading = Outage("reads were not answered", logging.WARNING)
        self._writing = Outage("writes were not committed", logging.ERROR)

    def read(self, work: Callable[..., Any], asked_at: float, begun_at: float) -> None:
        """A question was answered just now, in a thread of the readers; or not, a moment after `not_answered`."""
        now = time.monotonic()
        self._reading.worked()
        if now - asked_at > self._slow_s:
            _write_down("a read", name(work), now - begun_at, begun_at - asked_at)

    def committed(self, works: Sequence[Callable[..., Any]], asked_at: float, begun_at: float) -> None:
        """A batch of these was committed just now; the one that waited longest was asked for at `asked_at`."""
        now = time.monotonic()
        self._writing.worked()
        self._numbers.commit_writes.observe(len(works))
        self._numbers.commit_s.observe(now - begun_at)
        if now - asked_at > self._slow_s:
            names = Counter(map(name, works))
            each = [one if count == 1 else f"{one} ×{count}" for one, count in names.most_common()]
            _write_down("a commit", ", ".join(each), now - begun_at, begun_at - asked_at)

    def not_answered(self, error: BaseException) -> None:
        self._reading.failed(error)

    def not_committed(self, error: BaseException, writes: int) -> None:
        """A batch of so many."""
        self._numbers.commits_failed += 1
        self._writing.failed(error, writes)


def name(work: Callable[..., Any]) -> str:
    """`models.calls.by_sid`"""
    while isinstance(work, partial):
        work = work.func
    of = work if hasattr(work, "__qualname__") else type(work)
    return f"{of.__module__}.{of.__qualname__}"


def _write_down(what: str, operation: str, seconds: float, waited_s: float) -> None:
    fields = {"operation": operation, "seconds": round(seconds, 3), "waited_s": round(waited_s, 3)}
    message = "%s was slow: %s took %.3f s, after %.3f s of waiting for its turn"
    log.warning(message, what, operation, seconds, waited_s, extra={"fields": fields})
