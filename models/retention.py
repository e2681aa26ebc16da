"""How long organisations keep their ended calls, which calls are due, and how the last round of deleting them went."""

import msgspec
from peewee import Database

from events import SECOND
from models import tables
from models.database import execute

DAY_US = 86_400 * SECOND
MOST_DAYS = 36_500
_FIELDS = "organization_id, days, ran_at, deleted, took, is_behind, problem"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Of one organisation. Times in µs."""

    organization_id: int
    days: int | None = None  # None: for ever
    ran_at: int | None = None  # None: no round yet
    deleted: int = 0  # calls, in the last round
    took: int = 0
    is_behind: bool = False  # the round ended before it was through
    problem: str | None = None  # why it failed


def rule(db: Database, organization_id: int) -> Rule:
    row = execute(db, f"SELECT {_FIELDS} FROM retention WHERE organization_id = ?", organization_id).fetchone()
    return _rule(row) if row else Rule(organization_id=organization_id)


def rules(db: Database) -> list[Rule]:
    """Of the organisations that do not keep everything."""
    rows = execute(db, f"SELECT {_FIELDS} FROM retention WHERE days IS NOT NULL ORDER BY organization_id").fetchall()
    return [_rule(row) for row in rows]


def everyones(db: Database) -> list[tuple[str, Rule]]:
    """Each organisation by name, and how long it keeps its calls."""
    names = tables.Organization.select(tables.Organization.id, tables.Organization.name)
    rows = names.order_by(tables.Organization.name).tuples().execute(db)
    return [(name, rule(db, organization_id)) for organization_id, name in list(rows)]


def keep(db: Database, organization_id: int, days: int | None) -> None:
    """Ended calls are deleted once they are older than this; None: never."""
    execute(
        db,
        "INSERT INTO retention (organization_id, days, deleted, took, is_behind) VALUES (?, ?, 0, 0, ?)"
        " ON CONFLICT (organization_id) DO UPDATE SET days = excluded.days",
        *(organization_id, days, False),
    )


def due(db: Database, organization_id: int, before: int, limit: int) -> list[int]:
    """Calls that ended before this (µs), the oldest first. A call that runs is never due, however long it does."""
    sql = (
        "SELECT id FROM \"call\" WHERE organization_id = ? AND terminal_at < ? AND status <> 'in-progress'"
        " ORDER BY terminal_at LIMIT ?"
    )
    return [id_ for (id_,) in execute(db, sql, organization_id, before, limit).fetchall()]


def how_many_due(db: Database, organization_id: int, before: int) -> int:
    sql = "SELECT COUNT(*) FROM \"call\" WHERE organization_id = ? AND terminal_at < ? AND status <> 'in-progress'"
    return execute(db, sql, organization_id, before).fetchone()[0]


def remember(db: Database, done: Rule) -> None:
    """How a round went; the days stay what they are now."""
    execute(
        db,
        "UPDATE retention SET ran_at = ?, deleted = ?, took = ?, is_behind = ?, problem = ? WHERE organization_id = ?",
        *(done.ran_at, done.deleted, done.took, done.is_behind, done.problem, done.organization_id),
    )


def _rule(row: tuple) -> Rule:
    values = dict(zip(Rule.__struct_fields__, row, strict=True))
    return Rule(**values | {"is_behind": bool(values["is_behind"])})
