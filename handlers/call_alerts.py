"""The alerts of a call as its page shows them: beside their segments, and between those."""

from collections import defaultdict
from collections.abc import Sequence

from events import Entry, encode
from rules.alert import Alert, alert_data
from rules.book import merged
from rules.pattern import Span


class CallAlerts:
    """`entries` are the page's, in speaking order."""

    def __init__(self, alerts: Sequence[Alert], entries: Sequence[Entry]):
        self.all = alerts
        self._of_segment: dict[str, list[Alert]] = defaultdict(list)
        self._after: dict[int | None, list[Alert]] = defaultdict(list)  # silences, by the seq of what stands above them
        for alert in alerts:
            if alert.segment_id is not None:
                self._of_segment[alert.segment_id].append(alert)
            else:
                before = [entry.seq for entry in entries if entry.stored_at <= alert.at]
                self._after[before[-1] if before else None].append(alert)

    @property
    def as_json(self) -> str:
        return encode([alert_data(alert) for alert in self.all]).decode()

    def names(self, entry: Entry) -> str:
        """`Refund, Legal threat`; "" where there are none."""
        return ", ".join(dict.fromkeys(alert.rule for alert in self._of_segment.get(entry.transcript.segment_id, ())))

    def spans(self, entry: Entry) -> list[Span]:
        """What to mark in its words."""
        told = self._of_segment.get(entry.transcript.segment_id, ())
        return merged(span for alert in told if alert.seq == entry.seq for span in alert.spans or ())

    def after(self, entry: Entry | None) -> list[Alert]:
        """Silences to show below this entry; above them all where None."""
        return self._after.get(entry.seq if entry else None, [])
