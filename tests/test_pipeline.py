"""The path of what is said: committed, then published, in the order of commits; interims only pass through."""

import asyncio

import pytest

from events import CallAnnounced, Refused, StatusReported
from pipeline import Pipeline
from test_record import said


class Ear:
    """A hub that only listens, and looks into the store's connection when it is told something."""

    def __init__(self):
        self.heard = []

    def publish(self, call, entries, alerts, came_at):
        self.heard.append((call.call_sid, call.status, [entry.seq for entry in entries]))

    def interim(self, call, spoken, came_at):
        self.heard.append((call.call_sid, "interim", spoken.segment_id))


@pytest.fixture
def house(either_house):
    """Each of these on both databases."""
    return either_house


@pytest.fixture
def pipeline(house):
    return Pipeline(house.store, Ear())


async def test_finals_are_published_once_committed_and_interims_after_them(house, pipeline):
    events = [said("b", is_final=False), said("a"), StatusReported(status="completed")]
    recorded = await pipeline.hear(house.organization_id, "CA1", events)
    assert pipeline.hub.heard == [("CA1", "completed", [1]), ("CA1", "interim", "b")]
    assert [outcome.segment_id for outcome in recorded.outcomes] == ["a"], "of what is stored"


async def test_many_at_once_are_published_in_the_order_of_their_places(house, pipeline):
    hear = [pipeline.hear(house.organization_id, "CA1", [said(f"s{n}")]) for n in range(300)]
    await asyncio.gather(*hear)
    assert [seq for _, _, (seq,) in pipeline.hub.heard] == list(range(1, 301))


async def test_interims_of_a_known_call_touch_no_database(house, pipeline):
    interim = [said("a", is_final=False)]
    assert (await pipeline.hear(house.organization_id, "CA1", interim)).created, "the first thing heard creates it"
    commits = house.store.commits
    for _ in range(5):
        assert await pipeline.hear(house.organization_id, "CA1", interim) is None
    assert house.store.commits == commits
    assert pipeline.hub.heard == [("CA1", "in-progress", [])] + [("CA1", "interim", "a")] * 6


async def test_nothing_heard_is_nothing_done(house, pipeline):
    assert await pipeline.hear(house.organization_id, "CA1", []) is None
    assert pipeline.hub.heard == []


async def test_what_is_refused_is_neither_stored_nor_published(house, pipeline):
    events = [said("a"), said("b", is_final=False), CallAnnounced(assistant="Nobody")]
    with pytest.raises(Refused):
        await pipeline.hear(house.organization_id, "CA1", events)
    assert pipeline.hub.heard == []
    assert (await house.get("/api/v1/calls/count")) == {"count": 0}


async def test_a_caller_that_goes_away_leaves_no_gap_for_viewers(house, pipeline):
    tasks = [asyncio.ensure_future(pipeline.hear(house.organization_id, "CA1", [said(f"s{n}")])) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert [seqs for *_, seqs in pipeline.hub.heard] == [[1], [2], [3]]


async def test_a_change_of_facts_alone_reaches_those_who_ask_for_the_status(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1", "assistant": "Front desk", "to_number": "+2"})
        await viewer.send({"type": "request_status"})
        told = (await viewer.until("call_status"))["metadata"]
        assert (told["assistant_name"], told["to_phone_number"]) == ("Front desk", "+2")
