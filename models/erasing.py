"""Deleting calls with everything about them, and what servers must know of it.

Who erases is in the audit log, which names the call's id at most. Counts of what redaction hid stay: they are numbers.
"""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from peewee import Database

from models import alert_tables, calls, erased, note_tables, tables
from models.bulk import one_of
from models.database import execute, is_sqlite

PIECE = 64  # rows: the writer is held up for some ms
# What these tables have of a call may be much, and is deleted in pieces; they are named so that peewee knows them, too.
_LONG = (alert_tables.Alert, note_tables.Note)
_SIGNS = "+-./() "  # with which people write numbers


class Extent(NamedTuple):
    """How much there is of some calls."""

    call_sids: list[str]
    running: int
    entries: int


class State(NamedTuple):
    version: int  # grows with every call that is deleted
    cleaned: int | None  # the version up to which nothing of them is in SQLite's log any more; None on PostgreSQL
    is_index_clean: bool  # whether no words of them are in pieces of the search index


def state(db: Database) -> State:
    sql = "SELECT name, value FROM meta WHERE name IN ('erasing_version', 'erasing_cleaned', 'index_unclean')"
    found = {name: int(value) for name, value in execute(db, sql).fetchall()}
    return State(found["erasing_version"], found.get("erasing_cleaned"), not found.get("index_unclean"))


def is_cleaned(db: Database, version: int) -> None:
    """Nothing that was deleted up to this version is in the write-ahead log."""
    execute(db, "UPDATE meta SET value = ? WHERE name = 'erasing_cleaned'", str(version))


def changed(db: Database) -> None:
    """Tell every server to forget what it holds of calls that are not there any more, and to empty SQLite's log."""
    execute(db, "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'erasing_version'")


def with_sid(db: Database, call_sid: str, organization_id: int | None = None) -> list[int]:
    """The calls with this name, of this organisation or of all, and those that they are linked with."""
    sql = 'SELECT id FROM "call" WHERE call_sid = ?{0} UNION SELECT call_id FROM call_alias WHERE alias = ?{0}'
    return _linked(db, sql, organization_id, (call_sid,))


def with_number(db: Database, number: str, organization_id: int | None = None) -> list[int]:
    """The calls from or to this number, however it is written, and those that they are linked with."""
    wanted = "".join(sign for sign in number if sign not in _SIGNS).lstrip("0")
    fits = "{0} = ? OR " + _bare("{0}") + " = ?"
    sql = f'SELECT id FROM "call" WHERE ({fits.format("from_number")}){{0}} UNION '
    sql += f'SELECT id FROM "call" WHERE ({fits.format("to_number")}){{0}}'
    return _linked(db, sql, organization_id, (number, wanted or number))


def extent(db: Database, ids: Collection[int]) -> Extent:
    source, params = one_of(db, ids)
    of_calls = execute(db, f'SELECT call_sid, status FROM "call" WHERE id IN {source} ORDER BY id', *params).fetchall()
    (entries,) = execute(db, f"SELECT COUNT(*) FROM entry WHERE call_id IN {source}", *params).fetchone()
    running = sum(status == "in-progress" for _, status in of_calls)
    return Extent([call_sid for call_sid, _ in of_calls], running, entries)


def organizations(db: Database, ids: Collection[int]) -> dict[int, list[int]]:
    """These calls by whose they are."""
    source, params = one_of(db, ids)
    found: dict[int, list[int]] = {}
    for organization_id, id_ in execute(
        db, f'SELECT organization_id, id FROM "call" WHERE id IN {source} ORDER BY id', *params
    ).fetchall():
        found.setdefault(organization_id, []).append(id_)
    return found


def erase(db: Database, now: int, ids: Iterable[int]) -> int:
    """Delete these calls with everything about them, in this transaction, and take nothing more for them; how many
    there were."""
    many = 0
    for id_ in ids:
        if (organization_id := _locked(db, id_)) is not None:
            erased.remember(db, now, [(organization_id, name) for name in _names(db, id_)])
            delete(db, [id_])
            many += 1
    return many


def delete(db: Database, ids: Collection[int]) -> None:
    """Delete calls, and the rows of every table that are about them."""
    for id_ in ids:
        names, params = one_of_names(db, id_)
        owner = 'SELECT account.id FROM account JOIN "call" ON account.organization_id = "call".organization_id'
        sql = f'DELETE FROM ticket WHERE call_sid IN ({names}) AND user_id IN ({owner} WHERE "call".id = ?)'
        execute(db, sql, *params, id_)
    for field, table in tables.Call._meta.backrefs.items():
        table.delete().where(field.in_(ids)).execute(db)
    tables.Call.delete().where(tables.Call.id.in_(ids)).execute(db)
    if is_sqlite(db):
        execute(db, "UPDATE meta SET value = '1' WHERE name = 'index_unclean'")
    changed(db)


def delete_piece(db: Database, call_id: int) -> bool:
    """Delete a little of an ended call; whether nothing is left of it. Until then it is a shorter call: its log ends
    earlier, so that whoever reads it finds no hole."""
    if _locked(db, call_id) is None:
        return True
    for table in _LONG:
        some = table.select(table.id).where(table.call == call_id).limit(PIECE)
        if table.delete().where(table.id.in_(some)).execute(db) == PIECE:
            return False
    sql = 'SELECT head_seq - ? FROM "call" WHERE id = ?'
    (head,) = execute(db, sql, PIECE, call_id).fetchone()
    if head > 0:
        execute(db, "DELETE FROM entry WHERE call_id = ? AND seq > ?", call_id, head)
        shorter = "head_seq = ?, transcript_count = CASE WHEN transcript_count > ? THEN ? ELSE transcript_count END"
        execute(db, f'UPDATE "call" SET {shorter} WHERE id = ?', head, head, head, call_id)
        return False
    delete(db, [call_id])
    return True


def gone(
    db: Database, ids: Collection[int], states: Collection[tuple[int, str]]
) -> tuple[set[int], set[tuple[int, str]]]:
    """Those of these calls, and of what sources (by id) remember of calls (by what they call them), that are not there
    any more."""
    source, params = one_of(db, ids)
    left = {id_ for (id_,) in execute(db, f'SELECT id FROM "call" WHERE id IN {source}', *params).fetchall()}
    return set(ids) - left, set(states) - calls.state_versions(db, states).keys()


def one_of_names(db: Database, call_id: int) -> tuple[str, list]:
    """(SQL, parameters) of a question for every name of a call."""
    sql = 'SELECT call_sid FROM "call" WHERE id = ? UNION SELECT alias FROM call_alias WHERE call_id = ?'
    return sql, [call_id, call_id]


def _names(db: Database, call_id: int) -> list[str]:
    sql, params = one_of_names(db, call_id)
    return [name for (name,) in execute(db, sql, *params).fetchall()]


def _locked(db: Database, call_id: int) -> int | None:
    """The organisation of the call, which nobody else changes now; None where there is none. Who stores something of it
    at the same moment, on another node, comes before this or finds it gone."""
    lock = "" if is_sqlite(db) else " FOR UPDATE"
    row = execute(db, f'SELECT organization_id FROM "call" WHERE id = ?{lock}', call_id).fetchone()
    return row[0] if row else None


def _linked(db: Database, sql: str, organization_id: int | None, asked: tuple[Any, ...]) -> list[int]:
    """The calls that are asked for in two parts of `sql`, alike, and whatever these are linked with, which is never
    another organisation's."""
    whose = "" if organization_id is None else " AND organization_id = ?"
    asked = asked if organization_id is None else (*asked, organization_id)
    rows = execute(db, sql.format(whose), *asked, *asked).fetchall()
    known = ids = {id_ for (id_,) in rows}
    while ids:
        source, params = one_of(db, ids)
        rows = execute(db, f"SELECT other_id FROM call_link WHERE call_id IN {source}", *params).fetchall()
        ids = {id_ for (id_,) in rows} - known
        known = known | ids
    return sorted(known)


def _bare(column: str) -> str:
    """SQL: the number without signs, and without the zeros that it begins with."""
    for sign in _SIGNS:
        column = f"replace({column}, '{sign}', '')"
    return f"ltrim({column}, '0')"
