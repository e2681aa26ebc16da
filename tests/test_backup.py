"""Copies of a database that is written to, and what becomes of viewers when one takes its place."""

import asyncio
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing

import pytest

from command_line import HOME, CommandLine, environment, finish
from house import open_house
from models import backup, rights
from models.database import DatabaseTooNew, execute, migrate, open_database
from patience import PATIENCE_S
from remote import may_mount


@pytest.fixture
def line(sqlite_url):
    return CommandLine(sqlite_url)


def counted(path) -> int:
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return db.execute("SELECT COUNT(*) FROM entry").fetchone()[0]


async def words(line: CommandLine, *arguments: str):
    return await asyncio.to_thread(line.try_, *arguments)


async def test_a_copy_under_load_has_all_that_was_acknowledged_and_is_another_log(house, line, tmp_path):
    copy = tmp_path / "copy.db"
    is_over = asyncio.Event()
    acknowledged: list[int] = []

    async def feed() -> None:
        number = 0
        while not is_over.is_set():
            number += 1
            await house.say("CA1", f"u-{number}", f"words {number}")
            acknowledged.append(number)

    feeding = asyncio.ensure_future(feed())
    while len(acknowledged) < 50:
        await asyncio.sleep(0.01)
    before = len(acknowledged)
    outcome = await words(line, "backup", str(copy))
    after = len(acknowledged) + 1  # one may be on its way
    is_over.set()
    await feeding
    assert (outcome.status, outcome.err, outcome.last) == (0, "", str(copy))
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert before <= counted(copy) <= after and before < len(acknowledged), "and nobody waited for it"
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == ["copy.db"]

    restored = tmp_path / "restored.db"
    made = await words(CommandLine(f"sqlite:///{restored}"), "restore", str(copy))
    assert made.status == 0 and stat.S_IMODE(restored.stat().st_mode) == 0o600, made.err
    async with open_house(f"sqlite:///{restored}") as other:
        other.furniture = house.furniture
        assert other.services.epoch == made.last != house.services.epoch
        async with other.watch("CA1", f"&after={before}&epoch={house.services.epoch}") as viewer:
            await viewer.history()
        assert viewer.seen[0]["recovered"] is False
        assert viewer.seqs[:before] == list(range(1, before + 1))
        said = [message["data"]["content"] for message in viewer.transcripts]
        assert said[:before] == [f"words {number}" for number in acknowledged[:before]]
        async with other.watch("CA1", f"&after={before}&epoch={made.last}") as viewer:
            await viewer.history()
        assert viewer.seen[0]["recovered"] is True and min(viewer.seqs, default=before + 1) == before + 1


async def test_nothing_is_overwritten(house, line, sqlite_url, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_text("mine")
    outcome = await words(line, "backup", str(copy))
    assert (outcome.status, outcome.err) == (2, f"{copy} is there already, and is not overwritten.\n")
    copy.unlink()
    (tmp_path / "copy.db.partial").write_text("of another")
    outcome = await words(line, "backup", str(copy))
    assert outcome.status == 2 and "another copy is on its way" in outcome.err
    assert (tmp_path / "copy.db.partial").read_text() == "of another"
    assert (await words(line, "backup", str(tmp_path / "second.db"))).status == 0
    outcome = await words(line, "restore", str(tmp_path / "second.db"))
    assert outcome.status == 2 and "Another Callboard already serves" in outcome.err


def test_a_restored_database_is_whole_ours_and_not_newer_than_we_are(line, sqlite_url, tmp_path):
    line.do("organization", "create", "Harper")
    copy, target = tmp_path / "copy.db", tmp_path / "target.db"
    line.do("backup", str(copy))
    elsewhere = CommandLine(f"sqlite:///{target}")
    assert line.try_("restore", str(copy)).err.endswith("is there already, and is not overwritten.\n")
    (tmp_path / "target.db-wal").write_text("of another database")
    assert "target.db-wal is of another database" in elsewhere.try_("restore", str(copy)).err
    (tmp_path / "target.db-wal").unlink()
    (tmp_path / "text.db").write_text("no database " * 1000)
    for bad, says in (("text.db", "is no Callboard database"), ("none.db", "There is no file")):
        outcome = elsewhere.try_("restore", str(tmp_path / bad))
        assert outcome.status == 2 and says in outcome.err, outcome.err
    with closing(sqlite3.connect(copy)) as db:
        db.execute("INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01 00:00:00')")
        db.commit()
    with pytest.raises(DatabaseTooNew):
        backup.restore(copy, str(target), lambda done, total: None)
    assert sorted(path.name for path in tmp_path.iterdir() if "target" in path.name) == ["target.db.serving"]


def test_an_older_copy_is_migrated_when_it_is_restored(tmp_path):
    from test_schema_upgrades import NAMES, load

    copy, target = tmp_path / "copy.db", tmp_path / "target.db"
    load(NAMES[0], f"sqlite:///{copy}")
    epoch = backup.restore(copy, str(target), lambda done, total: None)
    db = open_database(f"sqlite:///{target}")
    with db.connection_context():
        assert migrate(db) == [] and rights.epoch(db) == epoch
    with closing(sqlite3.connect(copy)) as db:
        assert db.execute("SELECT COUNT(*) FROM schema_migration").fetchone() == (1,), "the copy is as it was"


def test_ctrl_c_leaves_nothing_behind(line, sqlite_url, tmp_path):
    line.do("organization", "create", "Harper")
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as db:
        db.execute("CREATE TABLE ballast (b BLOB)")
        db.executemany("INSERT INTO ballast VALUES (zeroblob(?))", [(1 << 20,)] * 120)
        db.commit()
    for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 130)):
        process = line.start("backup", str(tmp_path / "copy.db"))
        until = time.monotonic() + 60
        while not (tmp_path / "copy.db.partial").exists() and process.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
        process.send_signal(number)
        outcome = finish(process)
        assert (outcome.status, outcome.out) == (status, ""), outcome.err
        assert not [path.name for path in tmp_path.iterdir() if "copy" in path.name]


def test_on_postgresql_there_is_pg_dump_and_a_word_for_afterwards(new_postgres_database, tmp_path):
    url = new_postgres_database()
    line = CommandLine(url)
    line.do("organization", "create", "Harper")
    for words_, program in ((("backup", str(tmp_path / "copy")), "pg_dump"), (("restore", "copy"), "pg_restore")):
        outcome = line.try_(*words_)
        assert (outcome.status, outcome.out, outcome.err.count("\n")) == (2, "", 1) and program in outcome.err
    db = open_database(url)
    with db.connection_context():
        before = rights.epoch(db)
        epoch = line.do("new-epoch")
        assert rights.epoch(db) == epoch != before
        assert execute(db, "SELECT COUNT(*) FROM meta WHERE name = 'epoch'").fetchone() == (1,)


def test_a_place_that_cannot_be_written_is_said_to_be_so(line, tmp_path):
    line.do("organization", "create", "Harper")
    outcome = line.try_("backup", str(tmp_path / "nowhere" / "copy.db"))
    assert outcome.status == 2 and "cannot be written: No such file or directory." in outcome.err


@pytest.mark.skipif(not may_mount(), reason="needs a small disk of its own")
def test_a_disk_without_room_for_the_copy_is_named_and_nothing_is_left_there(line, tmp_path):
    line.do("organization", "create", "Harper")
    small = tmp_path / "small"
    small.mkdir()
    program = [sys.executable, str(HOME / "server.py"), "backup", str(small / "copy.db")]
    script = f'mount -t tmpfs -o size=64k tmpfs {small} && "$@"; status=$?; ls -A {small}; exit $status'
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", script, "sh", *program],
        env=environment(**line.variables),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    said = f"{small} has no room for the copy: the disk is full. Nothing is left of it.\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)
