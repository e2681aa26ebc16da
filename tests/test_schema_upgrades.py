"""A database of each earlier state of the schema: migrated, it is all there; interrupted, it is as it was."""

import sqlite3
from urllib.parse import quote

import pytest

from command_line import CommandLine
from house import Furniture, open_house
from make_schema_fixtures import FIXTURES, every_migration, fill
from models import calls, entries, search_index
from models.database import DatabaseTooNew, execute, migrate, open_database, write_transaction
from models.rights import create_key

NAMES = [path.stem for path in every_migration()]
WORDS = ["Larkspur Cycles, how can I help you?", "Is my bike ready?", "It is — come by at five ✓"]


def load(name: str, url: str) -> None:
    """The fixture as a SQLite file."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.executescript((FIXTURES / f"schema-{name}.sql").read_text())
    connection.close()


def everything(url: str) -> list[str]:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


def test_there_is_a_fixture_of_each_state():
    """`tests/make_schema_fixtures.py` makes it."""
    assert sorted(path.stem for path in FIXTURES.glob("schema-*.sql")) == [f"schema-{name}" for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
async def test_a_call_of_an_earlier_database_is_read_searched_and_exported(name, sqlite_url):
    load(name, sqlite_url)
    async with open_house(sqlite_url) as house:
        key = await house.store.write(create_key, house.clock(), 1, "test", ["read", "ingest", "admin"], None)
        house.furniture = Furniture(1, 1, key)
        await house.services.searching.catch_up()
        read = await house.get("/api/v1/calls/sid/CA1/transcripts")
        assert [one["content"] for one in read] == WORDS
        found = await house.get("/api/v1/calls/search?q=" + quote("bike ready"))
        assert [call["call_sid"] for call in found] == ["CA1"]
        assert (found[0]["customer_phone"], found[0]["metadata"]) == ("+15550100", {"order": 7})
        file = await house.fetch("GET", "/api/v1/calls/sid/CA1/transcripts/export?format=csv")
        assert all(words in file.body.decode() for words in WORDS)
        async with house.watch("CA1") as viewer:
            await viewer.history()
            assert viewer.seqs == [1, 2, 3, 4]
        for path, since in (("alerts", "0006"), ("notes", "0009")):
            there = await house.get(f"/api/v1/calls/sid/CA1/{path}")
            assert len(there["items"] if isinstance(there, dict) else there) == (name > since), path
        if name > "0005":
            assert (await house.get("/api/v1/calls/sid/VA1"))["call_sid"] == "CA1"


@pytest.mark.parametrize("through", range(1, len(NAMES)))
def test_on_postgresql_too(through, new_postgres_database, tmp_path):
    url = new_postgres_database()
    fill(url, every_migration(), through, tmp_path / "migrations")
    db = open_database(url)
    with db.connection_context():
        assert migrate(db) == NAMES[through:]
        assert [entry.transcript.content for entry in entries.by_seq_in_pages(db, 7, [1, 3, 4])] == WORDS
        assert calls.by_sid(db, 1, "CA1").from_number == "+15550100"
        with write_transaction(db):
            mark = search_index.watermark(db)
        with write_transaction(db):
            search_index.take(db, mark)
        assert execute(db, "SELECT COUNT(*) FROM entry_terms").fetchone() == (3,)


class Interrupted(BaseException):
    """As KeyboardInterrupt, which pytest would take for itself."""


@pytest.mark.parametrize("at", [0, 1, 3, 6, 8])
def test_a_migration_that_is_interrupted_leaves_the_database_as_it_was(at, sqlite_url):
    load(NAMES[0], sqlite_url)
    before = everything(sqlite_url)

    def told(done: int, total: int) -> None:
        if done >= at:
            raise Interrupted

    db = open_database(sqlite_url)
    with pytest.raises(Interrupted), pytest.MonkeyPatch.context() as patched:
        patched.setattr("models.database.STEPS_PER_TICK", 50)
        migrate(db, told)
    assert db.pragma("foreign_keys") == 1
    db.close()
    assert everything(sqlite_url) == before
    assert migrate(db) == NAMES[1:]
    db.close()


def test_a_newer_database_is_refused_in_one_sentence(sqlite_url):
    load(NAMES[-1], sqlite_url)
    db = open_database(sqlite_url)
    with db.connection_context():
        execute(db, "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01 00:00:00')")
        with pytest.raises(DatabaseTooNew):
            migrate(db)
    says = "The database is newer than this Callboard (it has 9999_later): upgrade Callboard.\n"
    for words in (["serve", "--port", "0"], ["migrate"]):
        outcome = CommandLine(sqlite_url).try_(*words)
        assert (outcome.status, outcome.out, outcome.err) == (2, "", says)


def test_the_word_migrate_says_how_many_steps_it_took(sqlite_url):
    load(NAMES[0], sqlite_url)
    line = CommandLine(sqlite_url)
    assert (line.do("migrate"), line.do("migrate", "--quiet")) == (str(len(NAMES) - 1), "0")
