"""Alerts as they are raised, in the transaction that stores what raised them: each once, with its deliveries beside it.

The rows of the calls in question are locked, so nobody else raises the same at the same moment.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec
from peewee import Database

from events import SECOND, AlertRaised, Call, Entry, Refused
from models import alerts, calls
from models.database import execute
from models.heard import Heard, Recorded
from models.record import record_all
from rules.alert import Alert
from rules.book import Rulebook
from rules.lookout import Lookout

ON_THE_WAY = 60 * SECOND  # µs: news between nodes take a second, or as long as PostgreSQL was away

_INSERT = (
    "INSERT INTO alert (organization_id, call_id, rule_id, rule_name, segment_id, seq, spans, at)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id"
)
_DELIVER = (
    "INSERT INTO alert_delivery (target_id, alert_id, created_at, attempts, next_at)"
    " SELECT id, ?, ?, 0, ? FROM alert_target WHERE organization_id = ?"
)


def record_and_judge(
    db: Database, heards: list[Heard], *, clock: Callable[[], int], lookout: Lookout
) -> list[Recorded | Exception]:
    """As `record_all`, and new finals are held against the rules. What is heard may also be an AlertRaised; it comes
    alone, and changes nothing of the call."""
    books = lookout.books
    if not books:
        return record_all(db, heards, clock=clock) if not any(map(_raised, heards)) else _mixed(db, heards, clock, {})
    return _mixed(db, heards, clock, books)


def _mixed(
    db: Database, heards: list[Heard], clock: Callable[[], int], books: Mapping[int, Rulebook]
) -> list[Recorded | Exception]:
    recorded = iter(record_all(db, [heard for heard in heards if not _raised(heard)], clock=clock))
    return [_told(db, heard) if _raised(heard) else _judged(db, books, next(recorded)) for heard in heards]


def _raised(heard: Heard) -> bool:
    return bool(heard.events) and isinstance(heard.events[0], AlertRaised)


def _judged(db: Database, books: Mapping[int, Rulebook], recorded: Recorded | Exception) -> Recorded | Exception:
    """With what its new finals raise."""
    if isinstance(recorded, Exception) or not recorded.entries:
        return recorded
    book = books.get(recorded.call.organization_id)
    raised = (
        [alert for entry in recorded.entries for alert in _by_entry(db, book, recorded.call, entry)] if book else []
    )
    return msgspec.structs.replace(recorded, alerts=_in_order(db, recorded.call, raised)) if raised else recorded


def _in_order(db: Database, call: Call, raised: list[Alert]) -> list[Alert]:
    """Before them those that another node may have raised on the call a moment ago: everybody takes alerts by their
    ids, and the news of those may come here later than these."""
    new = [alert.id for alert in raised if not alert.is_again]
    if not (db.for_update and new):
        return raised
    theirs = alerts.just_before(db, call.id, min(new), raised[0].at - ON_THE_WAY)
    return [*(alert for alert in theirs if alert.id not in {one.id for one in raised}), *raised]


def _by_entry(db: Database, book: Rulebook, call: Call, entry: Entry) -> Iterable[Alert]:
    """A rule that the segment has set off already is not raised again: its alert is about this entry from now on."""
    said = entry.transcript
    found = book.judge(said, call.assistant_id)
    known = _of_segment(db, call.id, said.segment_id) if found else {}
    for rule, spans in found:
        about = {"segment_id": said.segment_id, "seq": entry.seq, "spans": spans}
        if rule.id in known:
            yield _again(db, Alert(**known[rule.id] | about, is_again=True))
        else:
            yield _new(db, call, Alert(id=0, rule_id=rule.id, rule=rule.name, at=entry.stored_at, **about))


def _told(db: Database, heard: Heard) -> Recorded | Exception:
    key = heard.organization_id, heard.call_sid
    call, (event,) = calls.by_sids(db, [key]).get(key), heard.events
    if call is None:
        return Refused("not_found", "There is no such call.")  # any more
    raised = []
    if not call.is_over and not _is_overtaken(db, call, event) and not _is_known(db, call, event):
        rule = {"rule_id": event.rule_id, "rule": event.rule_name, "segment_id": event.segment_id}
        raised.append(_new(db, call, Alert(id=0, **rule, seq=None, spans=event.spans, at=event.at)))
    told = _in_order(db, call, raised)
    return Recorded(call=call, created=False, status_changed=False, entries=[], outcomes=[], alerts=told)


def _is_overtaken(db: Database, call: Call, event: AlertRaised) -> bool:
    """By the final of its segment, or by words that ended the silence."""
    if event.segment_id is None:
        return event.since is not None and event.since < (call.last_entry_at or call.created_at)
    sql = "SELECT 1 FROM entry WHERE call_id = ? AND segment_id = ? AND stored_at < ? LIMIT 1"
    return execute(db, sql, call.id, event.segment_id, event.at).fetchone() is not None


def _is_known(db: Database, call: Call, event: AlertRaised) -> bool:
    if event.segment_id is not None:
        return event.rule_id in _of_segment(db, call.id, event.segment_id)
    sql = "SELECT 1 FROM alert WHERE call_id = ? AND segment_id IS NULL AND rule_id = ? AND at > ? LIMIT 1"
    return execute(db, sql, call.id, event.rule_id, event.since or 0).fetchone() is not None


def _of_segment(db: Database, call_id: int, segment_id: str) -> dict[int, dict]:
    """By rule, what its alert about this segment keeps."""
    sql = "SELECT rule_id, id, rule_name, at FROM alert WHERE call_id = ? AND segment_id = ?"
    rows = execute(db, sql, call_id, segment_id).fetchall()
    return {rule_id: {"id": id_, "rule_id": rule_id, "rule": name, "at": at} for rule_id, id_, name, at in rows}


def _new(db: Database, call: Call, alert: Alert) -> Alert:
    about = (alert.rule_id, alert.rule, alert.segment_id, alert.seq, _spans(alert), alert.at)
    id_ = execute(db, _INSERT, call.organization_id, call.id, *about).fetchone()[0]
    execute(db, _DELIVER, id_, alert.at, alert.at, call.organization_id)
    return msgspec.structs.replace(alert, id=id_)


def _again(db: Database, alert: Alert) -> Alert:
    execute(db, "UPDATE alert SET seq = ?, spans = ? WHERE id = ?", alert.seq, _spans(alert), alert.id)
    return alert


def _spans(alert: Alert) -> str | None:
    return None if alert.spans is None else msgspec.json.encode(alert.spans).decode()
