"""The cable of a node, or of Redis, is pulled under load: everyone has every word, and all is well when it is back."""

import asyncio
from collections.abc import Iterator

import pytest

from network import Network, may_have_networks, own_network
from nodes import HERE, NOT_COMMITTED, Host, running_nodes
from nodes_crowd import crowd_at
from postgres import own_postgres
from redis_server import running_redis

CUT_OFF_S = 10  # long enough for what is patient with a silent peer


@pytest.fixture
def network() -> Iterator[Network]:
    if not may_have_networks():
        pytest.skip("no network namespaces: only root may make them, with the program ip")
    with own_network() as network:
        yield network


async def test_a_node_that_is_cut_off_costs_nobody_a_word(postgres_url, redis_url, tmp_path, network):
    with own_postgres(network.here) as postgres, running_redis(network.here) as redis:
        url = postgres.url_at(network.here)
        hosts = [*HERE[1:], Host(network.there, network.inside)]
        settings = {"trusted_proxies": f"127.0.0.1,{network.here}", "excused": NOT_COMMITTED}
        async with (
            running_nodes(tmp_path, url, redis.url, hosts=hosts, **settings) as nodes,
            crowd_at(nodes, url, watch=[nodes.place] * 3) as crowd,
        ):
            network.unplug()
            await crowd.come_further()
            await crowd.have_seen_it()  # also those who watched on it
            network.plug()
            await nodes.are_ready()
            await crowd.come_further()
            await crowd.have_seen_it()


async def test_a_redis_that_is_cut_off_holds_up_nobody(new_postgres_database, redis_url, tmp_path, network):
    url = new_postgres_database()
    with running_redis(network.there, network.inside) as redis:
        async with running_nodes(tmp_path, url, redis.url) as nodes:
            async with crowd_at(nodes, url) as crowd:
                network.unplug()
                await crowd.come_further()
                await asyncio.sleep(CUT_OFF_S)
                await crowd.have_seen_it()
                network.plug()
                await crowd.come_further()
                await crowd.have_seen_it()
            assert crowd.load.refused == 0
            assert {watching.times_let_in for watching in crowd.viewers} == {1}, "nobody had to come back"
