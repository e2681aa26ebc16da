"""What is stored is found soon after, whatever happens meanwhile; what is erased is not found any more."""

import asyncio
from urllib.parse import quote

import pytest

from house import Clock, open_house
from models import demo, search_index
from models.database import execute, migrate, open_database, write_transaction
from models.search_index import BATCH, BATCH_CHARS
from patience import PATIENCE_S
from test_search import Board


async def found(house, query: str) -> list[str]:
    return [call["call_sid"] for call in await house.get("/api/v1/calls/search?q=" + quote(query))]


async def test_a_server_takes_what_is_stored_by_itself(either_house):
    house = either_house
    await house.say("CA1", "u-1", "Is my bike ready?")
    async with asyncio.timeout(PATIENCE_S):
        while not await found(house, "bike"):
            await asyncio.sleep(0.05)


async def test_after_a_restart_it_goes_on_where_it_left_off(database_url, io_loop):
    clock = Clock()
    async with open_house(database_url, clock) as house:
        furniture = await house.furnish()
        await house.say("CA1", "u-1", "one bike")
        await house.services.searching.catch_up()
        await house.services.searching.close()
        for n in range(2 * BATCH):
            await house.say("CA2", f"u-{n}", f"another bike {n}")
        assert await found(house, "bike") == ["CA1"]
        assert await house.store.read(search_index.behind_since) is not None
    async with open_house(database_url, clock) as house:
        house.furniture = furniture
        await house.services.searching.catch_up()
        assert await found(house, "bike") == ["CA2", "CA1"]
        assert await found(house, f'"bike {2 * BATCH - 1}"') == ["CA2"]
        assert await house.store.read(search_index.behind_since) is None


async def test_what_is_erased_is_found_no_more_and_leaves_nothing_behind(either_house):
    house = either_house
    await house.say("CA1", "u-1", "our bike")
    await house.store.write(demo.turn_on)
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "demo-1", "metadata": {"demo": True}})
    await house.say("demo-1", "u-1", "the bike of the demo")
    await house.services.searching.catch_up()
    assert await found(house, "bike") == ["demo-1", "CA1"]
    await house.store.write(demo.erase, house.clock)
    assert await found(house, "bike") == ["CA1"]
    assert await house.store.read(lambda db: execute(db, "SELECT COUNT(*) FROM entry_terms").fetchone()) == (1,)
    await house.say("CA3", "u-1", "a new bike")  # on SQLite its entry gets the id of the one that was erased
    await house.services.searching.catch_up()
    assert await found(house, "bike") == ["CA3", "CA1"]


@pytest.fixture
def board(database_url):
    board = Board(database_url)
    yield board
    board.db.close()


def test_what_is_erased_before_it_was_taken_is_never_taken(board):
    board.say("CA1", "our bike")
    board.take()
    board.say("CA2", "their bike", "and another")
    with write_transaction(board.db):
        watermark = search_index.watermark(board.db)
    execute(board.db, "DELETE FROM entry WHERE id > 1")
    with write_transaction(board.db):
        assert search_index.take(board.db, watermark)
    board.say("CA3", "a third bike")
    assert board.found("bike") == ["CA3", "CA1"]


def test_long_texts_are_taken_a_few_at_a_time(board):
    long = "bike " * (BATCH_CHARS // 12)
    board.say("CA1", *(f"{long}{n}" for n in range(5)))
    with write_transaction(board.db):
        watermark = search_index.watermark(board.db)
    batches = [False]
    while not batches[-1]:
        with write_transaction(board.db):
            batches.append(search_index.take(board.db, watermark))
    assert len(batches) > 2
    (only,) = board.search("bike").calls
    assert [len(match.marks) for match in only.matches] == [20] * 3


def test_entries_that_are_committed_late_are_not_passed_over(new_postgres_database):
    """Of two nodes the one stored first, and commits last: its entry has the lower id."""
    url = new_postgres_database()
    board, other = Board(url), open_database(url)
    other.connect()
    board.say("CA1", "a first word")
    row = "INSERT INTO entry (call_id, seq, segment_id, revision, speaker, content, created_at, stored_at)"
    row += " SELECT id, 2, 'late', 1, 'user', 'a bike', 1, 1 FROM \"call\" WHERE call_sid = 'CA1'"
    with other.atomic():
        other.execute_sql("SELECT 1 FROM \"call\" WHERE call_sid = 'CA1' FOR UPDATE")
        other.execute_sql(row)
        board.say("CA2", "another bike")
        with write_transaction(board.db):
            watermark = search_index.watermark(board.db)
        with write_transaction(board.db):
            assert search_index.take(board.db, watermark) is None, "not now: one that may be lower is on its way"
    assert sorted(board.found("bike")) == ["CA1", "CA2"]
    with other.atomic():  # and two nodes never take the same at once
        other.execute_sql("SELECT 1 FROM meta WHERE name = 'searchable_through' FOR UPDATE")
        with write_transaction(board.db):
            assert search_index.take(board.db, search_index.Watermark(10, 0)) is None
    other.close()
    board.db.close()


def test_a_database_that_was_there_before_search_is_taken_whole(board):
    """As it is after the migration: entries, and nothing taken."""
    for n in range(BATCH + 1):
        board.say(f"CA{n}", "a bike")
    execute(board.db, "DELETE FROM entry_terms")
    execute(board.db, "UPDATE meta SET value = '0' WHERE name = 'searchable_through'")
    assert migrate(board.db) == []
    assert search_index.is_behind(board.db)
    assert len(board.found("bike", limit=1000)) == BATCH + 1
    assert not search_index.is_behind(board.db)
