"""Keeping the words of what was said where search finds them: behind the log, in small transactions of its own.

Storing costs nothing for it: nothing of this happens in the transaction that stores what was heard. It goes by the
entries' ids, and what is taken and how far that goes is committed together: stopped anywhere, it goes on from there.
"""

from typing import NamedTuple

from peewee import Database

from models.bulk import insert_rows
from models.database import execute, is_sqlite
from models.search_query import LONGEST_TERM, organization_term
from rules.folding import folded

BATCH = 64  # entries: the writer is held up for a millisecond or two
BATCH_CHARS = 40_000  # of long ones
MERGED_PAGES = 32  # SQLite tidies so much of its index after each batch: some 5 ms at most


class Watermark(NamedTuple):
    """Entries up to `id` can be taken once every transaction before `transaction` is over.

    Transactions of several nodes don't end in the order of the ids that they gave out: who went by ids alone would pass
    over one that comes late. A transaction that stores entries has locked their calls, and so has got its number,
    before it gives out ids; so those that may still bring ids up to `id` have smaller numbers than `transaction`."""

    id: int
    transaction: int | None  # None on SQLite: it writes one transaction after the other


def is_behind(db: Database) -> bool:
    """Whether there are entries that were not taken."""
    newest = "SELECT value FROM meta WHERE name = 'searchable_through' AND CAST(value AS BIGINT) <"
    return execute(db, newest + " (SELECT MAX(id) FROM entry)").fetchone() is not None


def behind_since(db: Database) -> int | None:
    """When the oldest entry was stored that cannot be found yet, µs; None where all can."""
    row = execute(
        db,
        "SELECT stored_at FROM entry WHERE id >"
        " (SELECT CAST(value AS BIGINT) FROM meta WHERE name = 'searchable_through') ORDER BY id LIMIT 1",
    ).fetchone()
    return row[0] if row else None


def watermark(db: Database) -> Watermark:
    """As far as entries go now."""
    newest = execute(db, "SELECT COALESCE(MAX(id), 0) FROM entry").fetchone()[0]
    # a number of our own, given out after that was read: greater than those of all who gave out an id before
    number = None if is_sqlite(db) else int(execute(db, "SELECT pg_current_xact_id()::text").fetchone()[0])
    return Watermark(newest, number)


def take(db: Database, upto: Watermark) -> bool | None:
    """Take the next few entries; whether these were the last up to there. None: not now, transactions are in the way
    or another node is at it."""
    if not _is_settled(db, upto):
        return None
    lock = "" if is_sqlite(db) else " FOR UPDATE SKIP LOCKED"
    row = execute(db, "SELECT value FROM meta WHERE name = 'searchable_through'" + lock).fetchone()
    if row is None:
        return None
    rows, is_last = _next(db, int(row[0]), upto.id)
    if rows:
        _put(db, rows)
        execute(db, "UPDATE meta SET value = ? WHERE name = 'searchable_through'", str(rows[-1][0]))
    return is_last


def tidy(db: Database) -> None:
    """A piece of what keeps SQLite's index quick; where it need not be, nothing."""
    if is_sqlite(db):
        execute(db, "INSERT INTO entry_terms (entry_terms, rank) VALUES ('merge', ?)", MERGED_PAGES)


def begin_cleaning(db: Database) -> None:
    """SQLite only marks words as deleted: what was in a piece of the index is there until all pieces were merged. From
    now on `clean` does that, in as many transactions as it takes."""
    if is_sqlite(db):
        execute(db, "INSERT INTO entry_terms (entry_terms, rank) VALUES ('merge', ?)", -MERGED_PAGES)
        execute(db, "UPDATE meta SET value = '2' WHERE name = 'index_unclean'")  # 1 again if more is deleted meanwhile


def clean(db: Database, pages: int = MERGED_PAGES) -> bool:
    """Merge a few more pages; whether it is through."""
    if not is_sqlite(db):
        return True
    before = db.connection().total_changes
    execute(db, "INSERT INTO entry_terms (entry_terms, rank) VALUES ('merge', ?)", pages)
    if db.connection().total_changes - before >= 2:  # as SQLite's documentation tells it
        return False
    execute(db, "UPDATE meta SET value = '0' WHERE name = 'index_unclean' AND value = '2'")
    return True


def _is_settled(db: Database, upto: Watermark) -> bool:
    if upto.transaction is None:
        return True
    oldest = execute(db, "SELECT pg_snapshot_xmin(pg_current_snapshot())::text").fetchone()[0]
    return int(oldest) > upto.transaction


def _next(db: Database, through: int, last: int) -> tuple[list[tuple[int, int, int, str, str]], bool]:
    """(id, organisation, call, segment_id, content) of the next entries, and whether there are no more."""
    rows = execute(
        db,
        'SELECT entry.id, "call".organization_id, entry.call_id, entry.segment_id, entry.content FROM entry'
        ' JOIN "call" ON "call".id = entry.call_id WHERE entry.id > ? AND entry.id <= ? ORDER BY entry.id LIMIT ?',
        *(through, last, BATCH),
    ).fetchall()
    chars = 0
    for at, row in enumerate(rows):
        chars += len(row[4])
        if chars > BATCH_CHARS:
            return rows[: at + 1], False
    return rows, len(rows) < BATCH


def _put(db: Database, rows: list[tuple[int, int, int, str, str]]) -> None:
    """In place of what the same segments said before."""
    lite = is_sqlite(db)
    key = "rowid" if lite else "entry_id"
    execute(
        db,
        f"DELETE FROM entry_terms WHERE {key} IN (SELECT older.id FROM entry AS newer JOIN entry AS older"
        " ON older.call_id = newer.call_id AND older.segment_id = newer.segment_id AND older.seq < newer.seq"
        " WHERE newer.id BETWEEN ? AND ?)",
        *(rows[0][0], rows[-1][0]),
    )
    latest = {(call_id, segment_id): row for row in rows for _, _, call_id, segment_id, _ in (row,)}
    fresh = []
    for id_, organization_id, call_id, _, content in latest.values():
        if words := [word[:LONGEST_TERM] for word in folded(content).split()]:
            fresh.append((id_, call_id, _as_text(lite, [organization_term(organization_id), *words])))
    insert_rows(db, "entry_terms", (key, "call_id", "terms"), fresh)


def _as_text(lite: bool, terms: list[str]) -> str:
    """For FTS5 with blanks between them; for PostgreSQL a tsvector with their places (which end at 16,383)."""
    return " ".join(terms) if lite else " ".join(f"'{term}':{at}" for at, term in enumerate(terms, 1))
