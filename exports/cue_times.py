"""When a subtitle is shown: as measured, and where that is unknown, about when the words came; never out of order."""

from array import array
from collections.abc import Sequence
from typing import NamedTuple

from events import Call, Entry, Transcript
from exports.plain import LAST_S

READ_PER_S = 15  # characters: what subtitlers hold to be read without haste
SHORTEST_MS, LONGEST_MS = 1000, 7000  # of an estimate
LAST_MS = round(LAST_S * 1000)


class Cue(NamedTuple):
    """ms from the answer of the call; `start` < `end`."""

    start: int
    end: int
    estimated: str = ""  # "end", "start" or "start and end": what was not measured


class CueTimes:
    """Of entries in speaking order, whose `starts` are known beforehand (s, None: unknown).

    What was measured stays as it is, overlaps too: people do talk at once. An estimated start is taken from the end,
    or from when the words were made, but lies between the starts before and after it, so that cues stay in order.
    """

    def __init__(self, call: Call, starts: Sequence[float | None]):
        self._zero = call.created_at if call.started_at is None else call.started_at
        self._ceilings = array("q", [LAST_MS - 1]) * len(starts)
        ceiling = LAST_MS - 1
        for at in range(len(starts) - 1, -1, -1):
            start = starts[at]
            self._ceilings[at] = ceiling = ceiling if start is None else min(ceiling, _ms(start))
        self._at = self._floor = 0

    def next(self, entry: Entry) -> Cue:
        said = entry.transcript
        ceiling = self._ceilings[self._at]
        self._at += 1
        end = None if said.segment_end is None else _ms(said.segment_end)
        if said.segment_start is not None:
            start, is_measured = ceiling, True
            has_length = end is not None and said.segment_end > said.segment_start
            end = max(end, start + 1) if has_length else None
        else:
            made_at = entry.stored_at if said.created_at is None else said.created_at
            until = (made_at - self._zero) // 1000 if end is None else end
            start, is_measured = min(max(until - reading_ms(said), self._floor), ceiling), False
            end = end if end is not None and end > start else None
        self._floor = start
        return _cue(said, start, end, is_measured=is_measured)


def reading_ms(said: Transcript) -> int:
    return min(max(len(said.content) * 1000 // READ_PER_S, SHORTEST_MS), LONGEST_MS)


def _cue(said: Transcript, start: int, end: int | None, *, is_measured: bool) -> Cue:
    if end is None:
        end = min(start + reading_ms(said), LAST_MS)
        return Cue(start, end, "end" if is_measured else "start and end")
    return Cue(start, end, "" if is_measured else "start")


def _ms(seconds: float) -> int:
    return round(min(max(seconds, 0.0) * 1000, LAST_MS - 1))


def timestamp(ms: int, point: str) -> str:
    """`00:00:05.100`, with `point` before the ms."""
    seconds, ms = divmod(ms, 1000)
    minutes, second = divmod(seconds, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{second:02}{point}{ms:03}"
