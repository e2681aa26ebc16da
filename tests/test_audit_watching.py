"""Watching and reading are noted without anyone waiting for it, and nothing that was noted is lost in silence."""

import json
import logging
import sqlite3

import pytest

from audit_log import entry, logged, read_all
from events import SECOND, encode
from handlers.audit import BATCH, MOST_WAITING, Audit
from house import Clock, open_house
from models import Store, accounts
from models.database import execute, open_database, sqlite_path
from visitor import Visitor

CONTENT = "The code of my bike's lock is 4711."


@pytest.fixture
def store(io_loop, sqlite_url):
    """Open, with the organisation that entries are of."""

    async def opened() -> Store:
        store = Store(sqlite_url, clock=Clock())
        store.open()
        await store.write(accounts.create_organization, 1, "Larkspur")
        return store

    store = io_loop.run_sync(opened)
    yield store
    io_loop.run_sync(store.close)


async def test_whoever_watches_or_reads_is_noted_with_call_key_and_address(either_house):
    house = either_house
    await house.say("CA1", "s1", CONTENT)
    async with house.watch("CA1") as viewer:
        await viewer.history()
        async with house.websocket(f"/live-calls?token={house.key}") as feed:
            assert json.loads(await feed.recv())["type"] == "connection_established"
            noted = [one.action for one in await logged(house)]
            assert noted == ["call.watched", "feed.watched"], "at once, not afterwards"
    await house.get("/api/v1/calls/sid/CA1/transcripts")
    await house.get("/api/v1/calls/1/transcripts?after=0")
    await house.get("/api/v1/calls")
    log = await logged(house)
    assert [(one.action, one.target) for one in log] == [
        ("call.watched", "CA1"),
        ("feed.watched", None),
        ("call.read", "CA1"),
    ]
    who = {(one.actor, one.user_id, one.key_prefix, one.address) for one in log}
    assert who == {("ada@example.com", house.user_id, house.key[:11], "127.0.0.1")}
    assert house.key not in encode(log).decode() and "4711" not in encode(log).decode()


async def test_a_signed_in_supervisor_is_noted_by_pages_and_by_what_they_open(house):
    await house.say("CA1", "s1", CONTENT)
    await house.user("sue@example.com", house.organization_id, "supervisor")
    sue = await Visitor(house).sign_in("sue@example.com")
    for path in ("/", "/calls/CA1", "/calls/CA1", "/calls/unknown"):
        await sue.get(path)
    cookie = "; ".join(f"{name}={value}" for name, value in sue.cookies.items())
    headers = {"Cookie": cookie, "X-Xsrftoken": sue.cookies["_xsrf"], "Origin": house.url}
    answer = await house.fetch("POST", "/api/v1/tickets", {"call_sid": "CA1"}, key=None, headers=headers)
    assert answer.code == 201, answer.body
    ticket = json.loads(answer.body)["ticket"]
    async with house.watch("CA1", key=ticket) as viewer:
        await viewer.history()
    log = [one for one in await logged(house) if one.action != "signed_in"]
    assert [(one.action, one.target) for one in log] == [
        ("feed.watched", None),
        ("call.read", "CA1"),
        ("call.watched", "CA1"),
    ]
    assert {(one.actor, one.key_prefix) for one in log} == {("sue@example.com", None)}
    assert ticket not in encode(log).decode()


async def test_who_was_refused_has_not_watched(house):
    await house.say("CA1", "s1", "Hello")
    feeder = await house.make_key("ingest")
    async with house.watch("CA1", key=feeder) as viewer:
        assert await viewer.to_the_end() == 1008
    async with house.watch("CA2") as viewer:
        assert await viewer.to_the_end() == 1008
    assert (await house.fetch("GET", "/api/v1/calls/sid/CA1/transcripts", key=feeder)).code == 403
    assert (await house.fetch("GET", "/api/v1/calls/sid/CA2/transcripts")).code == 404
    assert await logged(house) == []


async def test_a_flapping_client_is_one_entry_a_minute(house):
    await house.say("CA1", "s1", "Hello")
    for minute in range(2):
        for _ in range(5):
            async with house.watch("CA1") as viewer:
                await viewer.history()
        assert len(await logged(house)) == minute + 1
        house.clock.advance(61)


async def test_only_the_same_of_the_same_counts_as_once(store):
    audit, at = Audit(store), store.clock()
    first = dict(at=at, actor="ada@example.com", key_prefix="cb_a", address="192.0.2.1", target="CA1")
    others = [("actor", "bob@example.com"), ("key_prefix", "cb_b"), ("address", "192.0.2.2"), ("target", "CA2")]
    for note in (first, first, *(first | {name: value} for name, value in others), first):
        audit.note(entry(**note))
    audit.note(entry(**first, action="call.read"))
    audit.note(entry(**first | {"at": at + 60 * SECOND - 1}))
    audit.note(entry(**first | {"at": at + 60 * SECOND}))
    await audit.write_down()
    assert len(await store.read(read_all, 1)) == 7
    await audit.write_down()
    assert len(await store.read(read_all, 1)) == 7, "each is written once"


async def test_a_viewer_joins_although_the_database_cannot_write(house, sqlite_url):
    await house.say("CA1", "s1", "Hello")
    blocker = sqlite3.connect(sqlite_path(sqlite_url), isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    async with house.watch("CA1") as viewer:
        history = await viewer.history()
        assert [m["data"]["content"] for m in history if m["type"] == "transcript"] == ["Hello"]
    blocker.execute("ROLLBACK")
    blocker.close()
    assert [one.target for one in await logged(house)] == ["CA1"]


async def test_entries_wait_for_the_database_in_bounds_and_the_lost_are_counted(store, caplog):
    audit = Audit(store)
    await store.write(lambda db: execute(db, "ALTER TABLE audit_entry RENAME TO away"))
    for number in range(MOST_WAITING + 3):
        audit.note(entry(at=store.clock(), target=f"CA{number}"))
    with caplog.at_level(logging.WARNING, "handlers.audit"):
        for _ in range(3):
            await audit.write_down()
        said = [record.name for record in caplog.records if record.name == "handlers.audit"]
        assert len(said) == 1, "once, not every second"
        await store.write(lambda db: execute(db, "ALTER TABLE away RENAME TO audit_entry"))
        commits = store.commits
        await audit.write_down()
    assert "3 entries" in caplog.records[-1].getMessage()
    assert store.commits - commits == MOST_WAITING / BATCH
    stored = await store.read(_targets)
    assert len(stored) == MOST_WAITING + 1
    assert [target for target, _ in stored if target] == [f"CA{number}" for number in range(MOST_WAITING)]
    assert [detail for target, detail in stored if target is None] == ['{"entries":3}']


async def test_an_entry_that_cannot_be_stored_does_not_stand_in_the_way_of_others(store, caplog):
    audit = Audit(store)
    audit.note(entry(action=None))
    await audit.write_down()
    audit.note(entry(at=store.clock(), target="CA2"))
    await audit.write_down()
    stored = await store.read(read_all, 1)
    assert [(one.action, one.target) for one in stored] == [("call.watched", "CA2"), ("audit.lost", None)]
    assert "not taken" in caplog.text


async def test_what_was_noted_before_a_stop_is_stored(io_loop, database_url):
    async with open_house(database_url) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        async with house.watch("CA1") as viewer:
            await viewer.history()
        organization = house.organization_id
    db = open_database(database_url)
    with db.connection_context():
        assert [one.target for one in read_all(db, organization)] == ["CA1"]


def _targets(db) -> list[tuple[str | None, str]]:
    return execute(db, "SELECT target, detail FROM audit_entry ORDER BY id").fetchall()
