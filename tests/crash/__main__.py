"""`make crash`: kill a server under load again and again, and see whether anything that it acknowledged is lost.

Exit status 1 with the first violations, and the database is kept; 0 where every promise held.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from contextlib import nullcontext
from pathlib import Path

import psycopg2

from tests.crash.crowd import END_S, Crowd
from tests.crash.journal import Violation
from tests.crash.load import Place
from tests.crash.log import furnish, log_by_rest, log_by_sql
from tests.crash.server_process import ServerProcess
from tests.postgres import free_port, running_postgres

VIEWERS = 2  # of each call
PER_KILL_S = 60  # at most, on a busy machine


class Run:
    def __init__(self, database_url: str, folder: Path, seed: int):
        self.database_url, self.chance = database_url, random.Random(seed)
        self.server = ServerProcess(database_url, free_port(), folder / "server.log")
        self.place = Place(self.server.url, *furnish(database_url))
        self.crowd = Crowd(self.place, [self.place] * VIEWERS, self.chance)
        self.load, self.journal = self.crowd.load, self.crowd.journal

    async def __call__(self, kills: int) -> str:
        """How it went, in a line. Raises Violation."""
        started = time.monotonic()
        self.crowd.begin(sockets=3, rest=2, twilio=1)
        try:
            for number in range(1, kills + 1):
                await asyncio.wait_for(self.life(), PER_KILL_S + END_S)
                self.crowd.look()
                line = f"{number}/{kills} kills, {len(self.journal.promised)} finals acknowledged"
                print(f"\r{line}, {time.monotonic() - started:.0f} s ", end="", file=sys.stderr, flush=True)
            await self.server.start()
            await self.server.is_up()
            await self.crowd.finish()
            self.crowd.check(await log_by_rest(self.place, self.journal.sent), "REST")
            await self.server.kill()
            self.crowd.check(log_by_sql(self.database_url), "SQL")
        finally:
            self.crowd.leave()
            await self.server.kill()
            print(file=sys.stderr)
        took = f"{time.monotonic() - started:.0f} s"
        return f"{kills} kills, {self.crowd}: nothing lost, doubled or out of order ({took})"

    async def life(self) -> None:
        """Start the server and kill it: while it starts, at any moment, or as a burst is being committed."""
        await self.server.start()
        when = self.chance.random()
        if when < 0.1:
            await asyncio.sleep(self.chance.uniform(0, 1))
        else:
            await self.server.is_up()
            self.load.progress.clear()
            await asyncio.wait_for(self.load.progress.wait(), PER_KILL_S)
            if when < 0.5:
                await asyncio.sleep(self.chance.uniform(0, 1))
            else:
                await asyncio.sleep(self.chance.uniform(0, 0.3))
                self.load.burst.clear()
                await asyncio.wait_for(self.load.burst.wait(), PER_KILL_S)
                await asyncio.sleep(self.chance.uniform(0, 0.02))
        await self.server.kill()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of its own instead of SQLite")
    options = parser.parse_args()
    print(f"seed {options.seed}: python -m tests.crash --kills {options.kills} --seed {options.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server ends with us
    folder = Path(tempfile.mkdtemp(prefix="callboard-crash-"))
    with running_postgres() if options.postgresql else nullcontext(f"sqlite:///{folder}/board.db") as url:
        try:
            print(asyncio.run(Run(url, folder, options.seed)(options.kills)))
        except (Violation, TimeoutError, RuntimeError, psycopg2.Error) as violation:
            print(f"VIOLATION {violation}\nThe database and the server's log are in {folder}", file=sys.stderr)
            return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
