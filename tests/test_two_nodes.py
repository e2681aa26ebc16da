"""Two servers on one PostgreSQL: who watches on one sees what comes in on the other, in order, once."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest

from alerting import make_rule
from handlers.elsewhere import Elsewhere
from house import House, open_house
from models import alerts, elsewhere
from models.elsewhere import Known
from patience import PATIENCE_S


@asynccontextmanager
async def two_nodes(url: str):
    async with open_house(url) as one, open_house(url, clock=one.clock) as other:
        other.furniture = await one.furnish()
        yield one, other


@pytest.fixture
def url(new_postgres_database) -> str:
    return new_postgres_database()


async def test_the_wall_of_one_node_has_the_calls_of_the_other(url):
    async with two_nodes(url) as (one, other):
        await one.say("CA1", "s1", "at first")
        async with other.websocket(f"/live-calls?token={other.key}") as socket:
            told = {}

            async def until(call_sid: str, **expected):
                async with asyncio.timeout(PATIENCE_S):
                    while any(told.get(call_sid, {}).get(name) != value for name, value in expected.items()):
                        message = json.loads(await socket.recv())
                        for row in message.get("calls", ()):
                            told[row["call_sid"]] = row | {"said": (row["last"] or {}).get("content")}

            await until("CA1", said="at first")
            await one.say("CA1", "s2", "and then")
            await until("CA1", said="and then", segments=2)
            await one.say("CA2", "s1", "a new one")
            await until("CA2", said="a new one")
            await make_rule(one, "Angry", "phrase", "cancel")
            await one.say("CA2", "s2", "I want to cancel")
            await until("CA2", said="I want to cancel")
            assert [alert["rule"] for alert in told["CA2"]["alerts"]] == ["Angry"]
            await one.end("CA1")
            await until("CA1", status="completed")
            await other.say("CA2", "s3", "here, too")
            await until("CA2", said="here, too", segments=3)


async def test_an_alert_without_words_reaches_a_viewer_of_another_node(url):
    async with two_nodes(url) as (one, other):
        await make_rule(one, "Quiet", "silence", threshold=30)
        await one.say("CA1", "s1", "Hello?")
        async with other.watch("CA1") as viewer:
            await viewer.history()
            one.clock.advance(31)
            await one.services.pipeline.notice_silences()
            async with asyncio.timeout(PATIENCE_S):
                alert = await viewer.until("alert")
            assert (alert["data"]["rule"], alert["data"]["seq"]) == ("Quiet", None)


async def test_an_older_alert_of_the_other_node_is_told_before_the_own_one(url, monkeypatch):
    async def nothing(*_) -> None:
        """In place of looking at what the other node stored."""

    monkeypatch.setattr(Elsewhere, "look", nothing)
    async with two_nodes(url) as (one, other):
        await make_rule(one, "Quiet", "silence", threshold=30)
        await one.say("CA1", "s1", "Hello?")
        async with other.watch("CA1") as viewer, other.websocket(f"/live-calls?token={other.key}") as wall:
            await viewer.history()
            one.clock.advance(31)
            await one.services.pipeline.notice_silences()
            async with asyncio.timeout(PATIENCE_S):
                while not await one.store.read(alerts.of_call, 1):
                    await asyncio.sleep(0.02)
            await make_rule(other, "Still quiet", "silence", threshold=30)
            await other.services.pipeline.notice_silences()
            async with asyncio.timeout(PATIENCE_S):
                told = [(await viewer.until("alert"))["data"]["rule"] for _ in range(2)]
                counted = []
                while len(counted) < 2:
                    for row in json.loads(await wall.recv()).get("calls", ()):
                        counted = [alert["rule"] for alert in row["alerts"]]
            assert told == counted == ["Quiet", "Still quiet"]


async def test_what_is_known_is_no_news_and_nothing_is_asked_where_nobody_watches(url):
    async with two_nodes(url) as (one, other):
        await one.say("CA1", "s1", "Hello")
        assert (other.hub.others.call_ids(), other.hub.others.organization_ids()) == (set(), set())
        async with other.watch("CA1") as viewer:
            await viewer.history()
            ((id_, head),) = other.hub.others.heads(other.hub.others.call_ids(), ()).items()
            assert await other.store.read(elsewhere.news, {id_: Known(*head)}, []) == []
            (news,) = await other.store.read(elsewhere.news, {id_: Known()}, [])
            assert (news.call.call_sid, news.said.content, news.known) == ("CA1", "Hello", Known(*head))
            (everything,) = await other.store.read(elsewhere.news, {}, [one.organization_id])
            assert everything == news


async def test_a_call_that_ends_here_while_its_news_are_read_is_not_brought_back(url):
    async with two_nodes(url) as (_, house):
        await house.say("CA1", "s1", "Hello")
        async with house.websocket(f"/live-calls?token={house.key}") as socket:
            for _ in range(2):
                await socket.recv()
            others, organization = house.hub.others, [house.organization_id]
            with others.reading(organization):
                (news,) = await house.store.read(elsewhere.news, {}, organization)
                await house.end("CA1")
                others.learn(news.call, news.said, news.alerts)
            assert house.hub.walls.running(house.organization_id) == []


async def test_one_server_on_sqlite_asks_for_nothing(house):
    assert isinstance(house, House) and not house.store.is_shared
