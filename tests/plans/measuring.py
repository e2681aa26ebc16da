"""What a question costs: which tables of the log it reads from end to end, how much it touches, how long it takes.

The statements that the models really send are explained. Touched are, on PostgreSQL, the rows that the scans of the
plan read; on SQLite the steps of its virtual machine, in hundreds.
"""

import json
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from peewee import Database

from models.database import is_sqlite
from tests.plans.filling import PER_CALL
from tests.plans.questions import Question

LOG_TABLES = ("call", "entry", "entry_terms", "source_state", "status_change", "call_alias", "call_link")


class Measured(NamedTuple):
    full_scans: list[str]  # of a table of the log, as the plan says it
    touched: int
    milliseconds: float


def has_grown(small: Measured, big: Measured) -> bool:
    """Whether it touches more than the deeper trees of a bigger database explain."""
    return big.touched > 2 * small.touched + 50


def measure(db: Database, question: Question, rows: int) -> Measured:
    number = rows // PER_CALL
    with _recorded(db) as statements:
        question.ask(db, number)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        question.ask(db, number)
        times.append(time.perf_counter() - begun)
    look = _of_sqlite if is_sqlite(db) else _of_postgresql
    scans, touched = look(db, question, number, statements)
    return Measured(scans, touched, statistics.median(times) * 1000)


@contextmanager
def _recorded(db: Database) -> Iterator[list[tuple]]:
    """The statements sent meanwhile, with their parameters."""
    statements: list[tuple] = []
    send = db.execute_sql

    def keep(sql: str, params: Any = None) -> Any:
        statements.append((sql, params))
        return send(sql, params)

    db.execute_sql = keep
    try:
        yield statements
    finally:
        del db.execute_sql


def _of_sqlite(db: Database, question: Question, number: int, statements: list[tuple]) -> tuple[list[str], int]:
    scans = []
    for sql, params in statements:
        if sql.split()[0] in ("SELECT", "INSERT", "UPDATE"):
            plan = [row[3] for row in db.execute_sql("EXPLAIN QUERY PLAN " + sql, params).fetchall()]
            scans += [line for line in plan if _is_full_scan(line)]
    steps = [0]

    def step() -> None:
        steps[0] += 1

    db.connection().set_progress_handler(step, 100)
    question.ask(db, number)
    db.connection().set_progress_handler(None, 100)
    return scans, steps[0]


def _is_full_scan(line: str) -> bool:
    """Whether a line of SQLite's plan says so; of a full-text table it says `:M` where it asks its index to match."""
    return line.startswith("SCAN") and line.split()[1].strip('"') in LOG_TABLES and ":M" not in line


def _of_postgresql(db: Database, question: Question, number: int, statements: list[tuple]) -> tuple[list[str], int]:
    scans, touched = [], 0
    for sql, params in statements:
        if (verb := sql.split()[0]) not in ("SELECT", "INSERT", "UPDATE"):
            continue
        how = "ANALYZE, " if verb == "SELECT" else ""  # the others would be carried out
        found = db.execute_sql(f"EXPLAIN ({how}FORMAT JSON) {sql}", params).fetchone()[0]
        for node in _nodes((json.loads(found) if isinstance(found, str) else found)[0]["Plan"]):
            if node.get("Relation Name") in LOG_TABLES:
                read = node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0)
                touched += int(read * node.get("Actual Loops", 1))
                if node["Node Type"] == "Seq Scan":
                    scans.append(f"Seq Scan on {node['Relation Name']}")
    return scans, touched


def _nodes(plan: dict) -> Iterator[dict]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)
