"""Opening a database by URL, bringing its schema up to date, and what SQLite and PostgreSQL say differently."""

import fcntl
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from peewee import Database, OperationalError, PeeweeException, PostgresqlDatabase, SqliteDatabase
from playhouse.db_url import connect
from playhouse.migrations import Runner

from models.ticking import ticking
from models.trouble import CANNOT_OPEN, first_error, obstacle

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 742_100_117  # any number that nothing else on the same PostgreSQL server locks

# FULL: an acknowledged event survives a power cut. Only the serving process's writer may checkpoint (SQLite 3.40
# can corrupt the WAL when two connections do), so everyone else switches the automatic checkpoint off.
# secure_delete: what is deleted is overwritten, not only forgotten; what is left of it in pages, `compact` removes.
SQLITE_PRAGMAS = {
    **{"journal_mode": "wal", "synchronous": "full", "foreign_keys": 1, "busy_timeout": 5000},
    "secure_delete": 1,
}
CHECKPOINT_PAGES = 1000  # of 4 KiB, SQLite's own default
# A transaction idle for 30 s is that of a node that hangs: it would hold up every other node's writes.
# random_page_cost: rows that are asked for by key are in memory or on an SSD; with the default of 4, for spinning
# disks, each batch reads the whole `call` table as long as that has fewer than some 20,000 rows.
POSTGRES_OPTIONS = (
    "-c synchronous_commit=on -c statement_timeout=10000 -c idle_in_transaction_session_timeout=30000"
    " -c random_page_cost=1.1 -c timezone=UTC"
)
# A server that vanishes without a word (power, cable) is noticed after some 20 s, not after TCP's two hours.
POSTGRES_NETWORK = {
    **{"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 3, "keepalives_count": 3},
    "tcp_user_timeout": 20_000,
}
ABORTED_IN_GOOD_ORDER = ("40001", "40P01")  # serialization failure, deadlock: PostgreSQL asks for another try


class DatabaseTooNew(Exception):
    """The database was made by a newer Callboard than this one."""


class AlreadyServed(Exception):
    """Another server holds this SQLite file."""


class DatabaseUnreachable(Exception):
    """The database cannot be opened or used; the message is one line, without the URL, which may hold a password."""


def open_database(url: str, *, checkpoints: bool = False, writes: bool = True) -> Database:
    """A database for `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://…`; it connects when used.

    Without `writes` the database itself refuses to change anything."""
    if url.startswith("sqlite"):
        pragmas = SQLITE_PRAGMAS | {"wal_autocheckpoint": CHECKPOINT_PAGES if checkpoints else 0}
        return connect(url, pragmas=pragmas | ({} if writes else {"query_only": 1}), returning_clause=True)
    options = POSTGRES_OPTIONS + ("" if writes else " -c default_transaction_read_only=on")
    return connect(url, options=options, **POSTGRES_NETWORK)


def is_sqlite(db: Database) -> bool:
    return isinstance(db, SqliteDatabase)


def write_transaction(db: Database):
    """A transaction that may write. On SQLite the write lock is taken at once: taking it midway could deadlock."""
    return db.atomic("IMMEDIATE") if is_sqlite(db) else db.atomic()


def may_be_repeated(error: Exception) -> bool:
    """Whether PostgreSQL rolled the transaction back only because of another one that was in the way."""
    return getattr(getattr(error, "orig", None), "pgcode", None) in ABORTED_IN_GOOD_ORDER


def is_cut_off(db: Database) -> bool:
    """Whether the connection of this thread has ended without our doing; only PostgreSQL's can."""
    return not db.is_closed() and bool(getattr(db.connection(), "closed", False))


def file_identity(db: Database) -> tuple[int, int] | None:
    """Which file stands at the path of a SQLite database; None for PostgreSQL. Raises OperationalError for none.

    A connection goes on with its file when that is moved or deleted: what is stored then is never found again."""
    if not is_sqlite(db):
        return None
    try:
        found = os.stat(db.database)
    except OSError as error:
        raise OperationalError(f"the database file cannot be found: {error.strerror}") from error
    return found.st_dev, found.st_ino


@cache
def _postgres_text(sql: str) -> str:
    return sql.replace("?", "%s")


def execute(db: Database, sql: str, *params):
    """A cursor over SQL written with `?` for its parameters, on either database."""
    return db.execute_sql(sql if is_sqlite(db) else _postgres_text(sql), params)


def migrate(db: Database, told: Callable[[int, int], None] | None = None) -> list[str]:
    """Apply what is missing, one process at a time, all of it or nothing; the names applied. `told(done, total)` is
    called now and then, and may raise to stop it: for a process that does nothing else. Raises DatabaseTooNew."""
    applied: list[str] = []
    missing: list[str] = []

    def watched():
        return nullcontext() if told is None else ticking(db, lambda: told(len(applied), len(missing)))

    runner = Runner(db, str(MIGRATIONS))
    with _migration_lock(db, watched):
        status = runner.status()
        if unknown := [m.name for m in status if m.path is None]:
            raise DatabaseTooNew(
                f"The database is newer than this Callboard (it has {unknown[-1]}): upgrade Callboard."
            )
        missing += [m.name for m in status if not m.applied]
        if missing:
            with _foreign_keys_off(db), write_transaction(db), watched():
                for name in missing:
                    applied += runner.up(name)
        return applied


@contextmanager
def _foreign_keys_off(db: Database):
    """Tables may be made anew; within a transaction SQLite would not let us say so."""
    if not is_sqlite(db):
        yield
        return
    db.pragma("foreign_keys", 0)
    try:
        yield
    finally:
        db.pragma("foreign_keys", 1)


@contextmanager
def opened(url: str, *, makes: bool = False):
    """A migrated database for an administrative command, whether or not a server runs on it: short transactions only.
    A SQLite file that is not there is a wrong path, but for commands that may be the first (`makes`).
    Raises DatabaseTooNew, DatabaseUnreachable."""
    path = sqlite_path(url)
    if path is not None and not makes and not os.path.exists(path):
        raise DatabaseUnreachable(obstacle(path))
    with reachable(url):
        db = open_database(url)
        with db.connection_context():
            migrate(db)
            yield db


@contextmanager
def administered(url: str, *, makes: bool = False):
    """As `opened`, within one transaction."""
    with opened(url, makes=makes) as db, write_transaction(db):
        yield db


@contextmanager
def reachable(url: str):
    """What the database says when it cannot be opened or used becomes DatabaseUnreachable."""
    try:
        yield
    except (PeeweeException, OSError) as error:
        first = first_error(error)
        line, *_ = str(first).splitlines() or [type(first).__name__]
        path = sqlite_path(url) if line == CANNOT_OPEN else None
        raise DatabaseUnreachable(line if path is None else obstacle(path)) from error


@contextmanager
def _migration_lock(db: Database, watched: Callable[[], AbstractContextManager]):
    if isinstance(db, PostgresqlDatabase):
        db.execute_sql("SET statement_timeout = 0")  # another node may be at it for long, as we may
        with watched():
            db.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
        try:
            yield
        finally:
            db.execute_sql("SELECT pg_advisory_unlock(%s)", (MIGRATION_LOCK,))
            db.execute_sql("RESET statement_timeout")
    else:
        with _file_lock(f"{os.path.realpath(db.database)}.migrating", wait=True):
            yield


@contextmanager
def serving(url: str):
    """Hold the one-server lock beside a SQLite file (nothing to hold on PostgreSQL). Raises AlreadyServed."""
    path = sqlite_path(url)
    if path is None:
        yield
        return
    try:
        with _file_lock(f"{os.path.realpath(path)}.serving", wait=False):
            yield
    except BlockingIOError:
        message = f"Another Callboard already serves {path}: one server per SQLite file. Stop that one first."
        raise AlreadyServed(message) from None


def sqlite_path(url: str) -> str | None:
    """The file of a SQLite URL; None for PostgreSQL."""
    parts = urlsplit(url)
    return parts.path.removeprefix("/") if parts.scheme == "sqlite" else None


@contextmanager
def _file_lock(path: str, *, wait: bool):
    """An advisory lock that the kernel releases with the process, so a crash never leaves it behind."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        raise DatabaseUnreachable(f"there is no folder {os.path.dirname(path)}") from None
    except OSError as error:
        raise DatabaseUnreachable(f"{path} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)
