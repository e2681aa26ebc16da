"""Calls that were erased on request. What their providers still tell of them, often the whole transcript once more, is
refused for a while; of their names only hashes are kept.
"""

import hashlib
from collections.abc import Iterable

from peewee import Database

from events import SECOND, Refused
from models.bulk import insert_rows
from models.database import execute

KEPT_US = 30 * 86_400 * SECOND  # providers give up after days at most

Key = tuple[int, str]  # organisation, and a name of a call in it


def check(db: Database, names: Iterable[Key]) -> None:
    """Raises Refused, `call_erased`, where one of these is the name of an erased call."""
    hashes = [_hashed(name) for name in names]
    sql = f"SELECT 1 FROM erased_call WHERE name_hash IN ({', '.join('?' * len(hashes))}) LIMIT 1"
    if execute(db, sql, *hashes).fetchone():
        raise Refused("call_erased", "This call was erased: nothing more is taken for it.", "call_sid")


def remember(db: Database, now: int, names: Iterable[Key]) -> None:
    hashes = sorted(_hashed(name) for name in names)
    for hashed in hashes:
        execute(db, "DELETE FROM erased_call WHERE name_hash = ?", hashed)
    insert_rows(db, "erased_call", ("name_hash", "erased_at"), [(hashed, now) for hashed in hashes])


def forget_old(db: Database, now: int) -> None:
    execute(db, "DELETE FROM erased_call WHERE erased_at < ?", now - KEPT_US)


def _hashed(name: Key) -> str:
    organization_id, call_sid = name
    return hashlib.sha256(f"{organization_id}:{call_sid}".encode()).hexdigest()
