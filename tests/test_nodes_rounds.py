"""What every node does again and again is done once, although all of them do it at the same moment."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from alerting import make_rule
from house import House, open_house
from models import alerts, calls, retention
from models.database import execute
from patience import PATIENCE_S

NODES = 3


@pytest.fixture
def url(new_postgres_database) -> str:
    return new_postgres_database()


async def open_nodes(stack: AsyncExitStack, url: str) -> list[House]:
    first = await stack.enter_async_context(open_house(url))
    others = [await stack.enter_async_context(open_house(url, clock=first.clock)) for _ in range(NODES - 1)]
    furniture = await first.furnish()
    for house in others:
        house.furniture = furniture
    return [first, *others]


async def at_once(*work) -> None:
    await asyncio.gather(*work)


async def test_a_silence_is_one_alert(url):
    async with AsyncExitStack() as stack:
        nodes = await open_nodes(stack, url)
        await make_rule(nodes[0], "Quiet", "silence", threshold=30)
        for number in range(5):
            await nodes[number % NODES].say(f"CA{number}", "s1", "Hello?")
        async with asyncio.timeout(PATIENCE_S):  # until every node knows the rule
            while not all(node.services.alert_rules.lookout.shortest_silences() for node in nodes):
                await asyncio.sleep(0.05)
        nodes[0].clock.advance(31)
        for _ in range(2):
            await at_once(*(node.services.pipeline.notice_silences() for node in nodes))
            await at_once(*(node.store.write(lambda db: None) for node in nodes))  # what was raised is stored
        for number in range(5):
            call = await nodes[0].store.read(calls.by_sid, nodes[0].organization_id, f"CA{number}")
            raised = await nodes[0].store.read(alerts.of_call, call.id, 0, None)
            assert [alert.rule for alert in raised] == ["Quiet"]


async def test_a_call_that_nobody_ended_ends_once(url):
    async with AsyncExitStack() as stack:
        nodes = await open_nodes(stack, url)
        for number in range(5):
            await nodes[number % NODES].say(f"CA{number}", "s1", "Hello?")
        nodes[0].clock.advance(7201)
        await at_once(*(node.services.pipeline.end_quiet_calls() for node in nodes))
        for number in range(5):
            call = await nodes[0].store.read(calls.by_sid, nodes[0].organization_id, f"CA{number}")
            assert (call.status, call.end_reason, call.status_version) == ("failed", "timeout", 2)


async def test_what_is_said_is_found_once(url):
    async with AsyncExitStack() as stack:
        nodes = await open_nodes(stack, url)
        for number in range(30):
            await nodes[number % NODES].say(f"CA{number % 4}", f"s{number}", f"marmalade number {number}")
            if number % 5 == 0:
                await at_once(*(node.services.searching.tick() for node in nodes))
        async with asyncio.timeout(PATIENCE_S):
            while (found := await nodes[1].get("/api/v1/calls/search?q=marmalade&limit=50"))[3:] == []:
                await at_once(*(node.services.searching.tick() for node in nodes))
        assert sorted(result["call_sid"] for result in found) == ["CA0", "CA1", "CA2", "CA3"]


async def test_old_calls_are_deleted_by_all_nodes_without_a_clash(url):
    async with AsyncExitStack() as stack:
        nodes = await open_nodes(stack, url)
        for number in range(12):
            await nodes[0].say(f"CA{number}", "s1", "Hello?")
            await nodes[0].end(f"CA{number}")
        await nodes[0].store.write(retention.keep, nodes[0].organization_id, 1)
        nodes[0].clock.advance(3 * 86_400)
        await at_once(*(node.services.retention.run() for node in nodes))
        left = await nodes[0].store.read(lambda db: execute(db, 'SELECT COUNT(*) FROM "call"').fetchone())
        assert left[0] == 0
