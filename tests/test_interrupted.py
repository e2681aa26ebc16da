"""Ctrl-C and SIGTERM in the midst of long commands: exit status 130, nothing half done, and the next try succeeds.

`backup` is in test_backup.py, and where exactly a migration of SQLite was stopped in test_schema_upgrades.py."""

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest

from command_line import CommandLine, Outcome, finish
from models.database import MIGRATION_LOCK, execute, open_database
from models.ticking import ticking
from patience import PATIENCE_S
from test_erase import traces
from test_schema_upgrades import NAMES, load

NUMBER = "+15550147"
CALLS = 300


def until(holds: Callable[[], bool], process: subprocess.Popen | None = None) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline and (process is None or process.poll() is None)
        time.sleep(0.002)


def stopped(process: subprocess.Popen, number: int = signal.SIGINT) -> Outcome:
    process.send_signal(number)
    outcome = finish(process)
    assert outcome.status == 130 and "Traceback" not in outcome.err, outcome
    return outcome


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("held", ["LOCK TABLE source_state", f"SELECT pg_advisory_lock({MIGRATION_LOCK})"])
def test_migrating_postgresql_stops_in_the_midst_of_a_statement(held, number, new_postgres_database):
    url = new_postgres_database()
    load(NAMES[0], url)
    line = CommandLine(url)
    with closing(psycopg2.connect(url)) as other, closing(psycopg2.connect(url)) as looking, other.cursor() as cursor:
        looking.autocommit = True
        cursor.execute(held)

        def is_waiting() -> bool:
            with looking.cursor() as found:
                found.execute("SELECT COUNT(*) FROM pg_locks WHERE NOT granted")
                return found.fetchone() != (0,)

        process = line.start("migrate")
        until(is_waiting, process)
        assert stopped(process, number).out == ""
        assert not is_waiting(), "the database was told, too"
    db = open_database(url)
    with db.connection_context():
        assert execute(db, "SELECT COUNT(*) FROM schema_migration").fetchone() == (1,)
        assert "account" in db.get_tables() and "note" not in db.get_tables()
    assert line.do("migrate") == str(len(NAMES) - 1)


def fill(path: str) -> None:
    """Many calls from NUMBER, with what was said on them."""
    with closing(sqlite3.connect(path)) as db:
        rows = [(n, f"XA{n}", NUMBER) for n in range(100, 100 + CALLS)]
        columns = "organization_id, assistant_id, status, status_version, metadata, head_seq, transcript_count"
        db.executemany(
            f'INSERT INTO "call" (id, call_sid, from_number, {columns}, heard_at, created_at, updated_at)'
            " VALUES (?, ?, ?, 1, 1, 'completed', 1, '{}', 20, 20, 1, 1, 1)",
            rows,
        )
        db.executemany(
            "INSERT INTO entry (call_id, seq, segment_id, revision, speaker, content, created_at, stored_at)"
            " VALUES (?, ?, ?, 1, 'user', ?, 1, 1)",
            [(n, seq, f"s{seq}", "Zephyrine " * 20) for n, *_ in rows for seq in range(1, 21)],
        )
        db.commit()


def counted(path: str, sql: str) -> int:
    with closing(sqlite3.connect(path, timeout=60)) as db:
        return db.execute(sql).fetchone()[0]


def test_erasing_stops_between_two_calls_and_the_next_try_takes_the_rest(sqlite_url):
    path, line = sqlite_url.removeprefix("sqlite:///"), CommandLine(sqlite_url)
    load(NAMES[-1], sqlite_url)
    fill(path)
    left = f"SELECT COUNT(*) FROM \"call\" WHERE from_number = '{NUMBER}'"
    process = line.start("erase", "--phone", NUMBER, "--yes")
    until(lambda: counted(path, left) < CALLS, process)
    assert "`compact`" in stopped(process).err
    remaining = counted(path, left)
    assert 0 < remaining < CALLS
    entries = counted(path, "SELECT COUNT(*) FROM entry WHERE call_id >= 100")
    assert entries == 20 * remaining, "each of them is there, or gone, as a whole"
    erased = "SELECT SUM(json_extract(detail, '$.calls')) FROM audit_entry WHERE action = 'calls.erased'"
    assert counted(path, erased) == CALLS - remaining
    assert line.do("erase", "--phone", NUMBER, "--yes") == f"Erased {remaining} calls."
    assert (counted(path, left), counted(path, erased)) == (0, CALLS)
    assert traces(path, "Zephyrine", NUMBER.removeprefix("+")) == []


def test_compact_cleans_up_after_who_stopped_erasing_when_all_were_gone(sqlite_url):
    path, line = sqlite_url.removeprefix("sqlite:///"), CommandLine(sqlite_url)
    load(NAMES[-1], sqlite_url)
    fill(path)
    db = open_database(sqlite_url)
    with db.connection_context():  # as `erase` leaves it before it cleans
        terms = "SELECT id, 'zephyrine', call_id FROM entry WHERE call_id >= 100"
        execute(db, f"INSERT INTO entry_terms (rowid, terms, call_id) {terms}")
        execute(db, "DELETE FROM entry WHERE call_id >= 100")
        execute(db, 'DELETE FROM "call" WHERE id >= 100')
        execute(db, "UPDATE meta SET value = '1' WHERE name = 'index_unclean'")
    assert traces(path, "zephyrine")
    assert int(line.do("compact")) > 0
    assert traces(path, "zephyrine", "Zephyrine") == []


def test_compacting_stops_with_everything_as_it_was(sqlite_url):
    path, line = sqlite_url.removeprefix("sqlite:///"), CommandLine(sqlite_url)
    load(NAMES[-1], sqlite_url)
    fill(path)
    before = counted(path, "SELECT COUNT(*) FROM entry")
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 20:
            raise KeyboardInterrupt

    db = open_database(sqlite_url)
    with db.connection_context(), pytest.MonkeyPatch.context() as patched:
        patched.setattr("models.ticking.STEPS_PER_TICK", 50)
        with pytest.raises(KeyboardInterrupt), ticking(db, tick):
            db.execute_sql("VACUUM")
    assert counted(path, "SELECT COUNT(*) FROM entry") == before
    assert int(line.do("compact")) > 0


def test_restoring_leaves_nothing_behind(sqlite_url, tmp_path):
    path, copy, target = sqlite_url.removeprefix("sqlite:///"), tmp_path / "copy.db", tmp_path / "target.db"
    load(NAMES[-1], sqlite_url)
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE ballast (b BLOB)")
        db.executemany("INSERT INTO ballast VALUES (zeroblob(?))", [(1 << 20,)] * 120)
        db.commit()
    CommandLine(sqlite_url).do("backup", str(copy))
    line = CommandLine(f"sqlite:///{target}")
    for number in (signal.SIGINT, signal.SIGTERM):
        process = line.start("restore", str(copy))
        until((tmp_path / "target.db.partial").exists, process)
        assert stopped(process, number).out == ""
        assert [found.name for found in tmp_path.glob("target*")] == ["target.db.serving"]
    assert len(line.do("restore", str(copy))) == 8
    assert counted(str(target), 'SELECT COUNT(*) FROM "call"') == 1


def test_a_replay_that_is_stopped_can_be_said_again(sqlite_url, tmp_path):
    line = CommandLine(sqlite_url)
    line.variables["CALLBOARD_TOKEN"] = line.do("setup")
    recording = tmp_path / "call.jsonl"
    data = '{"segment_id":"%s","speaker":"user","content":"Hello"}'
    rows = [f'{{"at":{at},"type":"transcript","call_sid":"CA1","data":{data % at}}}\n' for at in (0, 3600)]
    recording.write_text("".join(rows))
    path = sqlite_url.removeprefix("sqlite:///")
    with line.serving() as url:
        process = line.start("replay", str(recording), "--url", url)
        until(lambda: counted(path, "SELECT COUNT(*) FROM entry") == 1, process)
        assert stopped(process).out == ""
        said = line.do("replay", str(recording), "--url", url, "--speed", "0")
        assert said == "calls=1 messages=2 acknowledged=2"
    assert counted(path, "SELECT COUNT(*) FROM entry") == 2
