"""Makes tests/fixtures/<kind>-NNNN.sql: a database as each state of the schema left it, with a call in it.

    .venv/bin/python tests/make_schema_fixtures.py

`schema-…` are SQLite's, `postgresql-…` PostgreSQL's, which needs its server and `pg_dump`. Those that are there are not
made again: a migration that was published never changes, and neither does what it made.
"""

import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

HOME = Path(__file__).parent.parent
FIXTURES = HOME / "tests" / "fixtures"
sys.path.insert(0, str(HOME))

from models import database  # noqa: E402
from postgres import running_postgres  # noqa: E402

SAID = (
    ("a-1", 1, "assistant", "Larkspur Cycles, how can I help you?", 0.5, 2.0),
    ("u-1", 1, "user", "Is my byke ready?", 2.5, 3.5),
    ("u-1", 2, "user", "Is my bike ready?", 2.5, 3.5),
    ("a-2", 1, "assistant", "It is — come by at five ✓", 4.0, 6.0),
)
AT = 1_770_000_000_000_000  # µs
# What each state of the schema can hold besides, by the migration that made it possible.
ROWS = {
    1: (
        f"INSERT INTO organization (id, name, created_at) VALUES (1, 'Larkspur Cycles', {AT})",
        "INSERT INTO account (id, organization_id, email, password_hash, role, is_active, created_at)"
        f" VALUES (1, 1, 'ada@example.com', 'none', 'admin', TRUE, {AT})",
        f"INSERT INTO assistant (id, organization_id, name, created_at) VALUES (1, 1, 'Front desk', {AT})",
        "INSERT INTO source (id, organization_id, assistant_id, kind, endpoint, secret, config, created_at)"
        f" VALUES (1, 1, 1, 'twilio', 'endpoint', 'auth token', '{{}}', {AT})",
        'INSERT INTO "call" (id, organization_id, assistant_id, call_sid, status, status_version, direction,'
        " from_number, to_number, provider, metadata, head_seq, transcript_count, started_at, ended_at, duration,"
        " terminal_at, last_entry_at, heard_at, created_at, updated_at)"
        " VALUES (7, 1, 1, 'CA1', 'completed', 2, 'inbound', '+15550100', '+15550199', 'twilio', '{\"order\":7}', 4, 3,"
        f" {AT}, {AT + 9_000_000}, 9, {AT + 9_000_000}, {AT + 8_000_000}, {AT + 9_000_000}, {AT}, {AT + 9_000_000})",
        "INSERT INTO status_change (call_id, status, reason, at, stored_at)"
        f" VALUES (7, 'in-progress', NULL, {AT}, {AT}), (7, 'completed', 'hangup', {AT}, {AT + 9_000_000})",
        *(
            "INSERT INTO entry (call_id, seq, segment_id, revision, speaker, content, segment_start, segment_end,"
            f" created_at, stored_at) VALUES (7, {seq}, '{segment}', {revision}, '{speaker}', '{content}', {start},"
            f" {end}, {AT + seq}, {AT + seq})"
            for seq, (segment, revision, speaker, content, start, end) in enumerate(SAID, 1)
        ),
        "INSERT INTO source_state (source_id, call_id, version, state) VALUES (1, 7, 3, '{\"n\":3}')",
    ),
    2: (f"INSERT INTO source_rejection (source_id, at, code) VALUES (1, {AT}, 'malformed_payload')",),
    3: (
        "INSERT INTO audit_entry (organization_id, at, action, actor, target, detail)"
        f" VALUES (1, {AT}, 'call.read', 'ada@example.com', 'CA1', '{{}}')",
    ),
    5: ("INSERT INTO call_alias (organization_id, alias, call_id) VALUES (1, 'VA1', 7)",),
    6: (
        "INSERT INTO alert_rule (id, organization_id, name, kind, text, on_interims, created_at)"
        f" VALUES (1, 1, 'Bike', 'phrase', 'bike', FALSE, {AT})",
        "INSERT INTO alert (organization_id, call_id, rule_id, rule_name, segment_id, seq, spans, at)"
        f" VALUES (1, 7, 1, 'Bike', 'u-1', 3, '[[6,10]]', {AT})",
    ),
    7: (f"INSERT INTO redaction (organization_id, is_on, kinds, turned_at) VALUES (1, FALSE, 'email', {AT})",),
    9: (
        "INSERT INTO note (organization_id, call_id, user_id, author, at_seconds, text, created_at, updated_at)"
        f" VALUES (1, 7, 1, 'ada@example.com', 2.5, 'Asks for the bike', {AT}, {AT})",
    ),
    10: ("INSERT INTO retention (organization_id, days, deleted, took, is_behind) VALUES (1, NULL, 0, 0, FALSE)",),
}


def every_migration() -> list[Path]:
    return sorted(database.MIGRATIONS.glob("[0-9]*.py"))


def fill(url: str, migrations: list[Path], through: int, folder: Path) -> None:
    """Apply the first so many migrations to an empty database, one after the other, as in life: what a state of the
    schema can hold is written before the next migration comes. `folder` is for a copy of them."""
    folder.mkdir()
    every, database.MIGRATIONS = database.MIGRATIONS, folder
    try:
        for number in range(1, through + 1):
            shutil.copy(migrations[number - 1], folder)
            db = database.open_database(url)
            with db.connection_context():
                database.migrate(db)
                with db.atomic():
                    for sql in ROWS.get(number, ()):
                        db.execute_sql(sql)
    finally:
        database.MIGRATIONS = every


def dumped(migrations: list[Path], through: int, folder: Path) -> str:
    path = folder / "board.db"
    fill(f"sqlite:///{path}", migrations, through, folder / "migrations")
    connection = sqlite3.connect(path)
    try:
        return "\n".join(connection.iterdump()) + "\n"
    finally:
        connection.close()


def dumped_by_postgresql(server: str, migrations: list[Path], through: int, folder: Path) -> str:
    name = f"state_{through}"
    run_sql(server, f"CREATE DATABASE {name}")
    url = urlsplit(server)._replace(path=f"/{name}").geturl()
    fill(url, migrations, through, folder / "migrations")
    words = ["pg_dump", "--no-owner", "--no-privileges", "--inserts", url]
    dump = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    # Without what one version says and another does not know: its settings, psql's own words, and remarks.
    return re.sub(r"\n\n+", "\n", re.sub(r"(?m)^(SET |SELECT pg_catalog\.set_config|\\|--).*\n", "", dump)).lstrip()


def run_sql(url: str, sql: str) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
    finally:
        connection.close()


def make(kind: str, dump: Callable[[list[Path], int, Path], str]) -> None:
    migrations = every_migration()
    for through, migration in enumerate(migrations, 1):
        fixture = FIXTURES / f"{kind}-{migration.stem}.sql"
        if not fixture.exists():
            with tempfile.TemporaryDirectory() as folder:
                fixture.write_text(dump(migrations, through, Path(folder)))
            print(fixture.name)


def main() -> None:
    FIXTURES.mkdir(exist_ok=True)
    make("schema", dumped)
    with running_postgres() as server:
        make("postgresql", partial(dumped_by_postgresql, server))


if __name__ == "__main__":
    main()
