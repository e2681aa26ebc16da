"""What whoever runs the server wants to know of its database."""

import os
from pathlib import Path
from typing import NamedTuple

from peewee import Database
from playhouse.migrations import Runner

from models import search_index
from models.database import MIGRATIONS, execute, is_sqlite


class Vitals(NamedTuple):
    calls_in_progress: int
    search_behind_since: int | None  # µs, when the oldest entry was stored that cannot be found yet
    deliveries_waiting: int
    database_bytes: int
    free_bytes: int | None  # of the disk that the database is on; None: on another machine


def vitals(db: Database) -> Vitals:
    (running,) = execute(db, "SELECT COUNT(*) FROM \"call\" WHERE status = 'in-progress'").fetchone()
    (waiting,) = execute(db, "SELECT COUNT(*) FROM alert_delivery WHERE next_at IS NOT NULL").fetchone()
    return Vitals(running, search_index.behind_since(db), waiting, *_sizes(db))


def is_migrated(db: Database) -> bool:
    """Whether the database has every table that this Callboard needs: one that was restored meanwhile may not."""
    return all(migration.applied for migration in Runner(db, str(MIGRATIONS)).status())


def _sizes(db: Database) -> tuple[int, int | None]:
    if not is_sqlite(db):
        return execute(db, "SELECT pg_database_size(current_database())").fetchone()[0], None
    files = Path(db.database), Path(f"{db.database}-wal")
    disk = os.statvfs(files[0].resolve().parent)
    return sum(file.stat().st_size for file in files if file.exists()), disk.f_bavail * disk.f_frsize
