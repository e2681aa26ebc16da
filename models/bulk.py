"""Many rows in one statement, on either database: the hot path's way past the cost of a statement for each."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from peewee import Database

from models.database import execute, is_sqlite

PIECE = 64  # rows in one statement at most, and else powers of two: few enough texts for SQLite to keep them prepared
REMOTE_PIECE = 500  # on PostgreSQL, where each statement is a way there and back


def insert_rows(db: Database, table: str, columns: Sequence[str], rows: Sequence[tuple]) -> None:
    """Insert these rows, each with a value for every column."""
    for piece in _pieces(db, rows):
        execute(db, _insert(table, tuple(columns), len(piece)), *(value for row in piece for value in row))


def update_rows(db: Database, table: str, columns: Sequence[str], rows: Sequence[tuple[int, ...]]) -> None:
    """Set these columns, integers all of them and none null, of the rows whose id comes first in each of `rows`."""
    for piece in _pieces(db, rows):
        execute(db, _update(table, tuple(columns), len(piece)), *(value for row in piece for value in row))


def wanted(db: Database, pairs: Iterable[tuple[int, Any]], kind: str) -> tuple[str, list]:
    """(SQL, parameters) of a table `wanted` with these rows, columns `a` (an integer) and `b`; `kind` is PostgreSQL's
    name of b's type. One text whatever the number of rows."""
    pairs = list(pairs)
    if is_sqlite(db):
        rows = "(SELECT value ->> 0 AS a, value ->> 1 AS b FROM json_each(?)) AS wanted"
        return rows, [msgspec.json.encode(pairs).decode()]
    return f"unnest(?::bigint[], ?::{kind}[]) AS wanted(a, b)", [[a for a, _ in pairs], [b for _, b in pairs]]


def one_of(db: Database, ids: Iterable[int]) -> tuple[str, list]:
    """(SQL, parameters) of what may stand after IN for these ids, one text whatever their number."""
    if is_sqlite(db):
        return "(SELECT value FROM json_each(?))", [msgspec.json.encode(list(ids)).decode()]
    return "(SELECT unnest(?::bigint[]))", [list(ids)]


def _pieces(db: Database, rows: Sequence[tuple]) -> Iterable[Sequence[tuple]]:
    at = 0
    while at < len(rows):
        size = min(PIECE, 1 << (len(rows) - at).bit_length() - 1) if is_sqlite(db) else REMOTE_PIECE
        yield rows[at : at + size]
        at += size


@lru_cache(300)  # one for each number of rows at most
def _insert(table: str, columns: tuple[str, ...], rows: int) -> str:
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {_values(len(columns), rows)}"


@lru_cache(300)  # one for each number of rows at most
def _update(table: str, columns: tuple[str, ...], rows: int) -> str:
    sets = ", ".join(f"{name} = fresh.column{at}" for at, name in enumerate(columns, 2))
    values = _values(len(columns) + 1, rows)
    return f'UPDATE "{table}" SET {sets} FROM (VALUES {values}) AS fresh WHERE "{table}".id = fresh.column1'


def _values(columns: int, rows: int) -> str:
    return ", ".join(["(" + ", ".join("?" * columns) + ")"] * rows)
