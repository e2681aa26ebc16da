"""Who watches, told to those who ask: in the hub by itself, and over real sockets."""

import asyncio
from contextlib import AsyncExitStack

from msgspec.json import decode

from hub import Face
from hub.viewer import MAX_UNSENT_BYTES
from models import rights
from patience import PATIENCE_S
from test_hub import Stage

ADA, SUE = Face("ada@example.com", "page"), Face("sue@example.com", "page")


def enter(stage: Stage, face: Face, *, listens: bool = True):
    viewer = stage.watch()
    viewer.outlet.face = face
    stage.hub.companies.enter(viewer, listens=listens)
    return viewer


def company(viewer) -> list[list[str]]:
    """The names in each `company` that the viewer was sent."""
    messages = [decode(frame) for frame in viewer.outlet.sent]
    return [[one["name"] for one in it["viewers"]] for it in messages if it["type"] == "company"]


def test_who_asks_is_told_at_once_and_then_once_a_tick_of_what_changed():
    stage = Stage()
    ada = enter(stage, ADA)
    assert company(ada) == [["ada@example.com"]]
    others = [enter(stage, SUE, listens=False) for _ in range(3)]
    stage.hub.notes_changed(stage.call.id)
    for _ in range(3):
        stage.hub.companies.tick()
    assert company(ada)[1:] == [["ada@example.com", *["sue@example.com"] * 3]]
    for other in others:
        assert company(other) == []
        stage.hub.leave(other)
    stage.hub.companies.tick()
    assert company(ada)[2:] == [["ada@example.com"]]
    assert stage.hub.faces(stage.call.id) == [ADA]


def test_where_nobody_asks_nothing_is_kept():
    stage = Stage()
    enter(stage, ADA, listens=False)
    stage.hub.notes_changed(stage.call.id)
    ada = enter(stage, ADA)
    stage.hub.leave(ada)
    assert not stage.hub.companies._companies and not stage.hub.companies._changed


def test_a_slow_listener_is_told_the_newest_when_there_is_room():
    stage = Stage()
    ada, sue = enter(stage, ADA), enter(stage, SUE)
    stage.hub.companies.tick()
    ada.outlet.unsent_bytes = MAX_UNSENT_BYTES + 1
    for _ in range(5):
        stage.hub.notes_changed(stage.call.id)
        stage.hub.companies.tick()
    assert (len(company(ada)), len(company(sue))) == (2, 6)
    ada.outlet.unsent_bytes = 0
    stage.hub.companies.tick()
    stage.hub.companies.tick()
    assert len(company(ada)) == 3


def test_the_notes_have_another_version_after_each_change_and_when_nobody_knew_the_last():
    stage, versions = Stage(), []
    for _ in range(2):
        ada = enter(stage, ADA)
        for _ in range(2):
            stage.hub.notes_changed(stage.call.id)
            stage.hub.companies.tick()
        versions += [m["notes_version"] for m in map(decode, ada.outlet.sent) if m["type"] == "company"]
        stage.hub.leave(ada)
        stage.now += 10
    assert len(set(versions)) == len(versions) == 6


def test_neither_cursor_nor_order_of_the_log_knows_of_it():
    stage = Stage()
    quiet, ada = enter(stage, SUE, listens=False), enter(stage, ADA)
    for n in range(20):
        stage.say(f"s{n}")
        stage.hub.notes_changed(stage.call.id)
        stage.hub.companies.tick()
    entries = [frame for frame in ada.outlet.sent if b'"company"' not in frame]
    assert entries == quiet.outlet.sent
    assert ada.cursor == quiet.cursor == stage.call.head_seq


async def test_people_and_keys_are_named_to_who_asks_and_others_hear_nothing_new(house):
    await house.say("CA1", "s1", "Hello.")
    session = await house.store.write(rights.create_session, house.clock(), house.user_id)
    grant = await house.services.gate.session(session)
    ticket = await house.services.gate.issue_ticket(grant, "CA1")
    async with AsyncExitStack() as stack:
        plain = await stack.enter_async_context(house.watch("CA1"))
        await plain.history()  # before the other comes: of two at once, either may be first
        page = await stack.enter_async_context(house.watch("CA1", "&company=1", key=ticket))
        told = await page.until("company")
        name = f"API key {house.key.rpartition('_')[0]}… of ada@example.com"
        assert told["viewers"] == [{"name": name, "via": "key"}, {"name": "ada@example.com", "via": "page"}]
        assert [message["type"] for message in page.seen] == ["connection_established", "call_status", "company"]
        await page.history()
        async with house.watch("CA1", "&company=1"):
            assert len((await page.until("company"))["viewers"]) == 3
        while len((told := await page.until("company"))["viewers"]) != 2:
            pass
        version = told["notes_version"]
        await house.fetch("POST", "/api/v1/calls/sid/CA1/notes", {"text": "Check."})
        async with asyncio.timeout(PATIENCE_S):
            assert (await page.until("company"))["notes_version"] != version
        await house.say("CA1", "s2", "Still there?")
        assert (await page.until("transcript"))["seq"] == 2
        await plain.until("transcript")
        assert {message["type"] for message in plain.seen} == {
            *("connection_established", "call_status", "transcript", "history_complete"),
        }
    async with house.watch("CA1", "&company=yes") as refused:
        assert await refused.to_the_end() == 1008
        assert (refused.seen[0]["error"], refused.seen[0]["field"]) == ("invalid_parameter", "company")
