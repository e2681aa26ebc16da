"""How many messages a client may send: so many in any second."""

from collections import deque
from enum import Enum

PATIENCE = 5  # seconds running beyond the limit before the connection is closed


class Verdict(Enum):
    TAKEN = "taken"
    DROPPED = "dropped"
    TOLD = "dropped, and the client is to be told"
    CLOSED = "beyond the limit for too long"


class MessageLimit:
    """A sliding second: a message is dropped if as many as the limit were taken in the second before it."""

    __slots__ = ("_offences", "_since", "_taken")

    def __init__(self, per_second: int):
        self._taken: deque[float] = deque(maxlen=per_second)
        self._since = float("-inf")  # when the present second of offences began
        self._offences = 0  # such seconds running

    def judge(self, now: float) -> Verdict:
        """What to do with a message that came at `now` (s, monotonic)."""
        taken = self._taken
        if len(taken) < taken.maxlen or now - taken[0] >= 1:
            taken.append(now)
            return Verdict.TAKEN
        if now - self._since < 1:
            return Verdict.DROPPED
        self._offences = self._offences + 1 if now - self._since < 2 else 1
        self._since = now
        return Verdict.CLOSED if self._offences >= PATIENCE else Verdict.TOLD
