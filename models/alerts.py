"""Alerts as they are asked for: of a call, of an organisation, how many of each rule; and which calls are quiet."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from peewee import Database

from models.database import execute
from rules.alert import Alert, RuleCount, Tally
from rules.lookout import QuietCall
from rules.pattern import Span

_COLUMNS = "alert.id, alert.rule_id, alert.rule_name, alert.segment_id, alert.seq, alert.spans, alert.at"


class AlertOfCall(NamedTuple):
    call_id: int
    call_sid: str
    alert: Alert


def of_call(db: Database, call_id: int, after: int = 0, limit: int | None = None) -> list[Alert]:
    """In the order in which they were raised, those whose id is above `after`."""
    top = f" LIMIT {int(limit)}" if limit is not None else ""
    sql = f"SELECT {_COLUMNS} FROM alert WHERE call_id = ? AND id > ? ORDER BY id{top}"
    return [_alert(row) for row in execute(db, sql, call_id, after).fetchall()]


def just_before(db: Database, call_id: int, alert_id: int, since: int) -> list[Alert]:
    """Those raised on the call since that time (µs), before the one with this id."""
    sql = f"SELECT {_COLUMNS} FROM alert WHERE call_id = ? AND id < ? AND at >= ? ORDER BY id"
    return [_alert(row) for row in execute(db, sql, call_id, alert_id, since).fetchall()]


def one(db: Database, alert_id: int) -> Alert:
    return _alert(execute(db, f"SELECT {_COLUMNS} FROM alert WHERE id = ?", alert_id).fetchone())


def since(db: Database, call_id: int, after: int, first_seq: int, last_seq: int) -> list[Alert]:
    """Those raised after the one with this id, and those that are about one of these entries, of one moment."""
    sql = f"SELECT {_COLUMNS} FROM alert WHERE call_id = ? AND (id > ? OR (seq >= ? AND seq <= ?)) ORDER BY id"
    return [_alert(row) for row in execute(db, sql, call_id, after, first_seq, last_seq).fetchall()]


def listing(
    db: Database, organization_id: int, *, before: int | None, rule_id: int | None, limit: int
) -> list[AlertOfCall]:
    """The organisation's newest first: those with an id below `before`."""
    conditions, params = ["alert.organization_id = ?"], [organization_id]
    for value, condition in ((before, "alert.id < ?"), (rule_id, "alert.rule_id = ?")):
        if value is not None:
            conditions.append(condition)
            params.append(value)
    sql = (
        f'SELECT alert.call_id, "call".call_sid, {_COLUMNS} FROM alert JOIN "call" ON "call".id = alert.call_id'
        f" WHERE {' AND '.join(conditions)} ORDER BY alert.id DESC LIMIT {int(limit)}"
    )
    return [AlertOfCall(row[0], row[1], _alert(row[2:])) for row in execute(db, sql, *params).fetchall()]


def tallies(db: Database, organization_id: int) -> dict[int, Tally]:
    """The alerts of each running call that has any, by its id."""
    sql = (
        "SELECT call_id, rule_id, rule_name, COUNT(*), MAX(at), MAX(id) FROM alert"
        " WHERE call_id IN (SELECT id FROM \"call\" WHERE organization_id = ? AND status = 'in-progress')"
        " GROUP BY call_id, rule_id, rule_name ORDER BY MAX(id)"
    )
    counts: dict[int, dict[int, RuleCount]] = {}
    for call_id, *row in execute(db, sql, organization_id).fetchall():
        new, of_call = RuleCount(*row), counts.setdefault(call_id, {})
        known = of_call.get(new.rule_id)  # under the name that it had before
        of_call[new.rule_id] = new._replace(count=new.count + known.count) if known else new
    return {call_id: Tally(of_call.values()) for call_id, of_call in counts.items()}


def quiet(db: Database, now: int, shortest: Mapping[int, int]) -> list[QuietCall]:
    """The running calls of these organisations of which nothing was stored for as long (µs) as stands here."""
    found = []
    for organization_id, silence_us in shortest.items():
        sql = (
            'SELECT call_sid, id, assistant_id, COALESCE(last_entry_at, created_at) FROM "call"'
            " WHERE organization_id = ? AND status = 'in-progress' AND COALESCE(last_entry_at, created_at) <= ?"
        )
        calls = execute(db, sql, organization_id, now - silence_us).fetchall()
        alerted = _silences(db, [row[1] for row in calls])
        found += [QuietCall(organization_id, *row, alerted.get(row[1], {})) for row in calls]
    return found


def _silences(db: Database, call_ids: Iterable[int]) -> dict[int, dict[int, int]]:
    """Call → rule → when it last fitted a silence."""
    marks = ", ".join(str(int(id_)) for id_ in call_ids)
    if not marks:
        return {}
    sql = (
        "SELECT call_id, rule_id, MAX(at) FROM alert"
        f" WHERE call_id IN ({marks}) AND segment_id IS NULL GROUP BY call_id, rule_id"
    )
    found: dict[int, dict[int, int]] = {}
    for call_id, rule_id, at in execute(db, sql).fetchall():
        found.setdefault(call_id, {})[rule_id] = at
    return found


def _alert(row: tuple) -> Alert:
    id_, rule_id, name, segment_id, seq, spans, at = row
    told = msgspec.json.decode(spans, type=list[Span]) if spans else None
    return Alert(id=id_, rule_id=rule_id, rule=name, segment_id=segment_id, seq=seq, spans=told, at=at)
