"""Nodes to be measured: on one PostgreSQL and one Redis, with calls in them; the load at them, what each part used."""

import asyncio
import json
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
import websockets
from contenders import BUILT, ROOT
from databases import DurablePostgres, durable_postgres
from machine import NANOSECOND, Failed, Process, started

sys.path.append(str(ROOT))

from models import accounts, rights
from models.database import administered
from models.store import wall_clock
from redis_server import RedisServer, running_redis
from tests.nodes import HERE, NOT_COMMITTED, Nodes, running_nodes

LOAD_CORE = 1
MANY = 1_000_000  # the load is one address and one key: what guards against that is not what is measured


class Board(NamedTuple):
    """The nodes, and what they stand on."""

    nodes: Nodes
    postgres: DurablePostgres
    redis: RedisServer

    def ask_postgres(self, sql: str) -> tuple:
        """One row."""
        connection = psycopg2.connect(self.postgres.url)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                return cursor.fetchone()
        finally:
            connection.close()

    def ask_redis(self, name: str) -> int:
        """A number of INFO."""
        for section in ("stats", "memory"):
            for line in self.redis.ask(f"INFO {section}").decode().splitlines():
                if line.startswith(f"{name}:"):
                    return int(line.partition(":")[2])
        raise KeyError(name)

    async def organization(self, name: str, calls: int) -> str:
        """A key of a new one, with the calls C0, C1 …"""
        now = wall_clock()
        with administered(self.postgres.url) as db:
            organization = accounts.create_organization(db, now, name)
            user = accounts.create_user(db, now, organization, f"{organization}@example.com", "admin", "correct horse")
            key = rights.create_key(db, now, user, "bench", ["read", "ingest"], None)
        address, headers = self.nodes.places[0].websocket_url + "/ingest", {"Authorization": f"Bearer {key}"}
        async with websockets.connect(address, additional_headers=headers) as socket:
            for at in range(0, calls, 100):
                some = [f"C{number}" for number in range(at, min(at + 100, calls))]
                for sid in some:
                    await _announce(socket, sid)
                for _ in some:
                    while (answer := json.loads(await socket.recv()))["type"] != "ack":
                        if not answer.get("retryable"):
                            raise Failed(f"a call was refused: {answer}")
                        await _announce(socket, answer["id"])  # the disk stood still for seconds
        return key


async def _announce(socket: Any, sid: str) -> None:
    await socket.send(json.dumps({"type": "call", "id": sid, "call_sid": sid, "data": {"direction": "inbound"}}))


@asynccontextmanager
async def board(nodes: int, *, with_redis: bool = True, **settings: object) -> AsyncIterator[Board]:
    """So many nodes (at most three), and a proxy before them; all of it ends with the block."""
    settings |= dict.fromkeys(("requests_per_key", "attempts_per_address"), MANY)
    with (
        tempfile.TemporaryDirectory(prefix="callboard-bench-") as folder,
        durable_postgres() as postgres,
        running_redis() as redis,
    ):
        url, hosts = redis.url if with_redis else None, HERE[:nodes]
        async with running_nodes(
            Path(folder), postgres.url, url, hosts=hosts, excused=NOT_COMMITTED, **settings
        ) as running:
            yield Board(running, postgres, redis)


class Load(NamedTuple):
    """One process of bench/load at one node, with an organisation's key: viewers, and producers where it feeds."""

    node: int
    key: str
    calls: int
    viewers: int  # of each call
    feeds: Sequence[Any] = ()  # -x socket -s 3 …


@asynccontextmanager
async def loads(board: Board, these: Sequence[Load]) -> AsyncIterator[list[Process]]:
    """All of them with their viewers let in; they begin to feed at once, and together. Raises Failed."""
    async with AsyncExitStack() as stack:
        opened: dict[Load, Process] = {}
        for group in ([it for it in these if not it.feeds], [it for it in these if it.feeds]):
            for load in group:
                port = board.nodes[load.node].url.rpartition(":")[2]
                command = [
                    BUILT / "load",
                    "-p",
                    port,
                    "-k",
                    load.key,
                    "-m",
                    load.calls,
                    "-n",
                    load.calls * load.viewers,
                ]
                command += load.feeds or ["-r", 1]  # any rate: the delay of each message is noted, not of a few
                opened[load] = stack.enter_context(started(command, LOAD_CORE))
            told = await asyncio.gather(*(asyncio.to_thread(opened[load].hear) for load in group))
            if failed := sum(each["failed"] for each in told):
                raise Failed(f"{failed} were not let in")
        yield [opened[load] for load in these]


async def done(feeding: Sequence[Process], watching: Sequence[tuple[Process, int, int]]) -> list[dict[str, Any]]:
    """What each tells once everything has arrived: those who feed, then those who watch, each with the number of who
    feeds its calls and of its viewers of each. Raises Failed."""
    told = [await asyncio.to_thread(process.hear) for process in feeding]
    for process, feeder, viewers in watching:
        process.tell(str(told[feeder]["published"] * viewers))
    told += [await asyncio.to_thread(process.hear) for process, _, _ in watching]
    for each in told:
        if each["refused"] or each["messages"] < each["expected"] or each["answered"] < each["published"]:
            raise Failed(f"not everything arrived: {each}")
    return told


def used() -> dict[str, float]:
    """s of CPU so far of what we started: each node by its port, "PostgreSQL", "Redis"."""
    parents, commands = {}, {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            stat, words = (path / "stat").read_text(), (path / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue  # it has ended
        pid = int(path.name)
        parents[pid], commands[pid] = int(stat[stat.rindex(")") + 2 :].split()[1]), words
    spent: dict[str, float] = defaultdict(float)
    for pid, words in commands.items():
        ancestor = pid
        while ancestor not in (0, os.getpid()):
            ancestor = parents.get(ancestor, 0)
        if ancestor and (name := _name(words)):
            spent[name] += _cpu_s(pid)
    return spent


def _name(words: Sequence[str]) -> str | None:
    program = " ".join(words[:2])
    for part, name in (("postgres", "PostgreSQL"), ("redis-server", "Redis"), ("valkey-server", "Redis")):
        if part in program:
            return name
    return words[words.index("--port") + 1] if "server.py" in program else None


def _cpu_s(pid: int) -> float:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) * NANOSECOND
    except OSError:
        return 0.0


@contextmanager
def counting() -> AsyncIterator[dict[str, float]]:
    """Filled at the end of the block: what was used meanwhile, s."""
    spent: dict[str, float] = {}
    before = used()
    yield spent
    spent |= {name: after - before.get(name, 0.0) for name, after in used().items()}
