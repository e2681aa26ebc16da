"""SQLite's own troubles: somebody else's lock, a file that is moved away, and a write-ahead log that could grow."""

import asyncio
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from command_line import CommandLine
from events import Unavailable
from house import Clock, open_house
from models import Store, database, tables, write_ahead
from models import store as module
from models.database import execute

TRANSCRIPTS = "/api/v1/calls/sid/CA1/transcripts"


def final(number: int) -> dict:
    return {"segment_id": f"s{number}", "speaker": "user", "content": f"words {number}"}


@pytest.fixture
def path(sqlite_url, furniture) -> Path:
    """A furnished database."""
    return Path(shutil.copy(furniture[0], sqlite_url.removeprefix("sqlite:///")))


def locked(path: Path) -> sqlite3.Connection:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    return other


async def test_a_lock_held_for_longer_than_we_wait_is_503_until_it_is_gone(path, sqlite_url, furniture, monkeypatch):
    monkeypatch.setitem(database.SQLITE_PRAGMAS, "busy_timeout", 200)
    async with open_house(sqlite_url) as house:
        house.furniture = furniture[1]
        await house.say("CA1", "s1", "words 1")
        async with house.watch("CA1") as viewer, house.produce() as producer:
            await viewer.history()
            other = locked(path)
            answer = await house.fetch("POST", TRANSCRIPTS, final(2))
            assert (answer.code, answer.headers["Retry-After"]) == (503, "1")
            await producer.send({"type": "transcript", "id": 1, "call_sid": "CA1", "data": final(3)})
            assert (await producer.next())["error"] == "unavailable"
            assert len(await house.get(TRANSCRIPTS)) == 1, "readers don't notice"
            other.execute("ROLLBACK")
            other.close()
            assert (await house.fetch("POST", TRANSCRIPTS, final(2))).code == 201
            assert (await viewer.next())["seq"] == 2
            assert [e["content"] for e in await house.get(TRANSCRIPTS + "?after=0")] == ["words 1", "words 2"]


async def test_what_was_stored_after_its_503_is_stored_and_shown_once(path, sqlite_url, furniture, monkeypatch):
    monkeypatch.setattr(module, "COMMIT_TIMEOUT_S", 4)  # a timer that was set before must not be one of half a minute
    async with open_house(sqlite_url) as house:
        house.furniture = furniture[1]
        await house.say("CA1", "s1", "words 1")
        async with house.watch("CA1") as viewer:
            await viewer.history()
            other = locked(path)
            with monkeypatch.context() as hasty:
                hasty.setattr(
                    module, "COMMIT_TIMEOUT_S", 0.3
                )  # less than the busy time-out: the writer goes on waiting
                assert (await house.fetch("POST", TRANSCRIPTS, final(2))).code == 503
            other.execute("ROLLBACK")
            other.close()
            assert (await viewer.next())["seq"] == 2, "late, but there"
            assert await house.say("CA1", "s2", "words 2") == {
                **{"accepted": [{"segment_id": "s2", "seq": 2}], "duplicates": 1, "rejected": []},
            }
            await house.say("CA1", "s3", "words 3")
            assert (await viewer.next())["seq"] == 3


@pytest.mark.parametrize("replaced", [False, True])
async def test_nothing_is_stored_in_a_file_that_is_no_longer_there(path, sqlite_url, furniture, replaced):
    async with open_house(sqlite_url) as house:
        house.furniture = furniture[1]
        await house.say("CA1", "s1", "words 1")
        async with house.watch("CA1") as viewer:
            await viewer.history()
            away = path.rename(path.with_name("away.db"))
            if replaced:
                shutil.copy(furniture[0], path)
            assert (await house.fetch("POST", TRANSCRIPTS, final(2))).code == 503
            assert (await house.fetch("GET", TRANSCRIPTS)).code == 503
            assert (await house.fetch("GET", "/readyz")).code == 503
            assert path.exists() == replaced, "and no new one was made"
            away.rename(path)
            assert (await house.fetch("POST", TRANSCRIPTS, final(2))).code == 201
            assert (await viewer.next())["seq"] == 2
            assert [e["seq"] for e in await house.get(TRANSCRIPTS + "?after=0")] == [1, 2]


# ── the write-ahead log ──────────────────────────────────────────────────────────────────────────────────────────


def put(db, name: str) -> None:
    tables.Meta.insert(name=name, value="x" * 20_000).execute(db)


def wal_bytes(url: str) -> int:
    return Path(url.removeprefix("sqlite:///") + "-wal").stat().st_size


def checksum(path: Path) -> bytes:
    """Read by another process: who opens and closes a database's file takes its own process's locks off it."""
    return subprocess.check_output(["cksum", path])


async def test_the_log_stays_short_whatever_is_being_read(sqlite_url, io_loop, monkeypatch):
    monkeypatch.setattr(write_ahead, "LONGEST_BYTES", 1 << 20)
    monkeypatch.setattr(write_ahead, "LONGEST_WAIT_MS", 10_000)  # readers that wait for a core are not slow readers
    monkeypatch.setattr(database, "CHECKPOINT_PAGES", 0)  # as if no automatic one ever got to the end
    store = Store(sqlite_url)
    store.open()
    reading, longest = True, 0

    async def read():
        while reading:
            await store.read(lambda db: execute(db, "SELECT COUNT(*), MAX(value) FROM meta").fetchall())

    readers = [asyncio.ensure_future(read()) for _ in range(4)]
    for n in range(300):
        await store.write(put, f"n{n}")
        longest = max(longest, wal_bytes(sqlite_url))
    reading = False
    await asyncio.gather(*readers)
    assert 1 << 20 < longest < 2 << 20, "6 MB were written"
    await store.close()


async def test_someone_who_reads_for_long_holds_nobody_up_for_long(sqlite_url, io_loop, monkeypatch, caplog):
    monkeypatch.setattr(write_ahead, "LONGEST_BYTES", 1 << 20)
    monkeypatch.setattr(write_ahead, "LONGEST_WAIT_MS", 50)
    store = Store(sqlite_url)
    store.open()
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN")
    other.execute("SELECT * FROM meta").fetchall()
    for n in range(150):
        await store.write(put, f"n{n}")
    assert wal_bytes(sqlite_url) > 2 << 20
    assert 1 <= caplog.text.count("has been reading for long") <= 6, "not after each of 150 commits"
    other.execute("ROLLBACK")
    other.close()
    before = wal_bytes(sqlite_url)
    for n in range(200):
        await store.write(put, f"m{n}")
    assert wal_bytes(sqlite_url) < before + (2 << 20), "4 MB were written"
    await store.close()


async def test_an_administrative_command_writes_to_the_log_and_never_checkpoints(path, sqlite_url, furniture):
    async with open_house(sqlite_url, Clock()) as house:
        house.furniture = furniture[1]
        await house.say("CA1", "s1", "words 1")
        before = checksum(path)
        command = CommandLine(sqlite_url)
        await asyncio.to_thread(command.do, "organization", "create", "Other")
        assert checksum(path) == before, "the database file itself is as it was"
        found = await house.store.read(lambda db: execute(db, "SELECT COUNT(*) FROM organization").fetchone())
        assert found == (2,)


async def test_one_connection_writes_and_checkpoints_and_the_others_cannot(sqlite_url, io_loop):
    store = Store(sqlite_url)
    store.open()
    names = ("journal_mode", "synchronous", "wal_autocheckpoint", "query_only", "foreign_keys")
    assert await store.write(lambda db: [db.pragma(name) for name in names]) == ["wal", 2, 1000, 0, 1]
    for _ in range(module.READERS + 1):
        assert await store.read(lambda db: [db.pragma(name) for name in names]) == ["wal", 2, 0, 1, 1]
        with pytest.raises(Unavailable):
            await store.read(put, "from a reader")
    assert await store.read(lambda db: execute(db, "SELECT 1 FROM meta WHERE value LIKE 'x%'").fetchall()) == []
    await store.close()
