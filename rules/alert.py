"""An alert that is stored, how it looks on the wire, and how many a call has."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from events import encode, rfc3339
from rules.pattern import Span


class Alert(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A rule that fitted once: a segment, or a silence."""

    id: int  # grows within a call
    rule_id: int
    rule: str  # its name, as it was then
    segment_id: str | None  # None: a silence
    seq: int | None  # the newest entry of its segment that fits; None: only unfinished words did, or a silence
    spans: list[Span] | None  # what fits in that entry's content, in characters; None: no words in particular
    at: int  # µs, when it was raised
    is_again: bool = False  # told before: now about a newer entry of its segment


def alert_data(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.id,
        "rule": alert.rule,
        "rule_id": alert.rule_id,
        "segment_id": alert.segment_id,
        "seq": alert.seq,
        "spans": alert.spans,
        "at": rfc3339(alert.at),
    }


def alert_message(call_sid: str, alert: Alert) -> bytes:
    return encode({"type": "alert", "call_sid": call_sid, "timestamp": rfc3339(alert.at), "data": alert_data(alert)})


class RuleCount(NamedTuple):
    """How often a rule fitted on a call."""

    rule_id: int
    rule: str
    count: int
    last_at: int  # µs
    last_id: int  # of its alerts


class Tally:
    """The alerts of one call, counted by rule; each alert once, also where it is told of twice."""

    __slots__ = ("_counts", "_last_id")

    def __init__(self, counts: Iterable[RuleCount] = ()):
        self._counts = {count.rule_id: count for count in counts}
        self._last_id = max((count.last_id for count in self._counts.values()), default=0)

    def __bool__(self) -> bool:
        return bool(self._counts)

    @property
    def total(self) -> int:
        return sum(count.count for count in self._counts.values())

    def add(self, alert: Alert) -> bool:
        """False where it was counted before."""
        if alert.id <= self._last_id:
            return False
        known = self._counts.get(alert.rule_id)
        so_many = known.count + 1 if known else 1
        self._counts[alert.rule_id] = RuleCount(alert.rule_id, alert.rule, so_many, alert.at, alert.id)
        self._last_id = alert.id
        return True

    def as_json(self) -> list[dict[str, Any]]:
        return [
            {"rule": one.rule, "rule_id": one.rule_id, "count": one.count, "last_at": rfc3339(one.last_at)}
            for one in self._counts.values()
        ]
