"""Assistants: who answers an organisation's calls."""

from peewee import Database, IntegrityError

from events import Refused
from models import tables

DEFAULT_NAME = "Assistant"


def default(db: Database, now: int, organization_id: int) -> int:
    """The id of the organisation's first assistant; one is made where there is none, so that no call is turned away."""
    assistant = tables.Assistant
    first = (
        assistant.select(assistant.id)
        .where(assistant.organization_id == organization_id)
        .order_by(assistant.id)
        .limit(1)
        .tuples()
        .execute(db)
    )
    return first[0][0] if first else create(db, now, organization_id, DEFAULT_NAME)


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
