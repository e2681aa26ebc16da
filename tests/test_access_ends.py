"""When a right ends, everything that is open on it closes within a second: by whatever way, on either database."""

import asyncio
import json
from contextlib import AsyncExitStack

import pytest

from house import Watcher
from models import accounts, people, rights, tables
from models.database import administered
from patience import PATIENCE_S
from visitor import Visitor

GONE = ("access_revoked", False, 1008)
ON_A_KEY = ("by page", "by command line", "owner by page", "owner by command line", "expiry")
ON_A_SESSION = ("sign-out", "password", "deactivation by page", "deactivation by command line", "expiry")


async def ended(viewer: Watcher) -> tuple:
    code = await viewer.to_the_end()
    error = viewer.seen[-1]
    return error.get("error"), error.get("retryable"), code


class Stage:
    """Ada administers, Bob has what will end; CA1 goes on."""

    def __init__(self, house):
        self.house = house

    async def set(self) -> None:
        house = self.house
        await house.say("CA1", "s1", "Good morning, the call begins.")
        self.bob = await house.user("bob@example.com", house.organization_id, "supervisor")
        self.admin = await Visitor(house).sign_in()

    async def sockets(self, stack: AsyncExitStack, *paths: str) -> list[Watcher]:
        """Each path opened and admitted."""
        opened = []
        for path in paths:
            watcher = Watcher(await stack.enter_async_context(self.house.websocket(path)))
            if path.startswith("/ingest"):
                await watcher.send({"type": "call", "id": 1, "call_sid": "CA1", "data": {}})
            await watcher.until("ack" if path.startswith("/ingest") else "connection_established")
            opened.append(watcher)
        return opened

    async def ticket(self, wanted: dict, **asked) -> str:
        answer = await self.house.fetch("POST", "/api/v1/tickets", wanted, **asked)
        assert answer.code == 201, answer.body
        return json.loads(answer.body)["ticket"]

    async def on_command_line(self, work, *args) -> None:
        """As an administrative command does it: by a connection of its own, which the server knows nothing of."""

        def change() -> None:
            with administered(self.house.database_url) as db:
                work(db, *args)

        await asyncio.to_thread(change)

    async def submit(self, path: str, **fields: str) -> None:
        assert (await self.admin.post(path, **fields)).code == 303


@pytest.fixture
def stage(either_house, io_loop) -> Stage:
    stage = Stage(either_house)
    io_loop.run_sync(stage.set)
    return stage


@pytest.mark.parametrize("how", ON_A_KEY)
async def test_everything_open_on_a_key_ends_with_it(stage: Stage, how: str):
    house = stage.house
    later = house.clock.at + 3600_000_000
    key = await house.make_key("read", "ingest", user_id=stage.bob, expires_at=later)
    call, feed = await stage.ticket({"call_sid": "CA1"}, key=key), await stage.ticket({"feed": "live-calls"}, key=key)
    unused = await stage.ticket({"call_sid": "CA1"}, key=key)
    async with AsyncExitStack() as stack:
        paths = [f"{path}?token={key}" for path in ("/live-transcript/CA1", "/live-calls", "/ingest")]
        tickets = [f"/live-transcript/CA1?token={call}", f"/live-calls?token={feed}"]
        opened = await stage.sockets(stack, *paths, *tickets)
        (other,) = await stage.sockets(stack, f"/live-transcript/CA1?token={house.key}")
        if how == "by page":
            await stage.submit("/settings/keys/2/revoke")
        elif how == "by command line":
            await stage.on_command_line(rights.revoke_key, house.clock(), key[:11])
        elif how == "owner by page":
            await stage.submit(f"/settings/users/{stage.bob}/deactivate")
        elif how == "owner by command line":
            await stage.on_command_line(accounts.deactivate_user, "bob@example.com")
        else:
            house.clock.advance(3600)
        async with asyncio.timeout(1):
            assert await asyncio.gather(*map(ended, opened)) == [GONE] * 5
        await house.say("CA1", "s2", "Those who may are still here.")
        assert (await other.until("transcript"))["seq"] in (1, 2)
        for token in (key, unused):
            async with house.watch("CA1", key=token) as viewer:
                assert await ended(viewer) == ("authentication_failed", False, 1008)


@pytest.mark.parametrize("how", ON_A_SESSION)
async def test_everything_open_on_a_session_ends_with_it(stage: Stage, how: str):
    house, bob = stage.house, Visitor(stage.house)
    await bob.sign_in("bob@example.com")
    cookies = "; ".join(f"{name}={value}" for name, value in bob.cookies.items())
    asked = {"key": None, "headers": {"Cookie": cookies, "X-XSRFToken": bob.cookies["_xsrf"]}}
    call, feed = await stage.ticket({"call_sid": "CA1"}, **asked), await stage.ticket({"feed": "live-calls"}, **asked)
    unused = await stage.ticket({"call_sid": "CA1"}, **asked)
    async with AsyncExitStack() as stack:
        opened = await stage.sockets(stack, f"/live-transcript/CA1?token={call}", f"/live-calls?token={feed}")
        if how == "sign-out":
            assert (await bob.post("/sign-out")).code == 303
        elif how == "password":
            await stage.submit(f"/settings/users/{stage.bob}/password", password="a new password")
        elif how == "deactivation by page":
            await stage.submit(f"/settings/users/{stage.bob}/deactivate")
        elif how == "deactivation by command line":
            await stage.on_command_line(accounts.deactivate_user, "bob@example.com")
        else:
            house.clock.advance(rights.SESSION_US / 1_000_000)
        async with asyncio.timeout(1):
            assert await asyncio.gather(*map(ended, opened)) == [GONE] * 2
        async with house.watch("CA1", key=unused) as viewer:
            assert await ended(viewer) == ("authentication_failed", False, 1008)
        assert not await bob.is_signed_in()


async def test_what_is_open_on_a_session_ends_where_the_next_to_sign_in_comes_at_the_same_moment(stage: Stage):
    """SQLite gives the id of the newest row, once deleted, to the next: what was Bob's must not live on as Eve's."""
    house, bob = stage.house, Visitor(stage.house)
    eve = await house.user("eve@example.com", await house.organization("Elsewhere"))
    await bob.sign_in("bob@example.com")
    cookies = "; ".join(f"{name}={value}" for name, value in bob.cookies.items())
    asked = {"key": None, "headers": {"Cookie": cookies, "X-XSRFToken": bob.cookies["_xsrf"]}}

    def change(db) -> None:
        rights.end_sessions(db, tables.Session.user_id == stage.bob)
        rights.create_session(db, house.clock(), eve)

    async with AsyncExitStack() as stack:
        ticket = await stage.ticket({"call_sid": "CA1"}, **asked)
        (opened,) = await stage.sockets(stack, f"/live-transcript/CA1?token={ticket}")
        await house.services.gate.poll()  # the socket is known to be right
        await house.store.write(change)
        async with asyncio.timeout(PATIENCE_S):
            assert await ended(opened) == GONE


async def test_a_source_that_is_paused_or_deleted_refuses_from_the_next_request_on(stage: Stage):
    house = stage.house
    await stage.submit("/settings/sources", kind="twilio", assistant="1", secret="a-twilio-auth-token")
    (source,) = await house.store.read(lambda db: db.execute_sql("SELECT endpoint FROM source").fetchall())
    path = f"/webhooks/twilio/{source[0]}"
    await stage.submit("/settings/sources/1/pause")
    paused = await house.fetch("POST", path, "CallSid=CA2", key=None)
    assert (paused.code, json.loads(paused.body)["error"]["code"]) == (403, "source_paused")
    await stage.submit("/settings/sources/1/delete")
    assert (await house.fetch("POST", path, "CallSid=CA2", key=None)).code == 404


async def test_a_person_who_comes_back_finds_nothing_reopened(stage: Stage):
    house = stage.house
    key = await house.make_key("read", user_id=stage.bob)
    async with AsyncExitStack() as stack:
        (opened,) = await stage.sockets(stack, f"/live-calls?token={key}")
        await house.store.write(accounts.deactivate_user, "bob@example.com")
        async with asyncio.timeout(1):
            assert await ended(opened) == GONE
        await house.store.write(people.reactivate, house.organization_id, stage.bob)
        await house.services.gate.poll()
        (again,) = await stage.sockets(stack, f"/live-calls?token={key}")
        assert again.seen[-1]["type"] == "connection_established"
