"""Assistants: who answers an organisation's calls."""

from typing import NamedTuple

from peewee import Database, IntegrityError, fn

from events import Refused
from models import tables
from models.database import execute

DEFAULT_NAME = "Assistant"


class AssistantRow(NamedTuple):
    """An assistant as lists show it."""

    id: int
    name: str
    created_at: int
    source_count: int


def default(db: Database, now: int, organization_id: int) -> int:
    """The id of the organisation's first assistant; one is made where there is none, so that no call is turned away."""
    first = _first(db, organization_id)
    if first is None:  # another node may be doing the same
        row = "INSERT INTO assistant (organization_id, name, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
        execute(db, row, organization_id, DEFAULT_NAME, now)
        first = _first(db, organization_id)
    return first


def _first(db: Database, organization_id: int) -> int | None:
    sql = "SELECT id FROM assistant WHERE organization_id = ? ORDER BY id LIMIT 1"
    row = execute(db, sql, organization_id).fetchone()
    return row[0] if row else None


def find(db: Database, organization_id: int, wanted: str | int) -> tuple[int, str]:
    """(id, name) of the assistant with this name, or with this id where an integer. Raises Refused."""
    assistant = tables.Assistant
    column = assistant.id if isinstance(wanted, int) else assistant.name
    rows = (
        assistant.select(assistant.id, assistant.name)
        .where(assistant.organization_id == organization_id, column == wanted)
        .tuples()
        .execute(db)
    )
    if not rows:
        raise Refused("unknown_assistant", f"There is no assistant {wanted!r} in this organisation.", "assistant")
    return rows[0]


def create(db: Database, now: int, organization_id: int, name: str) -> int:
    """The new assistant's id. Raises Refused where the organisation has one of that name."""
    try:
        row = tables.Assistant.insert(organization=organization_id, name=name, created_at=now)
        return row.execute(db)
    except IntegrityError:
        raise Refused("name_taken", f"There is an assistant {name!r} already.", "name") from None


def listing(db: Database, organization_id: int) -> list[AssistantRow]:
    """The organisation's assistants by name."""
    return sorted(_rows(db, organization_id), key=lambda row: row.name.casefold())


def one(db: Database, organization_id: int, assistant_id: int) -> AssistantRow:
    """Raises Refused, `not_found`, where the organisation has no such assistant."""
    for row in _rows(db, organization_id, tables.Assistant.id == assistant_id):
        return row
    raise Refused("not_found", "There is no such assistant.")


def rename(db: Database, organization_id: int, assistant_id: int, name: str) -> None:
    """Its calls bear the new name, the ended ones too. Raises Refused where the name is taken, and as `one`."""
    row = one(db, organization_id, assistant_id)
    try:
        tables.Assistant.update(name=name).where(tables.Assistant.id == row.id).execute(db)
    except IntegrityError:
        raise Refused("name_taken", f"There is an assistant {name!r} already.", "name") from None


def _rows(db: Database, organization_id: int, *conditions) -> list[AssistantRow]:
    assistant, source = tables.Assistant, tables.Source
    sources = source.select(fn.COUNT(1)).where(source.assistant_id == assistant.id, source.deleted_at.is_null())
    query = assistant.select(assistant.id, assistant.name, assistant.created_at, sources)
    rows = query.where(assistant.organization_id == organization_id, *conditions).tuples().execute(db)
    return [AssistantRow(*row) for row in rows]
