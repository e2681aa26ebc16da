"""Who spoke when on a call, laid out as its page draws it. Pure.

Times are ms from the answer. The drawing is UNITS across and made of whole numbers, so that
static/js/timeline_layout.js goes on with what the server drew to the last pixel; tests/timeline_cases.json holds both
to it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

from measures import TURN_MS, YIELD_MS, milliseconds

UNITS = 2000  # about half a pixel where the page is widest; what is nearer than one is drawn as one
SILENCE_MS = 5000
LAST_MS = 86_400_000  # later times are of a producer that counts in something else, and would leave no room for others
# Each at most half as much again as the one before: once past the first, two thirds of the drawing are call.
ENDS_S = (60, 90, 120, 180, 240, 360, 480, 600, 900, 1200, 1800, 2700)
ENDS_S += (3600, 5400, 7200, 10_800, 14_400, 21_600, 28_800, 43_200, 64_800, 86_400)
TICKS_S = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400)
MOST_TICKS = 6  # from one to the next, on a narrow screen, as wide as `120:00`
NEAR = 20  # units within which marks are one


class Said(NamedTuple):
    start: int
    end: int
    who: int
    segment_id: str


class Span(NamedTuple):
    start: int
    end: int


class Mark(NamedTuple):
    at: int
    name: str
    segment_id: str | None  # to go to; None: nothing was said by then


def timed(spoken: Iterable) -> tuple[list[Said], int]:
    """Those `entries.Spoken` that have words and times, by start, end and speaker; and how many lack times."""
    said, untimed = [], 0
    for one in spoken:
        if not one.has_words:
            continue
        has_times = one.start is not None and one.end is not None and one.end >= one.start
        if has_times and (end := milliseconds(one.end)) <= LAST_MS:
            said.append(Said(milliseconds(one.start), end, int(one.speaker == "assistant"), one.segment_id))
        else:
            untimed += 1
    return sorted(said, key=attrgetter("start", "end", "who")), untimed


def stretches(said: Iterable[Said], gap: int = TURN_MS) -> list[Said]:
    """Of each speaker what is less than `gap` apart as one, under the id of its first segment; in order of start."""
    found: list[Said] = []
    last: dict[int, int] = {}  # who → where in `found`
    for one in said:
        at = last.get(one.who)
        if at is not None and one.start - found[at].end < gap:
            found[at] = found[at]._replace(end=max(found[at].end, one.end))
        else:
            last[one.who] = len(found)
            found.append(one)
    return found


def overlaps(said: Iterable[Said]) -> list[Span]:
    """When both spoke; not where they only took turns."""
    lanes: tuple[list[Said], list[Said]] = ([], [])
    for one in stretches(said, 1):
        lanes[one.who].append(one)
    found, at = [], [0, 0]
    while at[0] < len(lanes[0]) and at[1] < len(lanes[1]):
        user, assistant = lanes[0][at[0]], lanes[1][at[1]]
        both = Span(max(user.start, assistant.start), min(user.end, assistant.end))
        if both.end - both.start >= YIELD_MS:
            found.append(both)
        at[0 if user.end < assistant.end else 1] += 1
    return found


def silences(said: Iterable[Said], until: int) -> list[Span]:
    """When nobody spoke, for SILENCE_MS or longer, from the answer on."""
    found, furthest = [], 0
    for start, end in [*((one.start, one.end) for one in said), (until, until)]:
        if start - furthest >= SILENCE_MS:
            found.append(Span(furthest, start))
        furthest = max(furthest, end)
    return found


def segment_at(said: Sequence[Said], moment: int) -> str | None:
    """Who began last by then."""
    at = bisect_right(said, moment, key=attrgetter("start"))
    return said[at - 1].segment_id if at else None


def axis_end(until: int, is_over: bool) -> int:
    """Where the drawing ends: with the call, or, while it grows, at a step that it doesn't reach too soon."""
    if is_over:
        return max(until, 1000)
    return next((step * 1000 for step in ENDS_S if step * 1000 > until), LAST_MS)


def ticks(end: int) -> list[int]:
    step = next((step * 1000 for step in TICKS_S if end <= step * 1000 * MOST_TICKS), TICKS_S[-1] * 1000)
    return list(range(0, end + 1, step))


def units(moment: int, end: int) -> int:
    return min(moment * UNITS // end, UNITS)


def path(spans: Iterable, end: int) -> str:
    """Boxes of height 1 as an SVG path; what is too near for a gap to be seen is one, so that they are not many."""
    boxes: list[list[int]] = []
    for span in spans:
        left = min(units(span.start, end), UNITS - 2)
        right = max(units(span.end, end), left + 2)
        if boxes and left - boxes[-1][1] <= 1:
            boxes[-1][1] = max(boxes[-1][1], right)
        else:
            boxes.append([left, right])
    return "".join(f"M{left} 0H{right}V1H{left}Z" for left, right in boxes)


def percent(moment: int, end: int) -> str:
    return f"{units(moment, end) / (UNITS // 100):g}%"


def joined(marks: Iterable[Mark], end: int) -> list[Mark]:
    """The marks to draw, of marks in order: what is too near to be told apart stands where the first does, as one."""
    groups: list[list[Mark]] = []
    for mark in marks:
        if groups and units(mark.at, end) - units(groups[-1][0].at, end) < NEAR:
            groups[-1].append(mark)
        else:
            groups.append([mark])
    return [group[0]._replace(name=", ".join(dict.fromkeys(mark.name for mark in group))) for group in groups]
