"""Three nodes: whoever watches on any of them has every call, whichever of them it is fed on."""

import asyncio
import json
from contextlib import AsyncExitStack

from models import rights
from models.database import administered
from models.store import wall_clock
from nodes import running_nodes
from nodes_crowd import crowd_at
from patience import PATIENCE_S

FINALS = 30


async def seqs(viewer, last: int) -> list[int]:
    """Of all finals that came, once this one is there."""
    async with asyncio.timeout(PATIENCE_S):
        while last not in viewer.seqs:
            await viewer.next()
    return viewer.seqs


async def test_viewers_on_every_node_have_a_call_that_is_fed_on_all_of_them(new_postgres_database, redis_url, tmp_path):
    async with running_nodes(tmp_path, new_postgres_database(), redis_url) as nodes, AsyncExitStack() as stack:
        clients = [nodes.client(number) for number in range(3)]
        await clients[0].say("CA1", "s1", "words number 1")
        viewers = [await stack.enter_async_context(client.watch("CA1")) for client in clients]
        for viewer in viewers:
            await viewer.history()
        for number in range(2, FINALS):
            await clients[number % 3].say("CA1", f"s{number}", f"words number {number}")
            if number == FINALS // 2:
                late = await stack.enter_async_context(clients[1].watch("CA1", "&after=5"))
        await clients[2].end("CA1")
        for viewer in viewers:
            assert await seqs(viewer, FINALS - 1) == list(range(1, FINALS))
        assert await seqs(late, FINALS - 1) == list(range(6, FINALS))
        for viewer in (*viewers, late):
            async with asyncio.timeout(PATIENCE_S):
                assert await viewer.to_the_end() == 1000
            assert viewer.seqs[-1] == FINALS - 1, "nothing came twice at the end"


async def test_the_law_holds_for_many_calls_and_viewers_on_all_nodes(new_postgres_database, redis_url, tmp_path):
    url = new_postgres_database()
    async with running_nodes(tmp_path, url, redis_url) as nodes:
        async with crowd_at(nodes, url, drops=0.02) as crowd:
            await crowd.come_further(200)
        assert crowd.load.refused == 0


async def test_a_key_that_is_revoked_ends_its_sockets_on_every_node(new_postgres_database, redis_url, tmp_path):
    url = new_postgres_database()
    async with running_nodes(tmp_path, url, redis_url) as nodes, AsyncExitStack() as stack:
        with administered(url) as db:
            other = rights.create_key(db, wall_clock(), 1, "other", ["read"], None)
        await nodes.client(0).say("CA1", "s1", "words number 1")
        clients = [nodes.client(number) for number in range(3)]
        leaving = [await stack.enter_async_context(client.watch("CA1", key=other)) for client in clients]
        for viewer in leaving:
            await viewer.history()
        with administered(url) as db:
            rights.revoke_key(db, wall_clock(), other)
        for viewer in leaving:
            async with asyncio.timeout(PATIENCE_S):
                assert await viewer.to_the_end() == 1008
            assert viewer.seen[-1]["error"] == "access_revoked"


async def test_the_wall_of_a_node_shows_a_call_and_its_viewers_on_others(new_postgres_database, redis_url, tmp_path):
    async with running_nodes(tmp_path, new_postgres_database(), redis_url) as nodes:
        one, two, three = (nodes.client(number) for number in range(3))
        async with three.websocket(f"/live-calls?token={three.key}") as socket:
            row = {}

            async def until(**expected):
                async with asyncio.timeout(PATIENCE_S):
                    while any(row.get(name) != value for name, value in expected.items()):
                        for call in json.loads(await socket.recv()).get("calls", ()):
                            row.update(call)

            await one.say("CA1", "s1", "words number 1")
            await until(call_sid="CA1", status="in-progress", segments=1, viewers=0)
            async with two.watch("CA1") as viewer:
                await viewer.history()
                await until(viewers=1)
                await one.say("CA1", "s2", "words number 2")
                await until(segments=2)
            await until(viewers=0)
            await one.end("CA1")
            await until(status="completed")
