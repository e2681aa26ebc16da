"""Deliveries of alerts to targets outside: which are due, what they say, and how they fared."""

from collections.abc import Iterable

import msgspec
from peewee import Database

from events import Call
from models import alerts, calls
from models.database import execute
from rules.alert import Alert

LEASE_US = 60_000_000  # whoever took a delivery and did not say how it fared has died: another tries again
KEPT_US = 7 * 86_400 * 1_000_000  # of what arrived or was given up
_LOOKED_AT = 100

_DUE = "SELECT 1 FROM alert_delivery WHERE next_at <= ? LIMIT 1"
_PARCEL = (
    "SELECT alert_delivery.id, alert_delivery.attempts, alert_target.id, alert_target.url, alert_target.secret,"
    " alert_target.with_text, organization.id, organization.name, alert_delivery.alert_id, alert.call_id"
    " FROM alert_delivery JOIN alert_target ON alert_target.id = alert_delivery.target_id"
    " JOIN organization ON organization.id = alert_target.organization_id"
    " LEFT JOIN alert ON alert.id = alert_delivery.alert_id WHERE alert_delivery.id = ?"
)


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery with everything that it says."""

    id: int
    attempts: int  # this one counted
    target_id: int
    url: str
    secret: str
    with_text: bool
    organization_id: int
    organization_name: str
    call: Call | None = None  # None: a test
    alert: Alert | None = None
    speaker: str | None = None
    content: str | None = None  # of the entry that it is about


def is_due(db: Database, now: int) -> bool:
    return execute(db, _DUE, now).fetchone() is not None


def take(db: Database, now: int, limit: int, busy: Iterable[int]) -> list[Parcel]:
    """Deliveries that are due, those that waited longest first, at most so many, and none to `busy` targets, nor two to
    one; they are the caller's for LEASE_US, and then due again."""
    lock = " FOR UPDATE SKIP LOCKED" if db.for_update else ""
    sql = f"SELECT id, target_id FROM alert_delivery WHERE next_at <= ? ORDER BY next_at LIMIT {_LOOKED_AT}{lock}"
    taken, targets = [], set(busy)
    for id_, target_id in execute(db, sql, now).fetchall():
        if target_id not in targets and len(taken) < limit:
            targets.add(target_id)
            set_next = "UPDATE alert_delivery SET attempts = attempts + 1, next_at = ? WHERE id = ?"
            execute(db, set_next, now + LEASE_US, id_)
            taken.append(_parcel(db, id_))
    return taken


def settle(
    db: Database, now: int, delivery_id: int, status: int | None, problem: str | None, next_at: int | None
) -> None:
    """How it fared; `problem` None: it arrived. `next_at` None: it is not tried again."""
    sql = "UPDATE alert_delivery SET tried_at = ?, status = ?, problem = ?, next_at = ? WHERE id = ?"
    execute(db, sql, now, status, problem, next_at, delivery_id)


def give_back(db: Database, now: int, delivery_id: int) -> None:
    """It was taken and not tried: the attempt does not count."""
    execute(db, "UPDATE alert_delivery SET attempts = attempts - 1, next_at = ? WHERE id = ?", now, delivery_id)


def forget_old(db: Database, now: int) -> None:
    execute(db, "DELETE FROM alert_delivery WHERE next_at IS NULL AND tried_at < ?", now - KEPT_US)


def _parcel(db: Database, delivery_id: int) -> Parcel:
    *row, alert_id, call_id = execute(db, _PARCEL, delivery_id).fetchone()
    names = (*("id", "attempts", "target_id", "url", "secret", "with_text"), "organization_id", "organization_name")
    about = dict(zip(names, row, strict=True))
    about["with_text"] = bool(about["with_text"])
    if alert_id is not None:
        alert = alerts.one(db, alert_id)
        about |= {"call": calls.by_id(db, about["organization_id"], call_id), "alert": alert}
        if alert.seq is not None:
            sql = "SELECT speaker, content FROM entry WHERE call_id = ? AND seq = ?"
            about["speaker"], about["content"] = execute(db, sql, call_id, alert.seq).fetchone()
    return Parcel(**about)
