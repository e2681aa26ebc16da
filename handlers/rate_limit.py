"""How often something may happen for each of many subjects, in one number for each of them."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

REMEMBERED = 100_000  # subjects, some 20 MB; beyond it the one that is longest unheard of begins anew


class TooMany(Exception):
    """Not now. `retry_after` (whole s, at least 1) is when there is room again."""

    def __init__(self, message: str, wait_s: float):
        super().__init__(message)
        self.retry_after = max(1, math.ceil(wait_s))


class RateLimit:
    """`burst` at once, and then `burst` again in every `period_s`, evenly: a bucket that leaks (GCRA, ITU-T I.371).

    What turned out to be harmless is given back: so only what failed counts, and yet a thousand that are tried at the
    same moment count from the start.
    """

    def __init__(self, burst: int, period_s: float, clock: Callable[[], float] = time.monotonic):
        self._each_ns = round(period_s * 1e9 / burst)  # whole numbers: thousands of them still add up exactly
        self._depth_ns = self._each_ns * (burst - 1)
        self._clock = clock
        self.refused = 0
        self._empty_at: OrderedDict[Hashable, int] = OrderedDict()  # ns, when the subject's bucket will have leaked out

    def take(self, subject: Hashable, message: str) -> None:
        """Count one. Raises TooMany, with this message, where there is no room for it; it does not count then."""
        self.check(subject, message)
        self._empty_at[subject] = max(self._now(), self._empty_at.get(subject, 0)) + self._each_ns
        self._empty_at.move_to_end(subject)
        if len(self._empty_at) > REMEMBERED:
            self._empty_at.popitem(last=False)

    def check(self, subject: Hashable, message: str) -> None:
        """Raises TooMany where `take` would."""
        over_ns = self._empty_at.get(subject, 0) - self._now() - self._depth_ns
        if over_ns > 0:
            self.refused += 1
            self._empty_at.move_to_end(subject)  # it was heard of: a flood of others does not free it
            raise TooMany(message, over_ns / 1e9)

    def give_back(self, subject: Hashable) -> None:
        """One that was taken does not count."""
        if subject in self._empty_at:
            self._empty_at[subject] -= self._each_ns
            if self._empty_at[subject] <= self._now():
                del self._empty_at[subject]

    def _now(self) -> int:
        return round(self._clock() * 1e9)
