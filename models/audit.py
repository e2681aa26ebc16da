"""The audit log: who watched, read or changed what, from where and when. Entries are added here, and only that."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from peewee import Database, ModelSelect

from models import tables

COMMAND_LINE = "command line"  # the actor of what was done there; an e-mail has an @
MOST_COUNTED = 10_000  # beyond it a number tells nobody more, and counting would read the whole table


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One deed. Never what was said on a call, never a key, token, password or secret."""

    id: int | None = None  # None: not stored yet
    organization_id: int
    at: int  # µs
    action: str  # `key.revoked`: what it was about, and what happened to it
    user_id: int | None = None
    actor: str | None = None  # the user's e-mail as it was then, or COMMAND_LINE; None: nobody had proved who it was
    key_prefix: str | None = None  # of the key that was used
    address: str | None = None  # IP address; None: on the server's own command line
    target: str | None = None  # what it was done to: a call_sid, an e-mail, a key's prefix, a name, a number
    detail: dict[str, Any] = {}  # msgspec copies the default


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries of an organisation; None asks nothing. Times in µs."""

    action: str | None = None
    actor: str | None = None
    target: str | None = None
    date_from: int | None = None
    date_to: int | None = None


_COLUMNS = AuditEntry.__struct_fields__
_NEW = tuple(name for name in _COLUMNS if name != "id")
_TABLE = tables.AuditEntry._meta.table_name


def recorded(
    db: Database,
    entry: AuditEntry | Callable[[Any], AuditEntry | None] | None,
    work: Callable[..., Any],
    *args: Any,
    **options: Any,
) -> Any:
    """The result of `work(db, *args, **options)`, with the entry beside it: both are stored, or neither.

    `entry` may be a function of the result; None adds nothing. A second entry is a second `recorded` as the work."""
    result = work(db, *args, **options)
    made = entry(result) if callable(entry) else entry
    if made is not None:
        add(db, [made])
    return result


def add(db: Database, entries: Sequence[AuditEntry]) -> None:
    """Store them by one statement, in this order."""
    row = f"({', '.join([db.param] * len(_NEW))})"  # written out: peewee takes ten times as long for many rows
    sql = f"INSERT INTO {_TABLE} ({', '.join(_NEW)}) VALUES {', '.join([row] * len(entries))}"
    db.execute_sql(sql, [_column(entry, name) for entry in entries for name in _NEW])


def by_command_line(
    now: int, organization_id: int, action: str, target: str | None = None, **detail: Any
) -> AuditEntry:
    """An entry for what an administrative command does."""
    return AuditEntry(
        organization_id=organization_id, at=now, action=action, actor=COMMAND_LINE, target=target, detail=detail
    )


def page(
    db: Database, organization_id: int, where: AuditFilter, *, before: int | None, skip: int, limit: int
) -> list[AuditEntry]:
    """The entries that `where` asks for, newest first: those with an id below `before`, without the first `skip`."""
    entry = tables.AuditEntry
    query = _where(entry.select(*(entry._meta.combined[name] for name in _COLUMNS)), organization_id, where)
    if before is not None:
        query = query.where(entry.id < before)
    rows = query.order_by(entry.id.desc()).offset(skip or None).limit(limit).tuples().execute(db)
    return [_entry(row) for row in rows]


def count(db: Database, organization_id: int, where: AuditFilter) -> int:
    """How many `where` asks for, at most MOST_COUNTED."""
    entry = tables.AuditEntry
    return _where(entry.select(entry.id), organization_id, where).limit(MOST_COUNTED).count(db)


def _column(entry: AuditEntry, name: str) -> Any:
    value = getattr(entry, name)
    return msgspec.json.encode(value).decode() if name == "detail" else value


def _entry(row: tuple) -> AuditEntry:
    values = dict(zip(_COLUMNS, row, strict=True))
    return AuditEntry(**values | {"detail": msgspec.json.decode(values["detail"])})


def _where(query: ModelSelect, organization_id: int, where: AuditFilter) -> ModelSelect:
    entry = tables.AuditEntry
    query = query.where(entry.organization_id == organization_id)
    for value, condition in (
        (where.action, entry.action == where.action),
        (where.actor, entry.actor == where.actor),
        (where.target, entry.target == where.target),
        (where.date_from, entry.at >= where.date_from),
        (where.date_to, entry.at <= where.date_to),
    ):
        if value is not None:
            query = query.where(condition)
    return query
