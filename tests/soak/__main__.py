"""`make soak`: a server under a mixed load for hours. What should be gone is gone, memory stays, no final is missed.

Ctrl-C ends the load early; everything is checked as at the end. Exit status 1 with what is wrong, and the database and
the server's log are kept.
"""

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Coroutine
from contextlib import suppress
from itertools import islice
from pathlib import Path

from models.database import administered, execute
from models.retention import keep
from tests.crash.journal import Journal, Violation, violations
from tests.crash.load import Load, Place, RestProducer, TwilioProducer
from tests.crash.log import furnish, log_by_rest
from tests.postgres import free_port
from tests.soak import people
from tests.soak.figures import Sample, Stretch, after_warm_up, left_over, per_hour, table, too_much_memory
from tests.soak.server_process import WatchedProcess

PRODUCERS = (people.LossyProducer, people.LossyProducer, RestProducer, RestProducer, TwilioProducer, TwilioProducer)
CALLS = 50  # of each producer at once: 300 in all
LONGEST_CALL = 60  # finals: about ten minutes
PAUSE_S = 0.5
READERS_OF_PAGES = 3
SAMPLED_S, TOLD_S, RETAINED_S, FORGOTTEN_S, STRETCH_S = 5, 60, 20, 30, 600
FORGETTING_S = 1800.0  # in less than this no call is forgotten: it takes minutes of quiet to be ended
END_S = 400  # for the last calls to end and be checked, and for everything to be gone
EMPTIED = ("call", "entry", "status_change", "source_state", "call_alias", "note", "alert")


class Promises(Load):
    """Tells each call's viewers when it has begun: before, it is not there to be watched."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.begun: dict[str, asyncio.Event] = {}
        self.finals = 0

    def promise(self, call_sid: str, content: str, seq: int | None) -> None:
        super().promise(call_sid, content, seq)
        self.finals += 1
        self.begun.setdefault(call_sid, asyncio.Event()).set()

    def settle(self, call_sid: str, journal: Journal) -> None:
        """Put what is known of a call into `journal`, and forget it here."""
        journal.sent[call_sid] = self.journal.sent.pop(call_sid)
        promised = {(call_sid, content) for content in journal.sent[call_sid]} & self.journal.promised.keys()
        journal.promised |= {one: self.journal.promised.pop(one) for one in promised}
        del self.begun[call_sid]


class Soak:
    def __init__(self, folder: Path, seed: int):
        self.database, self.chance = folder / "board.db", random.Random(seed)
        url = f"sqlite:///{self.database}"
        self.server = WatchedProcess(url, free_port(), folder / "server.log")
        self.place = Place(self.server.url, *furnish(url))
        with administered(url) as db:
            keep(db, 1, 1)  # the server's round sees the day after tomorrow
        how = {"calls": CALLS, "longest_call": LONGEST_CALL, "pause_s": PAUSE_S}
        self.load = Promises(self.place, Journal(), self.chance, self.begin_call, **how)
        self.calls, self.checked, self.deliveries = [], 0, 0  # those that began last; those that were in order
        self.samples: list[Sample] = []
        self.stretches: list[Stretch] = []
        self.at_work: set[asyncio.Task] = set()
        self.failures: list[BaseException] = []
        self.is_stopped = asyncio.Event()

    def begin(self, work: Coroutine) -> None:
        task = asyncio.create_task(work)
        self.at_work.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task) -> None:
        self.at_work.discard(task)
        if not task.cancelled() and task.exception():
            self.failures.append(task.exception())
            self.is_stopped.set()

    def begin_call(self, call_sid: str) -> None:
        self.begin(self.follow(call_sid))

    async def follow(self, call_sid: str) -> None:
        """Viewers of all kinds; and, when they have seen it to its end, whether all that was promised was kept."""
        await self.load.begun.setdefault(call_sid, asyncio.Event()).wait()
        self.calls = [*self.calls[-30:], call_sid]
        address = f"ws{self.place.url.removeprefix('http')}"
        guests = [f"{address}/live-transcript/{call_sid}?interim=0&token={self.place.key}"]
        guests += [f"{address}/live-calls?token={self.place.key}"]
        for guest in guests:
            self.begin(people.late(people.look_in(guest, self.chance), self.chance.uniform(0, 5)))
        if self.chance.random() < 0.1:
            self.begin(people.never_read(self.place, call_sid, self.chance))
        journal = Journal()
        await people.to_the_end(self.place, call_sid, journal, self.chance)
        self.load.settle(call_sid, journal)
        if wrong := list(islice(violations(journal, await log_by_rest(self.place, [call_sid])), 5)):
            raise Violation("\n  ".join(wrong))
        self.checked += 1
        self.deliveries += sum(len(page) for _, page in journal.seen)

    async def __call__(self, seconds: float) -> list[str]:
        """What was wrong."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self.stop)
        await self.server.start()
        await self.server.is_up()
        try:
            before = await self.server.ask("look")
            first = await self.server.ask("types")
            await self.load_it(seconds)
            after = await self.quiet(before)
            self.tell_growth(first, await self.server.ask("types"))
            wrong = [*map(str, self.failures[:3]), *left_over(before, after)]
            if not wrong:
                wrong += await self.left_in_tables()
        finally:
            for task in list(self.at_work):
                task.cancel()
            status = await self.server.stop()
        if status:
            wrong.append(f"the server ended with {status}")
        if faults := self.server.faults():
            wrong.append(f"{len(faults)} errors in the server's log, the first of them: {faults[0]}")
        return [*wrong, *filter(None, [too_much_memory(self.samples)])]

    def stop(self) -> None:
        """The first Ctrl-C; a second one ends everything at once."""
        print("stopping: the calls come to their end, and are checked", flush=True)
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
        self.is_stopped.set()

    async def load_it(self, seconds: float) -> None:
        for number, kind in enumerate(PRODUCERS):
            self.begin(kind(self.load, f"p{number}").run())
        for _ in range(READERS_OF_PAGES):
            self.begin(people.leaf(self.load, lambda: self.calls))
        self.begin(people.ask_for_tickets(self.load))
        began, turn = time.monotonic(), 0
        ends = time.strftime("%H:%M", time.localtime(time.time() + seconds))
        print(f"{seconds / 60:.0f} minutes of load, which end about {ends}; then a few until all is gone", flush=True)
        while not self.is_stopped.is_set() and (at := time.monotonic() - began) < seconds:
            self.samples.append(self.sampled(at, await self.at_rest()))
            if turn * SAMPLED_S % TOLD_S == 0:
                print(self.progress(at, seconds), flush=True)
            if turn * SAMPLED_S % STRETCH_S == 0:
                self.stretches.append(Stretch(at, self.load.finals, **await self.server.ask("times")))
            if turn * SAMPLED_S % RETAINED_S == 0:
                self.server.tell("retain")
            if turn * SAMPLED_S % FORGOTTEN_S == 0 and seconds >= FORGETTING_S:
                self.begin(people.forget_to_end(self.load, turn))
            turn += 1
        self.stretches.append(Stretch(at, self.load.finals, **await self.server.ask("times")))
        self.load.is_over = True
        print(self.progress(time.monotonic() - began, seconds), flush=True)

    async def at_rest(self) -> dict:
        """The server in the least of SAMPLED_S looks, one a second: to hash a password takes 64 MiB for a moment."""
        looks = []
        while len(looks) < SAMPLED_S and not (looks and self.is_stopped.is_set()):
            looks.append(await self.server.ask("look"))
            with suppress(TimeoutError):
                await asyncio.wait_for(self.is_stopped.wait(), 1)
        return min(looks, key=lambda seen: seen["memory_mb"])

    def sampled(self, at_s: float, seen: dict) -> Sample:
        log = Path(f"{self.database}-wal")
        sizes = [path.stat().st_size / 1e6 if path.exists() else 0.0 for path in (self.database, log)]
        return Sample(at_s, *(seen[name] for name in Sample._fields[1:-2]), *sizes)

    def progress(self, at: float, seconds: float) -> str:
        done = f"{at / 60:.0f} of {seconds / 60:.0f} minutes: {self.load.finals} finals, {self.checked} calls in order"
        return f"{done}; {self.samples[-1]}" if self.samples else done

    async def quiet(self, before: dict) -> dict:
        """The server when everyone has gone, or after END_S."""
        until = time.monotonic() + END_S
        while self.at_work and not self.failures and time.monotonic() < until:
            await asyncio.wait(self.at_work, timeout=1)
        self.failures += [Violation(f"{len(self.at_work)} did not come to their end")] if self.at_work else []
        self.server.tell("retain-all")
        while left_over(before, after := await self.server.ask("look")) and time.monotonic() < until:
            await asyncio.sleep(1)
        return after

    async def left_in_tables(self) -> list[str]:
        """Rows of calls, all of which retention has deleted by and by."""
        until = time.monotonic() + END_S
        while (left := self.rows()) and time.monotonic() < until:
            await asyncio.sleep(1)
        return [f"{number} rows of {table} are left" for table, number in left.items()]

    def rows(self) -> dict[str, int]:
        with administered(f"sqlite:///{self.database}") as db:
            counted = {name: execute(db, f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in EMPTIED}
        return {name: number for name, number in counted.items() if number}

    def tell_growth(self, first: dict[str, int], last: dict[str, int]) -> None:
        print(*table(self.samples, self.stretches), sep="\n")
        measured = after_warm_up(self.samples)
        print(
            f"{self.load.finals} finals in {self.checked} calls, {self.deliveries} deliveries to viewers that resumed"
        )
        for name in Sample._fields[1:]:
            values = [getattr(sample, name) for sample in measured] or [0]
            slope = f"{per_hour(measured, name):+.1f} an hour"
            print(f"{name:12} {min(values):10.1f} to {max(values):10.1f} after the warm-up, {slope}")
        more = sorted(((last[name] - first.get(name, 0), name) for name in last), reverse=True)[:8]
        print("objects more than before anyone came:", ", ".join(f"{name} {n}" for n, name in more if n > 0))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--hours", type=float, default=1)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server ends with us
    folder = Path(tempfile.mkdtemp(prefix="callboard-soak-"))

    async def soak() -> list[str]:
        return await Soak(folder, options.seed)(options.hours * 3600)

    try:
        wrong = asyncio.run(soak())
    except (RuntimeError, TimeoutError) as problem:
        wrong = [f"{problem or 'the server did not answer'}"]
    except KeyboardInterrupt:
        return 130
    if wrong:
        print("WRONG:", *wrong, f"The database and the server's log are in {folder}", sep="\n  ", file=sys.stderr)
        return 1
    shutil.rmtree(folder)
    print("Everything that should be gone is gone, memory stays, and no viewer missed a final.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
