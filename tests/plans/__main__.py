"""`make plans`: how the hot questions scale, from a small database to one of ROWS entries, of both kinds.

Exit status 1 where a question reads a table of the log from end to end, or touches more in the big database than in
the small one (but for those that count all calls of an organisation). The databases are removed again.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg2

from models.database import migrate, open_database
from tests.plans.filling import fill
from tests.plans.measuring import Measured, has_grown, measure
from tests.plans.questions import QUESTIONS
from tests.postgres import running_postgres

SMALL = 10_000


def measured(url: str, rows: int) -> dict[str, Measured]:
    """Each question, by name, in a new database with so many entries."""
    db = open_database(url, checkpoints=True)
    with db.connection_context():
        migrate(db)
        begun = time.monotonic()
        fill(db, rows)
        print(f"  {rows} entries in {time.monotonic() - begun:.0f} s", flush=True)
        return {question.name: measure(db, question, rows) for question in QUESTIONS}


@contextmanager
def new_database(kind: str) -> Iterator[str]:
    """The URL of an empty database, removed after the block."""
    with tempfile.TemporaryDirectory(prefix="callboard-plans-") as folder:
        if kind == "SQLite":
            yield f"sqlite:///{folder}/board.db"
            return
        with running_postgres() as server:
            connection = psycopg2.connect(server)
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("CREATE DATABASE plans")
            try:
                yield urlsplit(server)._replace(path="/plans").geturl()
            finally:
                with connection.cursor() as cursor:
                    cursor.execute("DROP DATABASE plans WITH (FORCE)")
                connection.close()


def compare(kind: str, rows: int) -> list[str]:
    """Print a line for each question; what is wrong."""
    print(kind, flush=True)
    results = []
    for size in (SMALL, rows):
        with new_database(kind) as url:
            results.append(measured(url, size))
    print(f"  {'question':26} {'ms':>8} {'ms':>8} {'ratio':>6}   {'touched':>8} {'touched':>8}")
    wrong = []
    for question in QUESTIONS:
        small, big = (result[question.name] for result in results)
        ratio = big.milliseconds / small.milliseconds
        print(
            f"  {question.name:26} {small.milliseconds:8.2f} {big.milliseconds:8.2f} {ratio:6.1f}"
            f"   {small.touched:8} {big.touched:8}{'   (all calls)' if question.grows else ''}"
        )
        if question.grows:  # of half of all calls, PostgreSQL rightly reads the whole table
            continue
        wrong += [f"{kind}, {question.name}: {scan}" for scan in big.full_scans]
        if has_grown(small, big):
            wrong.append(f"{kind}, {question.name} touches {big.touched} where it touched {small.touched}")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.plans", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--kind", choices=("SQLite", "PostgreSQL"), action="append")
    options = parser.parse_args()
    wrong = [line for kind in options.kind or ("SQLite", "PostgreSQL") for line in compare(kind, options.rows)]
    print("\n".join(wrong) or "Every hot question goes by an index, and touches no more than in a small database.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
