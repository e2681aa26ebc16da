"""What a test call is: a short invented call as its provider would post it, for people to see that a source works.

Each `<kind>_trial` is one, as pure functions: times are the caller's.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from events import SECOND, Speaker

STEP_US = SECOND // 4  # between two requests; a real call's partials come about as often


class Turn(NamedTuple):
    speaker: Speaker
    phrases: tuple[str, ...]  # the words by which its partials grow
    confidence: float


TURNS = (
    Turn("assistant", ("Hello, this", "is a test call", "from your settings page."), 0.98),
    Turn("user", ("Good. So my words", "arrive here", "as they are spoken?"), 0.94),
    Turn("assistant", ("They do. The calls", "of your own number", "will look just like this."), 0.97),
)


class Step(NamedTuple):
    """One request."""

    after_us: int  # since the call's start
    body: bytes
    query: str = ""  # of the address


class Trial(Protocol):
    """What each of these modules has."""

    TELLS_END: bool  # whether its requests say that the call has ended

    def trial_call(self, call_sid: str, account: str | None, started_at: int) -> Iterator[Step]:
        """The requests in order, from the answer to the end; `account` None: the source takes any."""

    def headers(self, url: str, body: bytes, secret: str | None, now: int) -> dict[str, str]:
        """Those of a request to `url`, signed where there is a secret; `now` in µs, for signatures with a time."""


def grown(turn: Turn) -> list[str]:
    """What was said of it so far, after each phrase; the last is all of it."""
    return [" ".join(turn.phrases[:count]) for count in range(1, len(turn.phrases) + 1)]
