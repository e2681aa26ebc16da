"""Notes and marks on a call: written, changed and removed by supervisors, and read in order of time.

A note is as private as what was said. Only who wrote it, or an administrator, changes or removes it.
"""

from typing import Any

import msgspec
from peewee import Database

from events import SECOND, Call, Refused
from models.database import execute, is_sqlite
from models.note_tables import Note as Row

MOST_NOTES = 1000  # of a call: far beyond what people write, and all of them are on its page
LONGEST_TEXT = 2000  # characters


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A note of a call; one without text is a mark."""

    id: int
    user_id: int
    author: str  # e-mail as it was
    segment_id: str | None  # what it is about; None: no segment in particular
    at_seconds: float | None  # from the answer; None: no moment, or one that is not known
    text: str
    created_at: int  # µs
    updated_at: int


_FIELDS = Note.__struct_fields__
_SELECT = f"SELECT {', '.join(_FIELDS)} FROM note WHERE "


def of_call(db: Database, call: Call) -> list[Note]:
    """All of them in order of time; see `place`."""
    found = [_note(row) for row in execute(db, _SELECT + "call_id = ? ORDER BY id", call.id).fetchall()]
    return sorted(found, key=lambda note: place(call, note))


def place(call: Call, note: Note) -> float:
    """Where in the call it stands, s from the answer; one about no moment stands at the time when it was written."""
    began_at = call.created_at if call.started_at is None else call.started_at
    return (note.created_at - began_at) / SECOND if note.at_seconds is None else note.at_seconds


def add(
    db: Database,
    now: int,
    call: Call,
    user_id: int,
    author: str,
    *,
    segment_id: str | None = None,
    at_seconds: float | None = None,
    text: str = "",
) -> Note:
    """The new note. About a segment in the log, and without a time, it gets the segment's.

    Raises Refused: `too_many`, `not_found` where the call was erased meanwhile."""
    lock = "" if is_sqlite(db) else " FOR UPDATE"  # of two who write the last one, the second is refused
    if execute(db, f'SELECT 1 FROM "call" WHERE id = ?{lock}', call.id).fetchone() is None:
        raise Refused("not_found", "There is no such call.")
    if execute(db, "SELECT COUNT(*) FROM note WHERE call_id = ?", call.id).fetchone()[0] >= MOST_NOTES:
        raise Refused("too_many", f"The call has {MOST_NOTES} notes, and no more can be: remove one first.")
    if segment_id is not None and at_seconds is None:
        at_seconds = _start(db, call.id, segment_id)
    told = {"segment_id": segment_id, "at_seconds": at_seconds, "text": text, "created_at": now, "updated_at": now}
    row = Row.insert(organization=call.organization_id, call=call.id, user=user_id, author=author, **told)
    return Note(id=row.execute(db), user_id=user_id, author=author, **told)


def change(db: Database, now: int, call_id: int, note_id: int, by: int | None, text: str) -> Note:
    """The note with another text. `by`: the user, None for an administrator. Raises Refused, `not_found`,
    `not_the_author`."""
    note = _to_change(db, call_id, note_id, by)
    Row.update(text=text, updated_at=now).where(Row.id == note_id).execute(db)
    return msgspec.structs.replace(note, text=text, updated_at=now)


def remove(db: Database, call_id: int, note_id: int, by: int | None) -> Note:
    """The note that was, and is nowhere now. As `change`."""
    note = _to_change(db, call_id, note_id, by)
    Row.delete().where(Row.id == note_id).execute(db)
    return note


def _to_change(db: Database, call_id: int, note_id: int, by: int | None) -> Note:
    row = execute(db, _SELECT + "call_id = ? AND id = ?", call_id, note_id).fetchone()
    if row is None:
        raise Refused("not_found", "There is no such note.")
    note = _note(row)
    if by not in (None, note.user_id):
        raise Refused("not_the_author", "Only who wrote a note, or an administrator, may change or remove it.")
    return note


def _start(db: Database, call_id: int, segment_id: str) -> float | None:
    sql = "SELECT segment_start FROM entry WHERE call_id = ? AND segment_id = ? AND segment_start IS NOT NULL"
    row = execute(db, sql + " ORDER BY revision DESC LIMIT 1", call_id, segment_id).fetchone()
    return row[0] if row else None


def _note(row: tuple[Any, ...]) -> Note:
    return Note(**dict(zip(_FIELDS, row, strict=True)))
