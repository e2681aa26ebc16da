"""`make chaos`: three nodes, PostgreSQL, Redis and a proxy under load, and faults at random; then the law is checked.

Exit status 1 with the first violations, and the nodes' logs are kept; 0 where every promise held.
"""

import argparse
import asyncio
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from nodes import NOT_COMMITTED, Nodes, running_nodes
from nodes_crowd import crowd_at
from postgres import own_postgres
from redis_server import running_redis
from tests.chaos.faults import Faults
from tests.crash.crowd import Crowd
from tests.crash.journal import Violation
from tests.crash.log import log_by_rest

LONGEST_CALM_S = 3  # between two faults
RECOVERY_S = 120  # at most


class Chaos:
    def __init__(self, seconds: float, chance: random.Random):
        self._seconds, self._chance = seconds, chance
        self._recoveries: dict[str, list[float]] = defaultdict(list)  # s, by the fault's name

    async def __call__(self, folder: Path) -> None:
        """Tells how it goes. Raises Violation."""
        started = time.monotonic()
        with own_postgres() as postgres, running_redis() as redis:
            async with running_nodes(folder, postgres.url, redis.url, excused=NOT_COMMITTED) as nodes:
                places = [nodes.place, *nodes.places]
                async with crowd_at(nodes, postgres.url, chance=self._chance, watch=places, drops=0.002) as crowd:
                    faults = Faults(nodes, postgres, redis, self._chance)
                    while time.monotonic() < started + self._seconds:
                        await self._one(faults, nodes, crowd)
                crowd.check(await log_by_rest(nodes.place, crowd.journal.sent), "REST")
                number, took = sum(map(len, self._recoveries.values())), f"{time.monotonic() - started:.0f} s"
                print(f"{number} faults, {crowd}: nothing lost, doubled or out of order ({took})\n{self._table()}")

    async def _one(self, faults: Faults, nodes: Nodes, crowd: Crowd) -> None:
        """A fault, and then everyone has what is acknowledged by the time that it is over."""
        fault = faults.next()
        print(f"{fault.__name__}, {len(crowd.journal.promised)} finals acknowledged", flush=True)
        await fault()
        over = time.monotonic()
        async with asyncio.timeout(RECOVERY_S):
            await nodes.are_ready()
            await crowd.come_further(10)
            await crowd.have_seen_it()
        self._recoveries[fault.__name__].append(time.monotonic() - over)
        await asyncio.sleep(self._chance.uniform(0, LONGEST_CALM_S))

    def _table(self) -> str:
        lines = ["until everyone had everything, after the end of the fault (median, longest):"]
        for name, seconds in sorted(self._recoveries.items()):
            lines.append(f"  {name:17} {len(seconds):3} × {statistics.median(seconds):5.1f} s {max(seconds):5.1f} s")
        return "\n".join(lines)


async def run(chaos: Chaos, folder: Path) -> None:
    """As `chaos` itself, but that SIGTERM and Ctrl-C end it, and all that it started, in good order."""
    task = asyncio.ensure_future(chaos(folder))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await task


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}: make chaos SECONDS={options.seconds:g} SEED={options.seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="callboard-chaos-"))
    try:
        asyncio.run(run(Chaos(options.seconds, random.Random(options.seed)), folder))
    except asyncio.CancelledError:
        print("ended before its time", file=sys.stderr)
        return 1
    except (Violation, TimeoutError, RuntimeError) as violation:
        print(f"VIOLATION {violation!r}\nThe logs of the nodes are in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
