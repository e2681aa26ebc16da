"""Several nodes on one PostgreSQL: in whatever order they write the same calls, nothing is lost or doubled."""

import asyncio
import random
import threading
from functools import partial

import pytest

from command_line import CommandLine
from events import Transcript, Unavailable
from models import Store, accounts, assistants, calls, entries
from models.database import execute
from models.record import Heard, record, record_all
from test_store import hold

ROUNDS, CALLS = 20, 6
WAITING = "SELECT COUNT(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def url(new_postgres_database) -> str:
    url = new_postgres_database()
    CommandLine(url).do("organization", "create", "Larkspur")
    return url


@pytest.fixture
def nodes(io_loop, url):
    stores = [Store(url), Store(url)]

    async def open_():
        for store in stores:
            store.open()
        name = await stores[0].read(lambda db: execute(db, "SELECT current_database()").fetchone()[0])
        await stores[0].write(lambda db: db.execute_sql(f"ALTER DATABASE {name} SET deadlock_timeout = '50ms'"))

    io_loop.run_sync(open_)
    yield stores
    for store in stores:
        io_loop.run_sync(store.close)


def heard(call_sid: str, *segments: str) -> Heard:
    said = [Transcript(segment_id=segment, speaker="user", content=f"words of {segment}") for segment in segments]
    return Heard(organization_id=1, call_sid=call_sid, events=said)


def log(db, call_sid: str) -> list[tuple[int, str]]:
    stored = entries.after(db, calls.by_sid(db, 1, call_sid).id, 0, None)
    return [(entry.seq, entry.transcript.segment_id) for entry in stored]


class Crossing:
    """A job that creates two calls; between the two it waits, once, until the other node has created its first."""

    def __init__(self, store: Store, barrier: threading.Barrier, *call_sids: str):
        self.store, self.barrier, self.call_sids, self.runs = store, barrier, call_sids, 0

    def __call__(self, db) -> list[int]:
        self.runs += 1
        seqs = []
        for call_sid in self.call_sids:
            recorded = record(db, self.store.clock, heard(call_sid, f"{id(self)}"))
            seqs.append(recorded.entries[0].seq)
            if self.runs == 1 and len(seqs) == 1:
                self.barrier.wait(30)
        return seqs


async def test_two_nodes_that_create_the_same_calls_crosswise_both_store_everything(nodes):
    first, second = nodes
    await first.write(assistants.default, 1, 1)
    barrier = threading.Barrier(2)
    jobs = Crossing(first, barrier, "CA1", "CA2"), Crossing(second, barrier, "CA2", "CA1")
    stored = await asyncio.gather(first.write(jobs[0]), second.write(jobs[1]))
    assert sorted(map(sorted, stored)) == [[1, 1], [2, 2]]
    assert sorted(job.runs for job in jobs) == [1, 2], "one was in the other's way, and had to begin again"
    for call_sid in ("CA1", "CA2"):
        assert {segment for _, segment in await first.read(log, call_sid)} == {str(id(job)) for job in jobs}


async def test_a_node_that_never_gets_through_is_told_so_and_stores_nothing(nodes):
    first, _ = nodes
    runs = []

    def deadlock(db):
        runs.append(accounts.create_organization(db, 1, "Half"))
        execute(db, "DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$")

    with pytest.raises(Unavailable):
        await first.write(deadlock)
    assert len(runs) == 3
    assert await first.read(lambda db: execute(db, "SELECT name FROM organization").fetchall()) == [("Larkspur",)]


async def test_the_same_calls_in_any_order_on_two_nodes_have_one_log_each(nodes):
    chance = random.Random(5)
    promised: dict[tuple[str, str], int] = {}

    async def node(number: int) -> None:
        work = partial(record_all, clock=nodes[number].clock)
        for round_ in range(ROUNDS):
            named = [f"CA{round_}-{n}" for n in range(CALLS)]
            chance.shuffle(named)
            own = [heard(call_sid, f"{number}-a", "of both", f"{number}-b") for call_sid in named]
            for told, result in zip(
                own, await asyncio.gather(*(nodes[number].write_together(work, h) for h in own)), strict=True
            ):
                for outcome in result.outcomes:
                    before = promised.setdefault((told.call_sid, outcome.segment_id), outcome.seq)
                    assert before == outcome.seq, "both nodes say the same of the one final that both heard"

    await asyncio.gather(node(0), node(1))
    for round_ in range(ROUNDS):
        for n in range(CALLS):
            stored = await nodes[0].read(log, f"CA{round_}-{n}")
            assert [seq for seq, _ in stored] == [1, 2, 3, 4, 5]
            assert {segment: seq for seq, segment in stored} == {
                segment: seq for (call_sid, segment), seq in promised.items() if call_sid == f"CA{round_}-{n}"
            }


async def test_a_batch_whose_call_another_node_creates_meanwhile_knows_what_that_one_stored(nodes):
    first, second = nodes
    await first.write(assistants.default, 1, 1)
    begun, go_on = threading.Event(), threading.Event()

    def slowly(db):
        theirs = Transcript(segment_id="b", speaker="user", content="words of b", revision=5)
        record(db, first.clock, Heard(organization_id=1, call_sid="CA1", events=[theirs]))
        begun.set()
        assert go_on.wait(30)

    slow = asyncio.ensure_future(first.write(slowly))
    await asyncio.to_thread(begun.wait)
    job, held = await hold(second)
    work = partial(record_all, clock=second.clock)
    batch = [second.write_together(work, heard("CA1", segment)) for segment in ("a", "b")]
    job.let_go.set()
    await held
    while await first.read(lambda db: execute(db, WAITING).fetchone()[0]) == 0:
        await asyncio.sleep(0.01)  # another session's wait sends no event
    go_on.set()
    await slow
    outcomes = [(await storing).outcomes[0] for storing in batch]
    assert [(outcome.seq, outcome.is_repeat) for outcome in outcomes] == [(2, False), (1, True)]
    assert await first.read(log, "CA1") == [(1, "b"), (2, "a")]


async def test_two_nodes_may_both_make_an_organisations_first_assistant(nodes):
    first, second = nodes
    begun, go_on = threading.Event(), threading.Event()

    def slowly(db):
        made = assistants.default(db, 1, 1)
        begun.set()
        assert go_on.wait(30)
        return made

    slow = asyncio.ensure_future(first.write(slowly))
    await asyncio.to_thread(begun.wait)
    quick = asyncio.ensure_future(second.write(record, second.clock, heard("CA1", "a")))
    while await first.read(lambda db: execute(db, WAITING).fetchone()[0]) == 0:
        await asyncio.sleep(0.01)  # another session's wait sends no event
    go_on.set()
    assert (await quick).call.assistant_id == await slow
