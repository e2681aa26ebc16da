"""Nodes at work, and nothing fails: what a hop adds, what more nodes give, what each part costs (bench/nodes.py)."""

import asyncio
from pathlib import Path
from typing import Any

import websockets
from nodes_setup import Board, Load, board, counting, done, loads

KINDS = ("interim", "final")
Figures = dict[str, float]


async def hops(rounds: int, seconds: float) -> dict[str, list[Figures]]:
    """By "final here", "final elsewhere" …: p50_ms and p99_ms, from when a word was due until a viewer has it. The same
    words reach a viewer on the producer's node and one on another."""
    calls, rate, found = 50, 500, {}
    async with board(2) as on:
        for number in range(rounds):
            for kind in KINDS if number % 2 else KINDS[::-1]:
                key = await on.organization(f"{kind}{number}", calls)
                feeds = ("-x", "socket", "-f", kind, "-s", seconds, "-c", 4, "-w", 64, "-r", rate)
                async with loads(on, [Load(1, key, calls, 1), Load(0, key, calls, 1, feeds)]) as (there, here):
                    for where, told in zip(("here", "elsewhere"), await done([here], [(there, 0, 1)]), strict=True):
                        found.setdefault(f"{kind} {where}", []).append({n: told[n] for n in ("p50_ms", "p99_ms")})
    return found


async def throughput(rounds: int, seconds: float) -> dict[str, list[Figures]]:
    """By the number of nodes that are fed, of three: finals_per_s, and µs of CPU for each in the nodes, PostgreSQL and
    Redis; bytes of PostgreSQL's log. Each call has two viewers, on two nodes if it can."""
    calls, found = 300, {}
    async with board(3) as on:
        for number in range(rounds):
            for nodes in (1, 2, 3) if number % 2 else (3, 2, 1):
                keys = [await on.organization(f"{number}-{nodes}-{node}", calls) for node in range(nodes)]
                found.setdefault(str(nodes), []).append(await _fed(on, keys, calls, seconds))
    return found


async def _fed(on: Board, keys: list[str], calls: int, seconds: float) -> Figures:
    """An organisation for each node: its producers and half of its viewers there, the others on the next."""
    nodes, feeds = len(keys), ("-x", "socket", "-f", "final", "-s", seconds, "-c", 4, "-w", 64)
    watching = [Load((number + 1) % nodes, key, calls, 1) for number, key in enumerate(keys)]
    feeding = [Load(number, key, calls, 1, feeds) for number, key in enumerate(keys)]
    log = "SELECT pg_current_wal_lsn() - '0/0'::pg_lsn"
    async with loads(on, watching) as there:
        before = on.ask_postgres(log)[0]
        async with loads(on, feeding) as here:
            with counting() as spent:
                told = (await done(here, [(process, at, 1) for at, process in enumerate(there)]))[:nodes]
        written = float(on.ask_postgres(log)[0] - before)
    finals = sum(each["published"] for each in told)
    figures = {"finals_per_s": finals / max(each["seconds"] for each in told)}
    figures |= {f"us {part}": 1e6 * s / finals for part, s in _parts(spent).items()}
    return figures | {"log_bytes": written / finals}


def _parts(spent: Figures) -> Figures:
    """All nodes together."""
    nodes = sum(s for name, s in spent.items() if name.isdecimal())
    return {"nodes": nodes} | {name: spent.get(name, 0.0) for name in ("PostgreSQL", "Redis")}


CASES = {  # what the table calls it: nodes, with Redis
    "one node, no Redis": (1, False),
    "one node, Redis": (1, True),
    "viewers on another node": (2, True),
}


EVENTS = {"final": 1000, "interim": 1000, "interim, 3,000/s": 3000}  # a second; with many, several leave together


async def costs(rounds: int, seconds: float) -> dict[str, list[dict[str, Any]]]:
    """By case: what an event costs each part, and what viewers cost who only sit there."""
    found = {}
    for _ in range(rounds):
        for case, (nodes, with_redis) in CASES.items():
            async with board(nodes, with_redis=with_redis) as on:
                figures = await _sitting(on, nodes - 1, seconds)
                for kind in EVENTS:
                    figures |= await _event(on, nodes - 1, kind, seconds)
                figures["connections"] = _connections(on) / nodes
            found.setdefault(case, []).append(figures)
    return found


async def _sitting(on: Board, where: int, seconds: float) -> Figures:
    """1,000 calls, and nothing is said. Of viewers on this node, five a call and then one: KiB, bytes of Redis, and µs
    of CPU each second for each. Of a wall there: µs for each call on it."""
    calls, key = 1000, await on.organization("sitting", 1000)
    port = on.nodes[where].url.rpartition(":")[2]
    await asyncio.sleep(1)
    with counting() as idle:
        await asyncio.sleep(seconds)

    async def each(name: str, number: int) -> Figures:
        await asyncio.sleep(2)
        with counting() as spent:
            await asyncio.sleep(seconds)
        per_s = {"node": port, "PostgreSQL": "PostgreSQL", "Redis": "Redis"}
        more = {part: spent.get(own, 0) - idle.get(own, 0) for part, own in per_s.items()}
        return {f"{name} {part}": 1e6 * s / seconds / number for part, s in more.items()}

    figures = {}
    for name, viewers in (("viewer", 5), ("lone viewer", 1)):
        memory, held, number = _resident_kib(port), on.ask_redis("used_memory"), calls * viewers
        async with loads(on, [Load(where, key, calls, viewers)]):
            figures |= await each(name, number)
            if viewers > 1:  # the second ones find the room that the first have left
                figures["kib_viewer"] = (_resident_kib(port) - memory) / number
                figures["redis_bytes_viewer"] = (on.ask_redis("used_memory") - held) / number
        await asyncio.sleep(1)
    address, headers = on.nodes.places[where].websocket_url + "/live-calls", {"Authorization": f"Bearer {key}"}
    async with websockets.connect(address, additional_headers=headers, max_size=None):
        return figures | await each("wall", calls)


async def _event(on: Board, where: int, kind: str, seconds: float) -> Figures:
    """Events of 200 calls with a viewer each on the one node, fed to the first: µs and bytes for each."""
    calls, rate = 200, EVENTS[kind]
    key = await on.organization(kind, calls)
    feeds = ("-x", "socket", "-f", kind.partition(",")[0], "-s", seconds, "-c", 4, "-w", 64, "-r", rate)
    async with loads(on, [Load(where, key, calls, 1)]) as (there,):
        await asyncio.sleep(1)
        with counting() as idle:
            await asyncio.sleep(seconds)
        before = on.ask_redis("total_net_input_bytes"), on.ask_redis("total_net_output_bytes")
        with counting() as spent:
            async with loads(on, [Load(0, key, calls, 0, feeds)]) as (feeding,):
                told, _ = await done([feeding], [(there, 0, 1)])
                took, events = told["seconds"], told["published"]
        taken, given = on.ask_redis("total_net_input_bytes"), on.ask_redis("total_net_output_bytes")
    cost = {name: 1e6 * (s - idle.get(name, 0) / seconds * took) / events for name, s in spent.items()}
    ports = [node.url.rpartition(":")[2] for node in on.nodes]
    figures = {"node": cost[ports[0]], "other node": sum(cost[port] for port in ports[1:])}
    figures |= {"PostgreSQL": cost["PostgreSQL"], "Redis": cost["Redis"]}
    figures |= {"redis_in": (taken - before[0]) / events, "redis_out": (given - before[1]) / events}
    return {f"{kind} {name}": value for name, value in figures.items()}


def _connections(on: Board) -> float:
    """Of all nodes to PostgreSQL."""
    sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
    return float(on.ask_postgres(sql)[0])


def _resident_kib(port: str) -> int:
    for path in Path("/proc").glob("[0-9]*"):
        try:
            words = (path / "cmdline").read_bytes().split(b"\0")
            if b"--port" in words and words[words.index(b"--port") + 1] == port.encode():
                lines = (path / "status").read_text().splitlines()
                return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
        except OSError:
            continue  # it has ended
    raise LookupError(port)
