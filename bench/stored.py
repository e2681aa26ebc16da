"""Finals into the store with 64 in flight, without a server: how many a second, and for how long the loop stood still.

HOW=group is `Store.write_together` with what the pipeline stores; HOW=each is what most write: an INSERT of the row
alone with a commit of its own, one after another in a thread.
"""

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

import publishing

from events import Call, CallAnnounced, Transcript
from models import Store, accounts, tables
from models.database import open_database
from models.record import Heard, record_all

IN_FLIGHT = 64
CALLS = 1000
BEAT_S = 0.001


def said(n: int) -> Transcript:
    return Transcript(segment_id=f"s{n}", speaker="user", content=publishing.content(), confidence=0.953)


@asynccontextmanager
async def storing(url: str, is_grouped: bool) -> AsyncIterator[Callable[[int], Awaitable]]:
    """A function that stores the nth final, and returns when it is committed."""
    store = Store(url)
    store.open()
    name = uuid.uuid4().hex
    organization = await store.write(accounts.create_organization, store.clock(), name)
    record = partial(record_all, clock=store.clock)

    def hear(call: int, event: Transcript | CallAnnounced) -> asyncio.Future:
        return store.write_together(
            record,
            Heard(organization_id=organization, call_sid=f"C{call}", events=[event], assistant_id=None, step=None),
        )

    calls: list[Call] = [(await hear(n, CallAnnounced(direction="inbound"))).call for n in range(CALLS)]
    try:
        if is_grouped:
            yield lambda n: hear(n % CALLS, said(n))
        else:
            with ThreadPoolExecutor(1) as thread:
                database = open_database(url, checkpoints=True)
                loop = asyncio.get_running_loop()
                yield lambda n: loop.run_in_executor(thread, _insert, database, calls[n % CALLS].id, n, said(n))
                thread.submit(database.close).result()
    finally:
        await store.close()


def _insert(database, call_id: int, n: int, event: Transcript) -> None:
    now = time.time_ns() // 1000
    database.connect(reuse_if_open=True)
    row = dict(call=call_id, seq=n // CALLS + 1, revision=1, created_at=now, stored_at=now)
    row |= dict(segment_id=event.segment_id, speaker=event.speaker, content=event.content, confidence=event.confidence)
    tables.Entry.insert(**row).execute(database)


async def main() -> None:
    url = f"sqlite:///{os.environ['FOLDER']}/store.db"
    if os.environ["DATABASE"] == "postgresql":
        url = os.environ["POSTGRES_URL"]
    stalls, stored = [], 0
    async with storing(url, os.environ["HOW"] == "group") as store:
        start, cpu = time.monotonic(), time.process_time()
        stop = start + publishing.SECONDS

        async def produce(at: int) -> None:
            nonlocal stored
            while time.monotonic() < stop:
                at, mine = at + IN_FLIGHT, at
                await store(mine)
                stored += 1

        async def beat() -> None:
            while time.monotonic() < stop:
                before = time.monotonic()
                await asyncio.sleep(BEAT_S)
                stalls.append(time.monotonic() - before - BEAT_S)

        await asyncio.gather(beat(), *(produce(n) for n in range(IN_FLIGHT)))
        seconds, cpu = time.monotonic() - start, time.process_time() - cpu
    stalls.sort()
    stall_p99_ms = 1000 * stalls[int(0.99 * (len(stalls) - 1))]
    publishing.say(events_per_s=stored / seconds, us_per_event=1e6 * cpu / stored, stall_p99_ms=stall_p99_ms)


if __name__ == "__main__":
    asyncio.run(main())
