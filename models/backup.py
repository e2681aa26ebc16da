"""Copies of a SQLite database: made while a server writes to it, and put in the place of one that was lost.

Each is written beside its place under another name, and gets its own name when it is whole.
"""

import os
import secrets
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from peewee import Database

from events import Refused
from models.database import DatabaseUnreachable, execute, migrate, open_database
from models.trouble import CANNOT_OPEN, obstacle

PAGES = 1000  # copied at a time: some ms
INTERRUPTS = (signal.SIGINT, signal.SIGTERM)
WAITS_S = 5.0  # for whoever has the database locked

Told = Callable[[int, int], None]  # done, total: pages; may raise to stop it


def back_up(path: str, to: Path, told: Told) -> int:
    """Copy the database as it is at this moment; the copy's size in bytes. It is read in one transaction, which holds
    nobody up: meanwhile only the write-ahead log grows. Raises Refused, DatabaseUnreachable."""
    if not os.path.exists(path):
        raise DatabaseUnreachable(obstacle(path))
    with _reachable(path), closing(_connect(path)) as source, _coming(to) as coming:
        source.execute("PRAGMA wal_autocheckpoint = 0")  # that is the server's
        source.execute("BEGIN")
        if not _is_ours(source):
            raise Refused("not_a_database", f"{path} is no Callboard database.")
        _copy(source, coming, told)
        return coming.stat().st_size


def restore(copy: Path, path: str, told: Told) -> str:
    """Put the copy where the database is to be, as another log; its new epoch. Raises Refused, DatabaseTooNew,
    DatabaseUnreachable."""
    if not copy.is_file():
        raise Refused("not_found", f"There is no file {copy}.")
    if not os.access(copy, os.R_OK):
        raise Refused("not_readable", f"{copy} cannot be read: this account may not.")
    for left in (f"{path}-wal", f"{path}-shm"):  # SQLite would take this for a part of the restored database
        if os.path.exists(left):
            raise Refused("name_taken", f"{left} is of another database: move it away first, or delete it.")
    with _reachable(path), closing(_connect(copy)) as source, _coming(Path(path)) as coming:
        if not _is_ours(source):
            raise Refused("not_a_database", f"{copy} is no Callboard database.")
        if (problem := source.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise Refused("not_a_database", f"{copy} is damaged: {' '.join(problem.split())}")
        _copy(source, coming, told)
        db = open_database(f"sqlite:///{coming.absolute()}")
        with db.connection_context():
            migrate(db)
            with db.atomic("IMMEDIATE"):
                epoch = renew_epoch(db)
            db.pragma("journal_mode", "delete")  # everything in the one file
        os.unlink(f"{os.path.realpath(coming)}.migrating")
    return epoch


def renew_epoch(db: Database) -> str:
    """Make it another log: whoever resumes is told so and begins anew, because what came after a copy was made is not
    in it. The new epoch."""
    epoch = secrets.token_hex(4)
    execute(db, "UPDATE meta SET value = ? WHERE name = 'epoch'", epoch)
    return epoch


def _copy(source: sqlite3.Connection, coming: Path, told: Told) -> None:
    with closing(_connect(coming)) as copy:
        try:
            source.backup(copy, pages=PAGES, progress=lambda _, left, total: told(total - left, total))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            message = f"{coming.parent.absolute()} has no room for the copy: the disk is full. Nothing is left of it."
            raise Refused("not_writable", message) from error
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, which needs no others beside it


@contextmanager
def _coming(to: Path) -> Iterator[Path]:
    """A new file for this account's eyes only, which is called `to` once the block is through, or is gone."""
    coming = to.with_name(to.name + ".partial")
    held = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTS)  # until there is someone to delete what is made
    try:
        descriptor = _made(coming, to)
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            yield coming
            os.fsync(descriptor)
            os.rename(coming, to)
            _sync_folder(to.parent)
        finally:
            os.close(descriptor)
            for left in ("", "-journal", "-wal", "-shm", ".migrating"):
                Path(f"{coming}{left}").unlink(missing_ok=True)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)


def _made(coming: Path, to: Path) -> int:
    try:
        if to.exists():
            raise Refused("name_taken", f"{to} is there already, and is not overwritten.")
        return os.open(coming, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        message = f"{coming} is there: another copy is on its way, or was cut off; then delete it."
        raise Refused("name_taken", message) from None
    except OSError as error:
        raise Refused("not_writable", f"{to} cannot be written: {error.strerror}.") from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connect(path: str | Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=WAITS_S, isolation_level=None)


def _is_ours(db: sqlite3.Connection) -> bool:
    try:
        return db.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone() is not None
    except sqlite3.DatabaseError:  # no such table, or no database at all
        return False


@contextmanager
def _reachable(path: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseUnreachable(obstacle(path) if str(error) == CANNOT_OPEN else str(error)) from error
    except OSError as error:
        raise DatabaseUnreachable(error.strerror or str(error)) from error
