"""A database of each earlier state of the schema: migrated, it is all there; interrupted, it is as it was."""

import sqlite3
from urllib.parse import quote

import pytest

from command_line import CommandLine
from house import Furniture, open_house
from make_schema_fixtures import FIXTURES, every_migration, run_sql
from models.database import DatabaseTooNew, execute, migrate, open_database
from models.rights import create_key

NAMES = [path.stem for path in every_migration()]
WORDS = ["Larkspur Cycles, how can I help you?", "Is my bike ready?", "It is — come by at five ✓"]


def load(name: str, url: str) -> None:
    """The fixture, into an empty database of either kind."""
    if not url.startswith("sqlite"):
        run_sql(url, (FIXTURES / f"postgresql-{name}.sql").read_text())
        return
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.executescript((FIXTURES / f"schema-{name}.sql").read_text())
    connection.close()


def everything(url: str) -> list[str]:
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        return list(connection.iterdump())
    finally:
        connection.close()


@pytest.mark.parametrize("kind", ["schema", "postgresql"])
def test_there_is_a_fixture_of_each_state(kind):
    """`tests/make_schema_fixtures.py` makes it."""
    assert sorted(path.stem for path in FIXTURES.glob(f"{kind}-*.sql")) == [f"{kind}-{name}" for name in NAMES]


@pytest.mark.parametrize("name", NAMES)
async def test_a_call_of_an_earlier_database_is_read_searched_and_exported(name, database_url):
    load(name, database_url)
    async with open_house(database_url) as house:
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
        patched.setattr("models.ticking.STEPS_PER_TICK", 50)
        migrate(db, told)
    assert db.pragma("foreign_keys") == 1
    db.close()
    assert everything(sqlite_url) == before
    assert migrate(db) == NAMES[1:]
    db.close()


def test_a_newer_database_is_refused_in_one_sentence_and_stays_as_it_is(database_url):
    load(NAMES[-1], database_url)
    db = open_database(database_url)
    with db.connection_context():
        execute(db, "INSERT INTO schema_migration (name, applied) VALUES ('9999_later', '2030-01-01 00:00:00')")
        with pytest.raises(DatabaseTooNew):
            migrate(db)
    says = "The database is newer than this Callboard (it has 9999_later): upgrade Callboard.\n"
    for words in (["serve", "--port", "0"], ["migrate"]):
        outcome = CommandLine(database_url).try_(*words)
        assert (outcome.status, outcome.out, outcome.err) == (2, "", says)
    with db.connection_context():
        assert execute(db, "SELECT COUNT(*) FROM schema_migration").fetchone() == (len(NAMES) + 1,)


def test_the_word_migrate_says_how_many_steps_it_took(sqlite_url):
    load(NAMES[0], sqlite_url)
    line = CommandLine(sqlite_url)
    assert (line.do("migrate"), line.do("migrate", "--quiet")) == (str(len(NAMES) - 1), "0")
