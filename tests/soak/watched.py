"""A server in a process of its own that tells what is inside it: `python -m tests.soak.watched DATABASE_URL PORT`.

It reads words, one a line, and ends with the last: `look` is answered by a line of JSON, `times` by how often its loop
was how late and its deliveries took how long, `types` by how many objects there are of which kind; `retain` begins a
round of retention, `retain-all` one that leaves no ended call.
"""

import asyncio
import gc
import json
import sys
import threading
from argparse import Namespace
from collections import Counter
from typing import Any

import hub.hub
import pipeline
from commands.serve import keep_pauses_short
from handlers import process
from handlers.log_lines import begin_log, set_log
from handlers.retention import Retention
from handlers.services import Services
from models import Store
from models.retention import DAY_US
from serving import running
from settings import read_settings

SMALL = 100  # what caches with a bound hold here, so that they are full when the warm-up is over
KEPT_US = 120_000_000  # in which a viewer of a call that has ended gets all of it
QUIET_S = "240"  # of three hundred calls one may well be silent for a minute


class LaterOn:
    """The store on the day after tomorrow: what is kept for a day is due, but for what ended within `kept_us`."""

    def __init__(self, store: Store, kept_us: int):
        self.read, self.write = store.read, store.write
        self.clock = lambda: store.clock() + DAY_US - kept_us


async def look(services: Services) -> dict[str, float]:
    hub_, gate, seen = services.hub, services.gate, await process.look()
    return {
        "memory_mb": seen.memory_bytes / 1e6,
        "files": seen.open_files,
        "threads": threading.active_count(),
        "tasks": len(asyncio.all_tasks()),
        "rooms": len(hub_._rooms),
        "calls coming to their end": len(hub_._ending),
        "walls": len(hub_.walls),
        "companies": len(hub_.companies._companies),
        "sockets": sum(gate.open_sockets().values()),
        "sockets to be checked": len(gate._unchecked),
        "sockets arriving": len(gate.arriving),
        "keys being looked up": len(gate._asking),
        "connections": len(services.heartbeat),
        "pings without an answer": sum(len(whom) for _, _, whom in services.heartbeat._pinged),
        "turns of calls": len(services.pipeline._turns),
        "writes": services.store.queued,
        "blocks": sys.getallocatedblocks(),
    }


def types() -> Counter[str]:
    """While nothing is going on: a thread that is filling a tuple fails where another one holds it."""
    gc.collect()
    return Counter(f"{type(each).__module__}.{type(each).__qualname__}" for each in gc.get_objects())


async def main(database_url: str, port: str) -> None:
    pipeline.KNOWN_CALLS = pipeline.KNOWN_STATES = hub.hub.REMEMBERED_FINALS = SMALL
    flags: dict[str, Any] = {"database_url": database_url, "port": port, "address": "127.0.0.1"}
    flags |= {"public_url": f"http://127.0.0.1:{port}", "quiet_timeout": QUIET_S, "log_level": "warning"}
    settings = read_settings(Namespace(**flags), {})
    begin_log()
    set_log(settings.log_format, settings.log_level)
    words = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(words), sys.stdin)
    async with running(settings) as server:
        keep_pauses_short()
        some = Retention(LaterOn(server.services.store, KEPT_US))
        everything = Retention(LaterOn(server.services.store, 0))
        print(f"Callboard is on {server.url}", flush=True)
        rounds = set()
        while word := (await words.readline()).decode().strip():
            if word == "look":
                print(json.dumps(await look(server.services)), flush=True)
            elif word == "times":
                numbers = server.services.numbers
                print(
                    json.dumps({"loop_lag": numbers.loop_lag_s.counts, "deliver": numbers.deliver_s.counts}), flush=True
                )
            elif word == "types":
                print(json.dumps(types()), flush=True)
            else:
                rounds.add(asyncio.create_task((some if word == "retain" else everything).run()))
                rounds = {task for task in rounds if not task.done()}
        await some.close()
        await everything.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
