"""The organisation's feed: a row for each running call, what changed in a tick merged and encoded once for everyone.

An event costs the wall one dictionary entry, however many watch; a tick costs what changed in it. Starts, ends and
alerts are sent at once. A watcher that is slow keeps the newest row of each call that it missed, and gets those when it
has caught up: there is no log here, a new connection is a new snapshot.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from events import Call, Transcript, encode, rfc3339, status_metadata, transcript_data
from hub.viewer import MAX_UNSENT_BYTES, Outlet
from rules.alert import Alert, Tally


class Row:
    """One call on the wall."""

    __slots__ = ("_final", "alerts", "call", "said")

    def __init__(self, call: Call, said: Transcript | None = None, alerts: Tally | None = None):
        self.call = call
        self.alerts = alerts or Tally()
        self.said = self._final = said  # the newest words, interims too; and the newest that will stay

    def hear(self, said: Transcript) -> None:
        if said.is_final:
            self.said = self._final = said
        elif said.content:
            self.said = said
        elif self.said is not None and self.said.segment_id == said.segment_id:
            self.settle()  # the interim was taken back

    def settle(self) -> None:
        """The call is over: words without their final will not get one any more."""
        self.said = self._final

    def erase(self) -> None:
        """The call was deleted: it is over, and nothing is told of it."""
        told = {"from_number": None, "to_number": None, "end_reason": "erased", "metadata": {}}
        version = self.call.status_version + 1
        self.call = replace(self.call, status="failed", status_version=version, transcript_count=0, **told)
        self.said = self._final = None
        self.alerts = Tally()

    def as_json(self, now: int, viewers: int) -> dict[str, Any]:
        call = self.call
        return {
            "call_sid": call.call_sid,
            "status": call.status,
            "metadata": status_metadata(call, now),
            "last": transcript_data(self.said) if self.said else None,
            "segments": call.transcript_count,
            "viewers": viewers,
            "alerts": self.alerts.as_json(),
        }


class Watcher:
    """One viewer of the wall; it follows once `follow` was called, and keeps what it missed until then."""

    __slots__ = ("_is_live", "missed", "outlet")

    def __init__(self, outlet: Outlet):
        self.outlet = outlet
        self.missed: dict[int, Row] = {}
        self._is_live = False

    def take(self, rows: dict[int, Row], frame: bytes) -> None:
        if self._is_live and self.outlet.unsent_bytes <= MAX_UNSENT_BYTES:
            self.outlet.send(frame)
            return
        self.missed |= rows
        if self._is_live:
            self._is_live = False
            self.outlet.catch_up()

    def follow(self) -> None:
        self._is_live = True


class Wall:
    """The running calls of one organisation, as those who watch them know them."""

    def __init__(self, clock: Callable[[], int], wrap: Callable[[bytes], bytes], viewers: Callable[[int], int]):
        self._clock, self._wrap, self._viewers = clock, wrap, viewers
        self._rows: dict[int, Row] = {}
        self._changed: dict[int, Row] = {}
        self._raised: list[tuple[int, Alert]] = []  # until it is loaded: the snapshot may know them or not
        self._ended: set[int] = set()  # while something is read, so that what was read before does not bring them back
        self._is_reading = True
        self.watchers: set[Watcher] = set()
        self.is_loaded = False

    def load(self, running: list[tuple[Call, Transcript | None]], tallies: Mapping[int, Tally] | None = None) -> None:
        """The running calls, their newest entries and (by call) alerts from the store, read after the wall was put up:
        what was heard meanwhile is newer. Only the first time: a second reader's snapshot could know calls that have
        ended since."""
        if self.is_loaded:
            return
        for call, said in running:
            if call.id not in self._rows and call.id not in self._ended:
                self._rows[call.id] = Row(call, said)
        for call_id, tally in (tallies or {}).items():
            if call_id in self._rows:
                self._rows[call_id].alerts = tally
        for call_id, alert in self._raised:
            if call_id in self._rows:
                self._rows[call_id].alerts.add(alert)
        self.is_loaded = True
        self._raised.clear()
        self.end_reading()

    def begin_reading(self) -> None:
        """Calls are being read from the store; what is heard before `end_reading` may be older than what is known."""
        self._is_reading = True

    def end_reading(self) -> None:
        self._is_reading = False
        self._ended.clear()

    @property
    def calls(self) -> list[Call]:
        return [row.call for row in self._rows.values()]

    def snapshot(self) -> bytes:
        return self._message("snapshot", self._rows)

    def updates(self, rows: dict[int, Row]) -> bytes:
        return self._message("calls_updated", rows)

    def hear(self, call: Call, said: Transcript | None = None, alerts: Sequence[Alert] = ()) -> None:
        """News of a call: as it is now, its newest words if these are the news, and the alerts raised by them."""
        if alerts and not self.is_loaded:
            self._raised += [(call.id, alert) for alert in alerts]
        row = self._rows.get(call.id)
        if row is None:
            if call.is_over or call.id in self._ended:
                return  # words that came late, or a call that ended before anyone looked
            row = self._rows[call.id] = Row(call, said)
            for alert in alerts:
                row.alerts.add(alert)
            self._send({call.id: row})
            return
        is_news = call.status_version > row.call.status_version
        if call.updated_at >= row.call.updated_at:
            row.call = call
        if said is not None:
            row.hear(said)
        for alert in alerts:
            is_news |= row.alerts.add(alert)
        if not is_news:
            self._changed[call.id] = row
            return
        self._changed.pop(call.id, None)
        if row.call.is_over:
            row.settle()
        self._send({call.id: row})
        if row.call.is_over:
            del self._rows[call.id]
            if self._is_reading:
                self._ended.add(call.id)

    def touch(self, call_id: int) -> None:
        """Something else about the call changed: who watches it."""
        if call_id in self._rows:
            self._changed[call_id] = self._rows[call_id]

    @property
    def call_ids(self) -> set[int]:
        return set(self._rows)

    def forget(self, call_ids: set[int]) -> None:
        """These calls were deleted: their rows end, and tell nothing any more."""
        if self._is_reading:
            self._ended |= call_ids
        for id_ in call_ids & self._rows.keys():
            self._changed.pop(id_, None)
            row = self._rows.pop(id_)
            row.erase()
            self._send({id_: row})
        for watcher in self.watchers:
            for id_ in call_ids & watcher.missed.keys():
                watcher.missed[id_].erase()

    def tick(self) -> None:
        """Twice a second: send what changed."""
        if self._changed:
            changed, self._changed = self._changed, {}
            self._send(changed)

    def _send(self, rows: dict[int, Row]) -> None:
        frame = self.updates(rows)
        for watcher in list(self.watchers):
            watcher.take(rows, frame)

    def _message(self, kind: str, rows: dict[int, Row]) -> bytes:
        now = self._clock()
        calls = [row.as_json(now, self._viewers(id_)) for id_, row in rows.items()]
        return self._wrap(encode({"type": kind, "timestamp": rfc3339(now), "calls": calls}))
