"""The gate alone: what it knows of keys, and for how long, beside a store whose answers a test gives by hand."""

import asyncio

from events import Unavailable
from handlers.gate import Gate
from handlers.limits import Limits
from models import rights
from models.rights import Grant
from tests.test_live_refusals import until

KEY = "cb_aaaaaaaa_bbbb"
GRANT = Grant(right=("key", 1), user_id=1, organization_id=1, scopes=frozenset({"read"}), role="admin")


class Store:
    """`asked` has what is being read, newest last; its futures are the answers."""

    def __init__(self):
        self.asked: list[tuple[str, asyncio.Future]] = []

    def clock(self):
        return 1_770_000_000_000_000

    async def read(self, work, *args):
        future = asyncio.get_running_loop().create_future()
        self.asked.append((work, future))
        return await future

    async def answer(self, work, value):
        """Answer the oldest open question of this kind, and let who asked go on."""
        await until(lambda: self._open(work))
        question = self._open(work)[0]
        if isinstance(value, Exception):
            question.set_exception(value)
        else:
            question.set_result(value)
        for _ in range(3):
            await asyncio.sleep(0)

    def _open(self, work):
        return [future for asked, future in self.asked if asked is work and not future.done()]

    def count(self, work):
        return len([w for w, _ in self.asked if w is work])


class Socket:
    def __init__(self, grant=GRANT):
        self.grant, self.told = grant, []

    def revoked(self, *, is_signed_out):
        self.told.append("revoked")

    def going_away(self):
        self.told.append("going away")


async def known(gate, store):
    """Whether the gate knows the key without asking."""
    before = store.count(rights.key_grant)
    asking = asyncio.ensure_future(gate.key(KEY, "192.0.2.1"))
    for _ in range(3):
        await asyncio.sleep(0)
    if store.count(rights.key_grant) == before:
        return await asking is not None
    await store.answer(rights.key_grant, None)
    assert await asking is None
    return False


async def test_a_key_is_looked_up_once_until_a_right_changes_somewhere(io_loop):
    store = Store()
    gate = Gate(store, Limits())
    asking = asyncio.ensure_future(gate.key(KEY, "192.0.2.1"))
    await store.answer(rights.key_grant, GRANT)
    assert await asking == GRANT and await known(gate, store)
    polling = asyncio.ensure_future(gate.poll())
    await store.answer(rights.rights_version, 0)
    await polling
    assert await known(gate, store), "nothing has changed"
    polling = asyncio.ensure_future(gate.poll())
    await store.answer(rights.rights_version, 1)
    await polling
    assert not await known(gate, store)


async def test_a_key_read_before_its_revocation_is_not_remembered_after_it(io_loop):
    """Its look-up begins before the change and ends while the poll is still looking at the open sockets."""
    store = Store()
    gate = Gate(store, Limits())
    gate.enter(Socket())
    asking = asyncio.ensure_future(gate.key(KEY, "192.0.2.1"))
    polling = asyncio.ensure_future(gate.poll())
    await store.answer(rights.rights_version, 1)
    await store.answer(rights.key_grant, GRANT)
    assert await asking == GRANT
    await store.answer(rights.in_force, {("key", 1)})
    await polling
    assert not await known(gate, store)


async def test_a_poll_that_failed_is_made_up_for_by_the_next(io_loop):
    store, socket = Store(), Socket()
    gate = Gate(store, Limits())
    gate.enter(socket)
    for version, held in ((0, {("key", 1)}), (1, Unavailable("away")), (1, set())):
        polling = asyncio.ensure_future(gate.poll())
        await store.answer(rights.rights_version, version)
        assert socket.told == []
        await store.answer(rights.in_force, held)
        await polling
    assert socket.told == ["revoked"]


async def test_a_socket_is_looked_at_once_more_after_it_came_in(io_loop):
    """Its right may have ended between its look-up and `enter`, in a poll that it missed."""
    store, socket = Store(), Socket()
    gate = Gate(store, Limits())
    gate.enter(socket)
    polling = asyncio.ensure_future(gate.poll())
    await store.answer(rights.rights_version, 0)
    await store.answer(rights.in_force, set())
    await polling
    assert socket.told == ["revoked"]


async def test_a_socket_that_left_meanwhile_is_told_nothing(io_loop):
    store, socket = Store(), Socket()
    gate = Gate(store, Limits())
    gate.enter(socket)
    polling = asyncio.ensure_future(gate.poll())
    await store.answer(rights.rights_version, 1)
    gate.leave(socket)
    await store.answer(rights.in_force, set())
    await polling
    assert socket.told == []


async def test_what_cannot_be_a_key_is_not_asked_of_the_store(io_loop):
    gate = Gate(Store(), Limits())
    for token in ("", "\x00", "cb_\x00_x", "1abc", "a-b", "é", "cb_aaaaaaaa_bbbb\n", "'--"):
        assert await gate.key(token, "192.0.2.1") is None
