"""Media times of sentences whose provider tells none: made of when its results were made, never of when they arrived.

Approximate: a result lags what was said by about a second.
"""

from events import SECOND

WORDS_PER_S = 2.5  # of unhurried English; only for sentences of which nothing was heard while they were spoken


def offset(at: int | None, t0: int | None) -> float | None:
    """Seconds from the answer `t0` to `at` (both µs), never negative; None where one of them is unknown."""
    return None if at is None or t0 is None else max(0, at - t0) / SECOND


def sentence_times(
    content: str,
    *,
    ended_at: int | None,
    t0: int | None,
    start: float | None = None,
    begun_at: int | None = None,
    previous_end_at: int | None = None,
) -> tuple[float | None, float | None]:
    """Start and end in s from the answer, 0 ≤ start ≤ end; None while `t0` is unknown.

    The start is `start` where a viewer was told it, else `begun_at`, else by the number of words, but not before the
    end of the sentence before it.
    """
    end = offset(ended_at, t0)
    if end is None or ended_at is None:
        return None, None
    if start is None:
        start = offset(begun_at, t0)
    if start is None:
        said_at = ended_at - round(len(content.split()) / WORDS_PER_S * SECOND)
        start = offset(max(said_at, previous_end_at or said_at), t0)
    return (None if start is None else min(start, end)), end
