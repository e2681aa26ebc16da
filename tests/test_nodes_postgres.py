"""PostgreSQL is restarted, or dies, under three busy nodes: nothing acknowledged is lost, no node is restarted."""

import asyncio
import signal

from nodes import NOT_COMMITTED, running_nodes
from nodes_crowd import crowd_at
from patience import PATIENCE_S
from postgres import own_postgres


async def refusals(crowd, number: int) -> None:
    """Return once so many more producers were told to come again: each with Retry-After, or it is a Violation."""
    due = crowd.load.refused + number
    async with asyncio.timeout(PATIENCE_S):
        while crowd.load.refused < due:
            crowd.look()
            await asyncio.sleep(0.05)


async def test_nodes_outlive_their_postgresql_and_viewers_stay(postgres_url, redis_url, tmp_path):
    came_back = []
    with own_postgres() as postgres:
        url = postgres.url
        async with (
            running_nodes(tmp_path, url, redis_url, excused=NOT_COMMITTED) as nodes,
            crowd_at(nodes, url) as crowd,
        ):
            for how in (signal.SIGINT, signal.SIGQUIT):
                inside = crowd.inside()
                await asyncio.to_thread(postgres.stop, how)
                await refusals(crowd, 10)
                await asyncio.to_thread(postgres.start)
                await nodes.are_ready()
                await crowd.come_further()
                await crowd.have_seen_it()
                came_back += crowd.came_back(inside)
    assert came_back == []
