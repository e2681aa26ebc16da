"""What other nodes stored of the calls that are watched on this one: found by the heads of their logs."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec
from peewee import Database

from events import Call, Transcript
from models import alerts, calls, entries
from models.bulk import one_of
from models.database import execute
from rules.alert import Alert

_HEADS = 'SELECT id, organization_id, head_seq, status_version FROM "call" WHERE {} {}'
_NEWEST_ALERTS = "SELECT call_id, MAX(id) FROM alert WHERE call_id IN {} GROUP BY call_id"


class Known(NamedTuple):
    """How far a call is known here; nothing of a call that is not."""

    head_seq: int = -1
    status_version: int = 0
    alert_id: int = 0  # its newest alert


class News(msgspec.Struct, frozen=True):
    """A call of which more is stored than is known, as it is now."""

    call: Call
    said: Transcript | None  # its newest entry, if that is news
    alerts: list[Alert]
    known: Known  # from now on


def news(db: Database, known: Mapping[int, Known], organization_ids: Collection[int]) -> list[News]:
    """Of the calls in `known` (by id), and of every running call of these organisations."""
    heads = {row[0]: row[1:] for row in _heads(db, known, organization_ids)}
    source, params = one_of(db, heads)
    newest_alerts = dict(execute(db, _NEWEST_ALERTS.format(source), *params).fetchall()) if heads else {}
    fresh: dict[int, dict[int, Known]] = {}
    for id_, (organization_id, *head) in heads.items():
        now = Known(*head, newest_alerts.get(id_, 0))
        before = known.get(id_, Known())
        if any(new > old for new, old in zip(now, before, strict=True)):
            fresh.setdefault(organization_id, {})[id_] = now
    found = []
    for organization_id, of_it in fresh.items():
        for call in calls.by_ids(db, organization_id, of_it).values():
            found.append(_news(db, call, known.get(call.id, Known()), of_it[call.id]))
    return found


def _heads(db: Database, call_ids: Collection[int], organization_ids: Collection[int]) -> list[tuple]:
    found = []
    for those, ids in (("id IN", call_ids), ("status = 'in-progress' AND organization_id IN", organization_ids)):
        if ids:
            source, params = one_of(db, ids)
            found += execute(db, _HEADS.format(those, source), *params).fetchall()
    return found


def _news(db: Database, call: Call, before: Known, now: Known) -> News:
    newest = entries.after(db, call.id, call.head_seq - 1, 1) if call.head_seq > max(before.head_seq, 0) else []
    raised = alerts.of_call(db, call.id, before.alert_id, None) if now.alert_id > before.alert_id else []
    now = now._replace(alert_id=raised[-1].id if raised else before.alert_id)
    return News(call, newest[0].transcript if newest else None, raised, now)
