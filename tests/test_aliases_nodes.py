"""Two nodes on one PostgreSQL that hear of one call at the same moment, each under another id: it is one call."""

import asyncio
import random
import threading
from functools import partial

import pytest

from alias_board import told
from events import Transcript
from models import aliases, assistants, calls, entries
from models.database import execute
from models.record import Heard, record, record_all
from patience import PATIENCE_S
from test_faults_nodes import WAITING, nodes, url  # noqa: F401 — fixtures

ROUNDS, CALLS = 12, 8
BOTH = "SELECT call_sid FROM call JOIN call_alias a USING (organization_id) WHERE a.alias = call.call_sid"


def heard(call_sid: str, segment: str, alias: str | None = None) -> Heard:
    events = [told(alias), Transcript(segment_id=segment, speaker="user", content=f"words of {segment}")]
    return Heard(organization_id=1, call_sid=call_sid, events=events)


def known(db, name: str) -> tuple[str, list[str], aliases.OtherIds]:
    call = calls.by_sid(db, 1, name)
    said = [entry.transcript.segment_id for entry in entries.after(db, call.id, 0, None)]
    return call.call_sid, said, aliases.other_ids(db, [call.id])[call.id]


def rows(sql: str):
    return lambda db: execute(db, sql).fetchall()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (heard("CA1", "a"), heard("VA1", "b", "CA1")),
        (heard("VA1", "a", "CA1"), heard("CA1", "b")),
        (heard("VA1", "a", "CA1"), heard("RE1", "b", "CA1")),
    ],
    ids=["its own id, then the other's", "the other's id, then its own", "two that know the same third id"],
)
async def test_a_node_waits_for_another_that_is_making_the_same_call_under_another_id(nodes, first, second):  # noqa: F811
    one, other = nodes
    await one.write(assistants.default, 1, 1)
    begun, go_on = threading.Event(), threading.Event()

    def slowly(db):
        record(db, one.clock, first)
        begun.set()
        assert go_on.wait(30)

    slow = asyncio.ensure_future(one.write(slowly))
    await asyncio.to_thread(begun.wait, 30)
    quick = asyncio.ensure_future(other.write_together(partial(record_all, clock=other.clock), second))
    async with asyncio.timeout(PATIENCE_S):
        while not (await one.read(rows(WAITING)))[0][0]:
            await asyncio.sleep(0.01)
    go_on.set()
    await slow
    recorded = await quick
    assert (recorded.created, recorded.call.call_sid, recorded.entries[0].seq) == (False, first.call_sid, 2)
    own, said, others = await one.read(known, second.call_sid)
    assert (own, said, others.linked) == (first.call_sid, ["a", "b"], [])
    assert await one.read(rows(BOTH)) == []


async def test_calls_heard_of_by_two_nodes_under_two_ids_in_any_order_are_one_each(nodes):  # noqa: F811
    chance = random.Random(7)
    await nodes[0].write(assistants.default, 1, 1)

    async def node(number: int) -> None:
        work = partial(record_all, clock=nodes[number].clock)
        for round_ in range(ROUNDS):
            named = [f"{round_}-{n}" for n in range(CALLS)]
            chance.shuffle(named)
            told_ = [heard(f"CA{n}", "t") if number else heard(f"VA{n}", "v", f"CA{n}") for n in named]
            await asyncio.gather(*(nodes[number].write_together(work, one) for one in told_))

    await asyncio.gather(node(0), node(1))
    assert await nodes[0].read(rows(BOTH)) == [], "no id leads to two calls"
    assert await nodes[0].read(rows("SELECT * FROM call_link")) == []
    for n in [f"{round_}-{n}" for round_ in range(ROUNDS) for n in range(CALLS)]:
        under_own, under_other = await nodes[0].read(known, f"CA{n}"), await nodes[0].read(known, f"VA{n}")
        assert under_own == under_other
        assert sorted(under_own[1]) == ["t", "v"]
    assert (await nodes[0].read(rows("SELECT COUNT(*) FROM call")))[0] == (ROUNDS * CALLS,)
