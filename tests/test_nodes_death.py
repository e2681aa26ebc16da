"""Nodes that die, stand still or are restarted under load: their clients go on elsewhere, and nothing is lost."""

import asyncio

import pytest

import proxies
from nodes import running_nodes
from nodes_crowd import crowd_at

FROZEN_S = 3  # less than a place's lease


async def test_a_node_that_dies_or_stands_still_costs_nobody_a_word(new_postgres_database, redis_url, tmp_path):
    url = new_postgres_database()
    async with running_nodes(tmp_path, url, redis_url) as nodes, crowd_at(nodes, url, watch=[nodes.place] * 2) as crowd:
        for number in (0, 2):
            await nodes[number].kill()
            await crowd.come_further()
            await crowd.have_seen_it()
            await nodes.start(number)
            await crowd.come_further()
        nodes[1].freeze()
        try:
            await crowd.come_further(5)  # on the others
            await asyncio.sleep(FROZEN_S)
        finally:
            nodes[1].thaw()
        await crowd.have_seen_it()


@pytest.mark.parametrize("proxy", proxies.NAMES)
async def test_a_rolling_restart_loses_no_message(new_postgres_database, redis_url, tmp_path, proxy):
    url = new_postgres_database()
    async with (
        running_nodes(tmp_path, url, redis_url, proxy=proxy) as nodes,
        crowd_at(nodes, url, watch=[nodes.place] * 2) as crowd,
    ):
        for number in range(len(nodes)):
            assert await nodes[number].stop() == 0
            await nodes.start(number)
            await nodes.are_ready(number)
            await crowd.come_further()
        await crowd.have_seen_it()
