"""The running calls of an organisation with their newest words: what a wall begins with."""

from peewee import Database

from events import Call, Transcript
from models import alerts, calls, entries
from models.database import execute
from rules.alert import Tally


def running(db: Database, organization_id: int) -> list[tuple[Call, Transcript | None]]:
    """Each call in progress, the newest first, and its newest entry; None where nothing was said yet."""
    newest = execute(
        db,
        f"SELECT call_id, {entries.COLUMNS} FROM entry WHERE (call_id, seq) IN"
        " (SELECT id, head_seq FROM \"call\" WHERE organization_id = ? AND status = 'in-progress')",
        organization_id,
    ).fetchall()
    said = {row[0]: entries.from_row(row[1:]).transcript for row in newest}
    return [(call, said.get(call.id)) for call in calls.in_progress(db, organization_id)]


def wall(db: Database, organization_id: int) -> tuple[list[tuple[Call, Transcript | None]], dict[int, Tally]]:
    """`running`, and by call the alerts of those that have any."""
    return running(db, organization_id), alerts.tallies(db, organization_id)
