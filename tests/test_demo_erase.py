"""Erasing the demo: by its button, by its word beside a running server, and what it leaves alone."""

import asyncio

import pytest
from tornado.httputil import HTTPHeaders

from commands.demo import playing
from handlers.demo_page import erase_demo
from models import demo, rights
from models.database import execute
from patience import PATIENCE_S

COUNTED = ("call", "entry", "status_change", "source_state", "assistant", "api_key", "ticket", "meta")


def rows(db) -> dict[str, int]:
    return {name: execute(db, f'SELECT COUNT(*) FROM "{name}"').fetchone()[0] for name in COUNTED}


async def a_call_of_their_own(house) -> dict[str, int]:
    """With an id and words as the demo has them; the rows that there are now."""
    await house.say("demo-of-mine", "u-1", "This is not of the demo.")
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1", "metadata": {"demo": True}})
    return await house.store.read(rows)


async def playing_calls(house) -> list[str]:
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await house.store.read(demo.running)):
            await asyncio.sleep(0.02)
    return found


async def test_erasing_leaves_nothing_behind_and_other_calls_untouched(either_house):
    house = either_house
    before = await a_call_of_their_own(house)
    await house.store.write(demo.turn_on)
    async with playing(house.services, house.url, speed=50):
        (call_sid, *_) = await playing_calls(house)
        async with house.watch(call_sid) as viewer:
            await viewer.history()
            await erase_demo(house.services)
            house.clock.advance(6)
            assert await viewer.to_the_end() == 1000
            ends = [message for message in viewer.seen if message["type"] == "call_status"]
            assert (ends[-1]["status"], ends[-1]["metadata"]["reason"]) == ("completed", "demo-stopped")
        assert await house.store.read(rows) == before
        assert not await house.store.read(demo.is_on)
    assert await house.store.read(rows) == before, "the player had nothing more to say"
    assert [t["content"] for t in await house.get("/api/v1/calls/sid/demo-of-mine/transcripts")]


async def test_a_player_whose_key_is_taken_by_another_process_erases_what_is_left(house):
    """As `demo erase` does beside a server."""
    before = await a_call_of_their_own(house)
    await house.store.write(demo.turn_on)
    async with playing(house.services, house.url, speed=50):
        await playing_calls(house)
        await house.store.write(demo.stop)
        async with asyncio.timeout(PATIENCE_S):
            while await house.store.read(demo.is_there):
                await asyncio.sleep(0.02)
        assert await house.store.read(rows) == before


async def test_a_revoked_key_ends_the_calls_and_keeps_them(house):
    await house.store.write(demo.turn_on)
    async with playing(house.services, house.url, speed=50):
        await playing_calls(house)
        (prefix,) = [key.prefix for key in await house.store.read(rights.keys) if key.name == "demo"]
        await house.store.write(rights.revoke_key, house.clock(), prefix)
        async with asyncio.timeout(PATIENCE_S):
            while await house.store.read(demo.running):
                await asyncio.sleep(0.02)
    assert (await house.get("/api/v1/calls/count"))["count"] > 0
    assert await house.store.read(demo.is_on)


async def test_an_assistant_that_has_other_calls_stays(house):
    await house.store.write(demo.turn_on)
    await house.store.write(demo.begin, house.clock(), ["Front desk (demo)", "Support line (demo)"])
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1", "assistant": "Front desk (demo)"})
    await house.store.write(demo.erase, house.clock)
    names = await house.store.read(lambda db: execute(db, "SELECT name FROM assistant ORDER BY id").fetchall())
    assert [name for (name,) in names] == ["Front desk", "Front desk (demo)"]
    assert (await house.get("/api/v1/calls/sid/CA1"))["assistant_name"] == "Front desk (demo)"


async def press(house, email: str) -> int:
    """The answer to the button, of someone who signs in."""
    form = await house.fetch("GET", "/sign-in", key=None)
    cookies = {"_xsrf": _cookie(form.headers, "_xsrf")}
    body = f"email={email}&password=correct horse&_xsrf={cookies['_xsrf']}"
    signed_in = await house.fetch("POST", "/sign-in", body, key=None, headers=_form(cookies))
    name = next(line.partition("=")[0] for line in signed_in.headers.get_list("Set-Cookie") if "_xsrf" not in line)
    cookies[name] = _cookie(signed_in.headers, name)
    body = f"_xsrf={cookies['_xsrf']}"
    forged = await house.fetch("POST", "/demo/erase", "", key=None, headers=_form(cookies))
    assert forged.code == 403 and await house.store.read(demo.is_on)
    return (await house.fetch("POST", "/demo/erase", body, key=None, headers=_form(cookies))).code


@pytest.mark.parametrize(
    "role, own, code, is_left",
    [("admin", True, 303, False), ("supervisor", True, 403, True), ("admin", False, 303, True)],
)
async def test_the_button_is_for_the_administrators_of_the_demo(house, role, own, code, is_left):
    organization = house.organization_id if own else await house.organization("Others")
    await house.store.write(demo.turn_on)
    await house.user("bob@example.com", organization, role)
    assert await press(house, "bob@example.com") == code
    assert await house.store.read(demo.is_there) == is_left


def _cookie(headers: HTTPHeaders, name: str) -> str:
    line = next(line for line in headers.get_list("Set-Cookie") if line.startswith(name + "="))
    return line.partition("=")[2].partition(";")[0]


def _form(cookies: dict[str, str]) -> dict[str, str]:
    cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
    return {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
