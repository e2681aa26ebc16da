"""What happens to nodes and to what they stand on: one fault at a time, and each is mended before it is over."""

import asyncio
import random
import signal
from collections.abc import Awaitable, Callable

from nodes import Nodes
from postgres import Postgres
from redis_server import RedisServer

LONGEST_AWAY_S = 5
LONGEST_FROZEN_S = 6  # a node: less than the lease of its viewers' places, 10 s


class Faults:
    def __init__(self, nodes: Nodes, postgres: Postgres, redis: RedisServer, chance: random.Random):
        self._nodes, self._postgres, self._redis, self._chance = nodes, postgres, redis, chance
        self._kinds = [self.kill_node, self.freeze_node, self.restart_node, self.restart_postgres]
        self._kinds += [self.stop_redis, self.kill_redis, self.freeze_redis]
        self._to_come: list[Callable[[], Awaitable[None]]] = []

    def next(self) -> Callable[[], Awaitable[None]]:
        """One to call and await; all kinds come before one comes again. Its name says what it does."""
        if not self._to_come:
            self._to_come = self._chance.sample(self._kinds, len(self._kinds))
        return self._to_come.pop()

    async def kill_node(self) -> None:
        number = self._any_node()
        await self._nodes[number].kill()
        await self._away()
        await self._nodes.start(number)

    async def freeze_node(self) -> None:
        node = self._nodes[self._any_node()]
        node.freeze()
        try:
            await asyncio.sleep(self._chance.uniform(0, LONGEST_FROZEN_S))
        finally:
            node.thaw()

    async def restart_node(self) -> None:
        """Raises RuntimeError where it does not end in good order."""
        number = self._any_node()
        if status := await self._nodes[number].stop():
            raise RuntimeError(f"node {number + 1} ended with {status} when it was asked to")
        await self._away()
        await self._nodes.start(number)

    async def restart_postgres(self) -> None:
        await asyncio.to_thread(self._postgres.stop, self._chance.choice((signal.SIGINT, signal.SIGQUIT)))
        await self._away()
        await asyncio.to_thread(self._postgres.start)

    async def stop_redis(self) -> None:
        await asyncio.to_thread(self._redis.stop)
        await self._away()
        await asyncio.to_thread(self._redis.start)

    async def kill_redis(self) -> None:
        await asyncio.to_thread(self._redis.kill)
        await self._away()
        await asyncio.to_thread(self._redis.start)

    async def freeze_redis(self) -> None:
        self._redis.freeze()
        try:
            await self._away()
        finally:
            self._redis.thaw()

    def _any_node(self) -> int:
        return self._chance.randrange(len(self._nodes))

    async def _away(self) -> None:
        await asyncio.sleep(self._chance.uniform(0, LONGEST_AWAY_S))
