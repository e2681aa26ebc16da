"""Ended calls that are kept no longer are deleted, a little at a time, and nothing else is."""

import asyncio

import pytest

from alerting import make_rule
from audit_log import read_all
from command_line import CommandLine
from models import erasing, retention
from models.database import execute
from models.retention import DAY_US
from patience import PATIENCE_S
from visitor import Visitor

OF_CALLS = ("call", "entry", "status_change", "call_alias", "alert", "note", "entry_terms")


def rows(db) -> dict[str, int]:
    return {name: execute(db, f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in OF_CALLS}


async def a_call(house, call_sid: str, entries: int, *, is_over: bool = True) -> None:
    await house.fetch("POST", "/api/v1/calls", {"call_sid": call_sid, "alias": f"V{call_sid}"})
    said = [{"segment_id": f"s-{n}", "speaker": "user", "content": f"our bike {n}"} for n in range(entries)]
    await house.fetch("POST", f"/api/v1/calls/sid/{call_sid}/transcripts", {"transcripts": said})
    await house.fetch("POST", f"/api/v1/calls/sid/{call_sid}/notes", {"segment_id": "s-0", "text": "a note"})
    if is_over:
        await house.end(call_sid)


async def test_what_is_older_goes_with_everything_and_the_rest_stays(either_house):
    house = either_house
    await make_rule(house, "Bike", "phrase", "bike 1")
    await a_call(house, "CA-running", 3, is_over=False)
    house.clock.advance(100 * 86_400)
    await a_call(house, "CA-new", 3)
    house.clock.advance(10)
    await house.services.searching.catch_up()
    expected = await house.store.read(rows)
    house.clock.at -= 90 * DAY_US
    await a_call(house, "CA-old", 2 * erasing.PIECE + 5)
    await a_call(house, "CA-failed", 1, is_over=False)
    await house.end("CA-failed", "failed")
    house.clock.at += 90 * DAY_US
    await house.services.searching.catch_up()
    assert (await house.store.read(rows))["entry"] > expected["entry"]

    await house.services.retention.run()
    assert (await house.get("/api/v1/calls/count"))["count"] == 4, "for ever, until somebody says otherwise"
    await house.store.write(retention.keep, house.organization_id, 30)
    theirs = await house.organization("Others")
    await house.store.write(retention.keep, theirs, 1)
    assert await house.store.read(retention.how_many_due, house.organization_id, house.clock() - 30 * DAY_US) == 2
    await house.services.retention.run()
    assert await house.store.read(rows) == expected
    left = (await house.get("/api/v1/calls"))["items"]
    assert {call["call_sid"] for call in left} == {"CA-running", "CA-new"}
    assert {call["call_sid"] for call in await house.get("/api/v1/calls/search?q=bike")} == {"CA-running", "CA-new"}
    rule = await house.store.read(retention.rule, house.organization_id)
    assert (rule.days, rule.deleted, rule.is_behind, rule.problem) == (30, 2, False, None)
    told = [one for one in await house.store.read(read_all, house.organization_id) if "retention" in one.action]
    assert [(one.action, one.target, one.detail) for one in told] == [("retention.enforced", None, {"calls": 2})]
    await a_call(house, "CA-old", 1)
    assert (await house.get("/api/v1/calls/sid/CA-old"))["transcript_count"] == 1, "nobody asked for it to be refused"


async def test_a_long_call_gets_shorter_until_it_is_gone_and_is_whole_at_each_step(either_house):
    house = either_house
    many = 3 * erasing.PIECE
    await a_call(house, "CA1", many)
    (id_,) = await house.store.read(erasing.with_sid, "CA1")
    house.clock.advance(60)
    lengths = []
    while not await house.store.write(erasing.delete_piece, id_):
        async with house.watch("CA1") as viewer:
            assert await viewer.to_the_end() == 1000
        lengths.append(len(viewer.seqs))
        assert viewer.seqs == list(range(1, lengths[-1] + 1))
    assert lengths[0] <= many and lengths[-1] <= erasing.PIECE and lengths == sorted(lengths, reverse=True)
    assert set((await house.store.read(rows)).values()) == {0}


async def test_a_round_that_is_cut_short_says_that_it_is_behind(house, monkeypatch):
    for n in range(3):
        await a_call(house, f"CA{n}", 2)
    await house.store.write(retention.keep, house.organization_id, 1)
    house.clock.advance(2 * 86_400)
    monkeypatch.setattr("handlers.retention.ROUND_S", -1)
    await house.services.retention.run()
    rule = await house.store.read(retention.rule, house.organization_id)
    assert (rule.is_behind, rule.deleted) == (True, 0)
    page = (await (await Visitor(house).sign_in()).get("/settings/retention")).page
    assert "Behind" in page.part("round") and page.part("due") == "3 calls are due to be deleted now."


async def test_a_round_that_fails_says_so_and_the_next_one_tries_again(house, monkeypatch):
    await a_call(house, "CA1", 2)
    await house.store.write(retention.keep, house.organization_id, 1)
    house.clock.advance(2 * 86_400)
    await house.store.write(
        lambda db: execute(db, "CREATE TRIGGER no BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'no'); END")
    )
    await house.services.retention.run()
    rule = await house.store.read(retention.rule, house.organization_id)
    assert (rule.deleted, rule.is_behind, rule.problem is None) == (0, True, False)
    visitor = await Visitor(house).sign_in()
    assert "Failed" in (await visitor.get("/settings/retention")).page.part("round")
    await house.store.write(lambda db: execute(db, "DROP TRIGGER no"))
    await house.services.retention.run()
    assert (await house.store.read(retention.rule, house.organization_id)).problem is None
    assert (await house.get("/api/v1/calls/count"))["count"] == 0


async def test_it_is_set_on_its_page_and_by_the_command_line(house, sqlite_url):
    visitor = await Visitor(house).sign_in()
    page = (await visitor.get("/settings/retention")).page
    assert "none yet" in page.part("round")
    for days in ("", "0", "1.5", "100000", "many"):
        assert (await visitor.post("/settings/retention", state="days", days=days)).code == 422, days
    assert (await visitor.post("/settings/retention", state="days", days="90")).code == 303
    assert (await house.store.read(retention.rule, house.organization_id)).days == 90
    line = CommandLine(sqlite_url)
    told = await asyncio.to_thread(line.try_, "retention", "show")
    assert told.out == "90\t0\tnever run\tLarkspur Cycles\n"
    whose = ("--organization", "Larkspur Cycles")
    assert (await asyncio.to_thread(line.do, "retention", "set", "30", *whose)) == "30"
    assert (await house.store.read(retention.rule, house.organization_id)).days == 30
    assert (await asyncio.to_thread(line.do, "retention", "set", "forever", *whose)) == "forever"
    assert (await house.store.read(retention.rule, house.organization_id)).days is None
    outcome = await asyncio.to_thread(line.try_, "retention", "set", "0", *whose)
    assert outcome.status == 2 and "1 to 36500" in outcome.err
    assert (await visitor.post("/settings/retention", state="forever", days="nonsense")).code == 303
    log = await house.store.read(read_all, house.organization_id)
    changes = [one.detail["days"] for one in log if one.action == "retention.changed"]
    assert changes == [90, 30, "forever", "forever"]


@pytest.mark.parametrize("days, due", [(None, 0), (1, 1)])
async def test_a_call_that_was_deleted_is_gone_for_who_knew_it(house, days, due):
    await a_call(house, "CA1", 2)
    await house.store.write(retention.keep, house.organization_id, days)
    house.clock.advance(2 * 86_400)
    assert len(house.pipeline.call_ids()) == 1
    await house.services.retention.run()
    async with asyncio.timeout(PATIENCE_S):
        while len(house.pipeline.call_ids()) != 1 - due:
            await asyncio.sleep(0.05)
