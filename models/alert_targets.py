"""Who outside is told of an organisation's alerts, as its administrators see and change them."""

import secrets
from typing import NamedTuple

from peewee import JOIN, Database, fn

from events import Refused
from models.alert_tables import Alert, AlertDelivery, AlertTarget

MOST_TARGETS = 5  # of an organisation: each is a request with every alert
SHOWN = 20  # deliveries on the page, the newest


class TargetRow(NamedTuple):
    """A target as pages show it: its secret stays in the database."""

    id: int
    url: str
    with_text: bool
    created_at: int
    waiting: int  # deliveries that have not arrived yet


class Attempt(NamedTuple):
    """How a delivery fared, at the last attempt."""

    url: str
    rule_name: str | None  # None: a test
    attempts: int
    next_at: int | None  # µs, of the next one; None: it arrived, or was given up
    tried_at: int
    status: int | None
    problem: str | None  # None: it arrived


def listing(db: Database, organization_id: int) -> list[TargetRow]:
    """The oldest first."""
    return _rows(db, organization_id)


def one(db: Database, organization_id: int, target_id: int) -> TargetRow:
    """Raises Refused, `not_found`, where the organisation has no such target."""
    for row in _rows(db, organization_id, AlertTarget.id == target_id):
        return row
    raise Refused("not_found", "There is no such address.")


def create(db: Database, now: int, organization_id: int, url: str, with_text: bool) -> tuple[int, str]:
    """The new target's id, and the secret that deliveries are signed with. Raises Refused where there are too many."""
    if len(listing(db, organization_id)) >= MOST_TARGETS:
        raise Refused("too_many", f"There are {MOST_TARGETS} addresses, and no more are possible.")
    secret = "whsec_" + secrets.token_hex(24)
    row = dict(organization=organization_id, url=url, secret=secret, with_text=with_text, created_at=now)
    return AlertTarget.insert(**row).execute(db), secret


def delete(db: Database, organization_id: int, target_id: int) -> None:
    """Nothing is sent there any more, nor what was waiting. Raises Refused as `one`."""
    one(db, organization_id, target_id)
    AlertTarget.delete().where(AlertTarget.id == target_id).execute(db)


def send_test(db: Database, now: int, organization_id: int, target_id: int) -> None:
    """A delivery that is about nothing. Raises Refused as `one`."""
    one(db, organization_id, target_id)
    AlertDelivery.insert(target=target_id, created_at=now, attempts=0, next_at=now).execute(db)


def attempts(db: Database, organization_id: int) -> list[Attempt]:
    """The deliveries that were tried last, the newest first."""
    delivery, target = AlertDelivery, AlertTarget
    query = (
        delivery.select(
            *(target.url, Alert.rule_name, delivery.attempts, delivery.next_at, delivery.tried_at),
            *(delivery.status, delivery.problem),
        )
        .join_from(delivery, target)
        .join_from(delivery, Alert, JOIN.LEFT_OUTER)
        .where(target.organization_id == organization_id, delivery.tried_at.is_null(False))
        .order_by(delivery.tried_at.desc(), delivery.id.desc())
        .limit(SHOWN)
    )
    return [Attempt(*row) for row in query.tuples().execute(db)]


def _rows(db: Database, organization_id: int, *conditions) -> list[TargetRow]:
    delivery, target = AlertDelivery, AlertTarget
    waiting = delivery.select(fn.COUNT(1)).where(delivery.target_id == target.id, delivery.next_at.is_null(False))
    query = target.select(target.id, target.url, target.with_text, target.created_at, waiting)
    rows = query.where(target.organization_id == organization_id, *conditions).order_by(target.id).tuples().execute(db)
    return [TargetRow(id_, url, bool(with_text), at, n) for id_, url, with_text, at, n in rows]
