"""Who spoke for how long, who waited for whom: of when segments began and ended, and of nothing else. Pure.
static/js/measures.js does the same in a page that is live; tests/measures_cases.json holds both to it.

Whatever would need a time that is not known is None, never a guess.
"""

from bisect import bisect_left, insort
from copy import copy
from typing import NamedTuple

import msgspec

TURN_MS = 1000  # who goes on speaking within it has not begun anew; the page shows it as one turn
YIELD_MS = 200  # two who overlap by less took turns: recognisers' times are no better
LAST_S = 1e9  # of a producer that counts in something else; it would be infinite in ms
EVERY = 64  # segments from one remembered state to the next: that many are gone over again at most when one comes late
USER, ASSISTANT = 0, 1


class Numbers(NamedTuple):
    """Times in s."""

    talk_time_user: float | None
    talk_time_assistant: float | None
    talk_share_user: float | None  # 0–1, of what both talked
    talk_share_assistant: float | None
    silence_time: float | None
    longest_silence: float | None
    longest_silence_start: float | None  # from the answer
    interruptions: int | None
    interruptions_by_user: int | None
    interruptions_by_assistant: int | None
    average_response_time: float | None
    segments_without_times: int


class _Sweep(msgspec.Struct, gc=False):
    """What is known after some segments, in order of their starts; all in ms."""

    end: int = 0  # of whoever spoke longest so far; before, the answer
    last: int | None = None  # who that was
    silence: int = 0
    longest: int = 0
    longest_start: int | None = None
    waited: int = 0  # for the assistant, all times together
    responses: int = 0
    talked: tuple[int, int] = (0, 0)
    begun: tuple[int, int] = (-1, -1)  # the stretch in which each spoke last; -1: not yet
    ended: tuple[int, int] = (-1, -1)
    interrupted: tuple[int, int] = (0, 0)  # by each

    def take(self, start: int, end: int, who: int) -> None:
        other = 1 - who
        self.rest(start)
        if who == ASSISTANT and self.last == USER and start >= self.end:
            self.waited += start - self.end
            self.responses += 1
        begins = self.ended[who] < 0 or start - self.ended[who] >= TURN_MS
        if begins and 0 <= self.begun[other] < start and self.ended[other] - start >= YIELD_MS:
            self.interrupted = _with(self.interrupted, who, self.interrupted[who] + 1)
        if self.ended[who] < start:
            self.begun = _with(self.begun, who, start)
        if end > self.ended[who]:
            self.talked = _with(self.talked, who, self.talked[who] + end - max(start, self.ended[who]))
            self.ended = _with(self.ended, who, end)
        if end >= self.end:
            self.end, self.last = end, who

    def rest(self, until: int) -> None:
        """Nobody spoke from the last words until then."""
        gap = until - self.end
        if gap > 0:
            self.silence += gap
            if gap > self.longest:
                self.longest, self.longest_start = gap, self.end


class Measures:
    """Of one call. Segments come in any order; one that comes again takes the place of what it was."""

    def __init__(self) -> None:
        self._segments: dict[str, tuple[int, int, int] | int] = {}  # (start, end, who), or only who
        self._timed: list[tuple[int, int, int]] = []  # sorted
        self._untimed = [0, 0]
        self._states = [_Sweep()]  # before the segments 0, EVERY, 2 * EVERY …

    def take(self, segment_id: str, speaker: str, start: float | None, end: float | None) -> None:
        """A segment, by its latest times (s from the answer). It has times if it has both, in order."""
        self.withdraw(segment_id)
        who = ASSISTANT if speaker == "assistant" else USER
        if start is None or end is None or end < start:
            self._segments[segment_id] = who
            self._untimed[who] += 1
            return
        timed = self._segments[segment_id] = (milliseconds(start), milliseconds(end), who)
        self._forget(bisect_left(self._timed, timed))
        insort(self._timed, timed)

    def withdraw(self, segment_id: str) -> None:
        """It was not said after all."""
        known = self._segments.pop(segment_id, None)
        if isinstance(known, int):
            self._untimed[known] -= 1
        elif known is not None:
            at = bisect_left(self._timed, known)
            self._forget(at)
            del self._timed[at]

    def numbers(self, ended: float | None = None) -> Numbers:
        """So far, until the last words; of a call that is over until it `ended` (s from the answer), if that is known.

        Of a call of which no time is known, all are None.
        """
        sweep = self._swept()
        if ended is not None:
            sweep.rest(round(ended * 1000))
        is_timed = bool(self._timed)
        is_whole = is_timed and not any(self._untimed)
        talked = [_s(ms) if is_timed and not self._untimed[who] else None for who, ms in enumerate(sweep.talked)]
        both = sum(sweep.talked) if is_whole else 0
        return Numbers(
            *talked,
            *(round(1000 * ms / both) / 1000 if both else None for ms in sweep.talked),
            silence_time=_s(sweep.silence) if is_whole else None,
            longest_silence=_s(sweep.longest) if is_whole else None,
            longest_silence_start=_s(sweep.longest_start) if is_whole and sweep.longest_start is not None else None,
            interruptions=sum(sweep.interrupted) if is_whole else None,
            interruptions_by_user=sweep.interrupted[USER] if is_whole else None,
            interruptions_by_assistant=sweep.interrupted[ASSISTANT] if is_whole else None,
            average_response_time=_s(round(sweep.waited / sweep.responses)) if is_whole and sweep.responses else None,
            segments_without_times=sum(self._untimed),
        )

    def _forget(self, at: int) -> None:
        """What follows from the segments from this place on."""
        del self._states[at // EVERY + 1 :]

    def _swept(self) -> _Sweep:
        at = (len(self._states) - 1) * EVERY
        sweep = copy(self._states[-1])
        for timed in self._timed[at:]:
            if at % EVERY == 0 and at // EVERY == len(self._states):
                self._states.append(copy(sweep))
            sweep.take(*timed)
            at += 1
        return sweep


def _with(pair: tuple[int, int], who: int, value: int) -> tuple[int, int]:
    return (value, pair[1]) if who == USER else (pair[0], value)


def milliseconds(seconds: float) -> int:
    """Of a time from the answer; what is absurd becomes the nearest that is not."""
    return round(min(max(seconds, 0.0), LAST_S) * 1000)


def _s(ms: int) -> float:
    return ms / 1000
