"""The timeline of a call for its page: drawn, and in words. static/js/timeline.js goes on with both. Pure."""

from collections.abc import Iterable, Sequence
from functools import cached_property
from operator import attrgetter

from events import Call
from handlers.page_filters import mmss, tenths
from handlers.timeline_layout import (
    LAST_MS,
    Mark,
    axis_end,
    joined,
    overlaps,
    path,
    percent,
    segment_at,
    silences,
    stretches,
    ticks,
    timed,
)
from models.entries import Spoken
from models.notes import Note
from rules.alert import Alert

MOST_TOLD = 20  # of a kind, in words: who wants all reads the transcript
LONGEST_NAME = 60  # characters of a note
Fact = tuple[
    str, list[tuple[str, str | None]]
]  # ("Both at once", [("3:05", "s7")]), a text and the segment it leads to


class CallTimeline:
    """`spoken` as `entries.spoken` gives it; `now` in µs."""

    def __init__(self, call: Call, spoken: Sequence[Spoken], alerts: Iterable[Alert], notes: Iterable[Note], now: int):
        self.said, self.untimed = timed(spoken)
        self.names = ("Customer", call.assistant_name)
        last = max((one.end for one in self.said), default=0)
        lasted = None if (seconds := call.seconds(now)) is None else min(seconds * 1000, LAST_MS)
        self.spoken_until = max(last, lasted or 0) if call.is_over else last  # a silence may still go on
        self.end = axis_end(max(last, lasted or 0), call.is_over)
        self.now = None if call.is_over or lasted is None else lasted
        self._starts = {one.segment_id: one.start for one in self.said}
        self._began_at = call.started_at
        self._alerts = _in_order(self._alert(alert) for alert in alerts)
        self._notes = _in_order(self._note(note) for note in notes)
        self.is_empty = not self.said and not self.untimed and call.is_over
        self.is_untimed = not self.said and self.untimed > 0

    def _alert(self, alert: Alert) -> Mark | None:
        if alert.segment_id is not None:
            return self._mark(self._starts.get(alert.segment_id), alert.rule, alert.segment_id)
        at = None if self._began_at is None else alert.at // 1000 - self._began_at // 1000
        return self._mark(at, alert.rule, None)

    def _note(self, note: Note) -> Mark | None:
        at = None if note.at_seconds is None else round(note.at_seconds * 1000)
        name = note.text if len(note.text) <= LONGEST_NAME else note.text[:LONGEST_NAME] + "…"
        return self._mark(self._starts.get(note.segment_id, at), name or "Mark", note.segment_id)

    def _mark(self, at: int | None, name: str, segment_id: str | None) -> Mark | None:
        """Nothing where there is no place for it."""
        if at is None or not 0 <= at <= LAST_MS:
            return None
        return Mark(at, name, segment_id if segment_id in self._starts else segment_at(self.said, at))

    # ── drawn ────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def paths(self) -> dict[str, str]:
        """By the name of its place on the page."""
        customer, assistant = ([one for one in self._turns if one.who == who] for who in (0, 1))
        spans = {"customer": customer, "assistant": assistant, "both": self._overlaps, "nobody": self._silences}
        return {name: path(some, self.end) for name, some in spans.items()}

    @property
    def ticks(self) -> list[tuple[str, str]]:
        return [(self.x(tick), mmss(tick / 1000)) for tick in ticks(self.end)]

    @property
    def marks(self) -> list[tuple[str, str, str, str | None]]:
        """(kind, x, name, the segment it leads to); those that are painted over others last."""
        kinds = (("note", self._notes), ("alert", self._alerts))
        return [(kind, self.x(it.at), it.name, it.segment_id) for kind, all_ in kinds for it in joined(all_, self.end)]

    def x(self, at: int) -> str:
        return percent(at, self.end)

    @cached_property
    def _turns(self) -> list:
        return stretches(self.said)

    @cached_property
    def _overlaps(self) -> list:
        return overlaps(self.said)

    @cached_property
    def _silences(self) -> list:
        """None where somebody spoke, and it is not known when."""
        return [] if self.untimed else silences(self.said, self.spoken_until)

    # ── in words ─────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def facts(self) -> list[Fact]:
        turns = [one.who for one in self._turns]
        told: list[Fact] = [("Turns", [(f"{name} {turns.count(who)}", None) for who, name in enumerate(self.names)])]
        if not self.untimed:
            told.append(("Longest silence", [self._longest_silence()]))
        both = [(mmss(span.start / 1000), segment_at(self.said, span.start)) for span in self._overlaps]
        told.append(("Both at once", _some(both) or [("never", None)]))
        for name, marks in (("Alerts", self._alerts), ("Notes and marks", self._notes)):
            if marks:
                told.append((name, _some([(f"{it.name} at {mmss(it.at / 1000)}", it.segment_id) for it in marks])))
        if self.untimed:
            told.append(("Not drawn", [(f"{self.untimed} without times", None)]))
        return told

    def _longest_silence(self) -> tuple[str, str | None]:
        if not self._silences:
            return "under 5 s", None
        longest = max(self._silences, key=lambda span: span.end - span.start)
        lasted, began = (longest.end - longest.start) / 1000, longest.start / 1000
        return f"{tenths(lasted)} at {mmss(began)}", segment_at(self.said, longest.end)


def _in_order(marks: Iterable[Mark | None]) -> list[Mark]:
    return sorted((mark for mark in marks if mark), key=attrgetter("at"))


def _some(told: list[tuple[str, str | None]]) -> list[tuple[str, str | None]]:
    rest = len(told) - MOST_TOLD
    return told if rest <= 0 else [*told[:MOST_TOLD], (f"and {rest} more", None)]
