"""What arrives together is handed over together: in order, mixed with other writes; a bad one spoils only itself."""

import asyncio

import pytest

from events import Refused, Unavailable
from models import Store
from models import store as module
from test_store import hold, names, put, store  # noqa: F401 — a fixture among them


class Many:
    """Work for `write_together`: puts every name, refuses some, and breaks at others."""

    def __init__(self):
        self.handed: list[list[str]] = []

    def __call__(self, db, items: list[str]) -> list:
        self.handed.append(items)
        results = []
        for item in items:
            if item.startswith("refused"):
                results.append(Refused("no", item))
                continue
            results.append(put(db, item))
            if item.startswith("broken"):
                raise ValueError(item)
        return results


async def together(store, *writes):  # noqa: F811
    """The outcomes of these writes, which arrive while the writer is busy and so are one batch."""
    job, held = await hold(store)
    futures = [write() for write in writes]
    job.let_go.set()
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    await held
    return outcomes


async def test_neighbours_are_handed_over_in_one_list_and_plain_writes_keep_their_place(store):  # noqa: F811
    many, other, followed = Many(), Many(), []

    def plain(name):
        return lambda: asyncio.ensure_future(store.write(put_after, name, then=followed.append))

    def put_after(db, name):
        assert len(names(db)) == {"p3": 3, "p6": 6}[name], "everything before it, and nothing after it"
        return put(db, name)

    def shared(work, name):
        return lambda: store.write_together(work, name, followed.append)

    async def queued(write):  # a coroutine's write is queued when it first runs
        future = write()
        await asyncio.sleep(0)
        return future

    job, held = await hold(store)
    futures = [await queued(shared(many, f"n{n}")) for n in range(3)]
    futures += [await queued(plain("p3")), await queued(shared(many, "n4")), await queued(shared(other, "n5"))]
    futures += [await queued(plain("p6")), await queued(shared(other, "n7"))]
    job.let_go.set()
    await held
    expected = ["n0", "n1", "n2", "p3", "n4", "n5", "p6", "n7"]
    assert await asyncio.gather(*futures) == followed == expected
    assert (many.handed, other.handed) == ([["n0", "n1", "n2"], ["n4"]], [["n5"], ["n7"]])
    assert sorted(await store.read(names)) == sorted(expected)


async def test_a_refused_item_is_told_so_and_the_others_are_stored(store):  # noqa: F811
    many, followed = Many(), []
    items = ("a", "refused b", "c")
    outcomes = await together(store, *(lambda i=i: store.write_together(many, i, followed.append) for i in items))
    assert (outcomes[0], str(outcomes[1]), outcomes[2]) == ("a", "refused b", "c")
    assert isinstance(outcomes[1], Refused)
    assert followed == ["a", "c"] == await store.read(names)
    assert many.handed == [list(items)], "once is enough"


@pytest.mark.parametrize("broken", range(4))
async def test_an_item_that_breaks_the_work_spoils_only_itself(store, broken):  # noqa: F811
    many, followed = Many(), []
    items = [f"broken {n}" if n == broken else f"n{n}" for n in range(4)]
    outcomes = await together(store, *(lambda i=i: store.write_together(many, i, followed.append) for i in items))
    whole = [item for item in items if "broken" not in item]
    assert isinstance(outcomes[broken], ValueError)
    assert [outcome for outcome in outcomes if isinstance(outcome, str)] == whole == followed
    assert await store.read(names) == whole
    assert many.handed == [items, *([item] for item in items)]


async def test_items_that_clash_with_each_other_are_each_told_their_own_outcome(store):  # noqa: F811
    outcomes = await together(store, *(lambda: store.write_together(Many(), "same") for _ in range(3)))
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, True]
    shared = Many()
    outcomes = await together(store, *(lambda: store.write_together(shared, "one") for _ in range(3)))
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [False, True, True]
    assert await store.read(names) == ["one", "same"]


async def test_all_that_wait_for_too_long_are_told_by_one_timer_and_stored_all_the_same(store, monkeypatch):  # noqa: F811
    monkeypatch.setattr(module, "COMMIT_TIMEOUT_S", 0.05)
    many, followed = Many(), []
    job, held = await hold(store)
    futures = [store.write_together(many, f"n{n}", followed.append) for n in range(5)]
    for outcome in await asyncio.gather(*futures, held, return_exceptions=True):
        assert isinstance(outcome, Unavailable)
    monkeypatch.setattr(module, "COMMIT_TIMEOUT_S", 30)
    job.let_go.set()
    await store.write(put, "last")
    assert followed == [f"n{n}" for n in range(5)]
    assert await store.read(names) == ["last", *followed]


async def test_the_second_of_two_times_out_at_its_own_time(store, monkeypatch):  # noqa: F811
    monkeypatch.setattr(module, "COMMIT_TIMEOUT_S", 0.1)
    job, held = await hold(store)
    first = store.write_together(Many(), "first")
    monkeypatch.setattr(module, "COMMIT_TIMEOUT_S", 0.4)
    second = store.write_together(Many(), "second")
    with pytest.raises(Unavailable):
        await first
    assert not second.done()
    with pytest.raises(Unavailable):
        await second
    job.let_go.set()
    with pytest.raises(Unavailable):
        await held


async def test_what_is_settled_is_not_held_until_its_time_is_over(store):  # noqa: F811
    many = Many()
    for n in range(300):
        await store.write_together(many, f"n{n:03}")
    assert len(store._promised) <= 1
    await asyncio.gather(*(store.write_together(many, f"m{n:03}") for n in range(300)))
    await store.write_together(many, "last")
    assert len(store._promised) <= 1


async def test_a_full_queue_refuses_at_once_and_only_what_is_too_much(io_loop, sqlite_url, monkeypatch):
    monkeypatch.setattr(module, "MAX_QUEUE", 3)
    full = Store(sqlite_url)
    full.open()
    job, held = await hold(full)
    many = Many()
    futures = [full.write_together(many, f"n{n}") for n in range(3)]
    with pytest.raises(Unavailable):
        full.write_together(many, "too much")
    job.let_go.set()
    await asyncio.gather(held, *futures)
    assert await full.read(names) == ["n0", "n1", "n2"]
    await full.close()
