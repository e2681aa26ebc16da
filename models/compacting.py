"""SQLite's file without what was deleted: rewritten as a whole, and its write-ahead log brought into it.

Deleting overwrites rows (`secure_delete`), but where SQLite has moved rows from one page to another it has left copies
in unused parts of pages: some are still there after a thousand deleted calls. Only VACUUM removes them.
"""

from collections.abc import Callable

from peewee import Database

from models.ticking import ticking


def compact(db: Database, tick: Callable[[], None]) -> None:
    """Rewrite the file. `tick()` is called now and then; what it raises stops it, with everything as it was. Who writes
    meanwhile waits, or is told to try again."""
    with ticking(db, tick):
        db.execute_sql("VACUUM")


def empty_log(db: Database) -> None:
    """Only where no server runs: else the log is its own."""
    db.pragma("wal_checkpoint(TRUNCATE)")
