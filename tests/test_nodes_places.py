"""A call's places are counted over all nodes as long as Redis answers, and by each node for itself where it doesn't."""

import asyncio
from contextlib import AsyncExitStack

from nodes import running_nodes
from patience import PATIENCE_S
from redis_server import running_redis

PLACES = 3


class Places:
    """Viewers of one call, each in until it leaves."""

    def __init__(self, nodes):
        self._nodes, self._stacks = nodes, []
        self.viewers = []

    async def is_let_in(self, number: int) -> bool:
        """Whether this node has a place for one more."""
        stack = AsyncExitStack()
        viewer = await stack.enter_async_context(self._nodes.client(number).watch("CA1"))
        if (message := await viewer.next())["type"] == "connection_established":
            self._stacks.append(stack)
            self.viewers.append(viewer)
            return True
        assert (message["error"], message["retryable"]) == ("connection_limit_exceeded", True)
        assert await viewer.to_the_end() == 1008
        await stack.aclose()
        return False

    async def will_be_let_in(self, number: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await self.is_let_in(number):
                await asyncio.sleep(0.2)

    async def leave(self, at: int) -> None:
        del self.viewers[at]
        await self._stacks.pop(at).aclose()

    async def are_all_in(self) -> bool:
        for viewer in self.viewers:
            await viewer.send({"type": "ping"})
            async with asyncio.timeout(PATIENCE_S):
                await viewer.until("pong")
        return True

    async def close(self) -> None:
        for stack in self._stacks:
            await stack.aclose()


async def test_places_are_counted_over_all_nodes_and_by_each_while_redis_is_away(
    new_postgres_database, redis_url, tmp_path
):
    url = new_postgres_database()
    with running_redis() as redis:
        async with running_nodes(tmp_path, url, redis.url, viewers_per_call=PLACES) as nodes:
            await nodes.client(0).say("CA1", "s1", "words number 1")
            places = Places(nodes)
            assert [await places.is_let_in(number) for number in range(3)] == [True] * PLACES
            assert [await places.is_let_in(number) for number in range(3)] == [False] * 3
            await places.leave(0)
            await places.will_be_let_in(1)  # so that node 2 has two of them
            await asyncio.to_thread(redis.stop)
            await places.will_be_let_in(0)  # as soon as it knows that Redis is away
            assert [await places.is_let_in(0) for _ in range(PLACES)] == [True, True, False]
            assert await places.are_all_in()
            await asyncio.to_thread(redis.start)
            assert await places.are_all_in()
            async with asyncio.timeout(PATIENCE_S):
                while await places.is_let_in(2):  # its own one and one more, at most, before Redis counts again
                    await asyncio.sleep(1)
            assert await places.are_all_in(), "nobody is thrown out, although there are too many"
            await places.close()


async def test_the_places_of_a_node_that_died_are_free_again(new_postgres_database, redis_url, tmp_path):
    async with running_nodes(tmp_path, new_postgres_database(), redis_url, viewers_per_call=PLACES) as nodes:
        await nodes.client(0).say("CA1", "s1", "words number 1")
        places = Places(nodes)
        assert [await places.is_let_in(2) for _ in range(PLACES)] == [True] * PLACES
        assert not await places.is_let_in(0)
        await nodes[2].kill()
        for _ in range(PLACES):
            await places.will_be_let_in(0)
        assert not await places.is_let_in(1)
        await places.close()


async def test_a_node_that_is_stopped_sends_its_viewers_away_and_their_places_are_free_at_once(
    new_postgres_database, redis_url, tmp_path
):
    async with running_nodes(tmp_path, new_postgres_database(), redis_url, viewers_per_call=PLACES) as nodes:
        await nodes.client(0).say("CA1", "s1", "words number 1")
        places = Places(nodes)
        assert [await places.is_let_in(2) for _ in range(PLACES)] == [True] * PLACES
        status, *codes = await asyncio.gather(nodes[2].stop(), *(viewer.to_the_end() for viewer in places.viewers))
        assert (status, codes) == (0, [1001] * PLACES)
        assert [viewer.seen[-1]["error"] for viewer in places.viewers] == ["server_shutdown"] * PLACES
        assert [await places.is_let_in(number) for number in (0, 1, 0)] == [True] * PLACES
        await places.close()
