"""Every socket, and what is there for everyone, × every kind of caller."""

import json
from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import websockets

from access_callers import (  # noqa: F401 — two of them are fixtures
    UNKNOWN_KEY,
    World,
    bearer,
    check_stranger,
    error_of,
    opened_world,
    settled_world,
    useless_keys,
)
from access_table import PUBLIC, SCOPES, WEBSOCKETS, Row
from access_world import CANARY, plain, statements, stored
from sources import twilio
from sources.twilio_signature import FORM


async def knock(world: World, row: Row, token: str | None, path: str = "", **headers: str) -> list[Any]:
    """What a socket hears that brings this token: the first message, or the `error` and then the close code."""
    query = f"?token={quote(token)}" if token else ""
    async with world.house.websocket((path or row.path) + query, additional_headers=headers) as socket:
        heard: list[Any] = []
        if row.needs == "producer":  # who is told nothing until it says something
            with suppress(websockets.ConnectionClosed):
                await socket.send('{"type":"call","id":"1","call_sid":"CA9","data":{}}')
        try:
            heard.append(json.loads(await socket.recv()))
            while heard[-1]["type"] in ("error", "connection_established", "call_status"):
                heard.append(json.loads(await socket.recv()))
        except websockets.ConnectionClosed as closed:
            heard.append(closed.rcvd.code if closed.rcvd else 1006)
        return heard


def refusal(heard: list[Any]) -> tuple[str, bool, int]:
    assert len(heard) == 2, heard
    error, code = heard
    return error["error"], error["retryable"], code


@pytest.mark.parametrize("row", WEBSOCKETS, ids=str)
async def test_sockets(world: World, row: Row):
    people, before = world.people, stored(world.file)
    fits = {"viewer": ("viewer", "page"), "feed": ("feed",), "producer": ()}[row.needs]
    denied = {"foreign"} if row.path == "/live-transcript/CA1" else set()  # a ticket for their CA1, which is none
    bad = [token for name, token in people.tickets.items() if name not in {*fits, *denied}]
    bad += useless_keys(people).values()
    cookie = {"Cookie": f"callboard_session={people.sessions['administrator']}"}
    told = [(await knock(world, row, token), token) for token in bad]
    told += [(await knock(world, row, None), ""), (await knock(world, row, None, **cookie), cookie["Cookie"])]
    needed = "ingest" if row.needs == "producer" else "read"
    for heard, token in told:
        assert refusal(heard) == ("authentication_failed", False, 1008), token
        assert CANARY not in str(heard).lower() and (not token or token not in str(heard))
    assert len({heard[0]["message"] for heard, _ in told}) == 1, "it does not tell why"
    for scope in set(SCOPES) - {needed}:
        assert refusal(await knock(world, row, people.keys[scope])) == ("access_denied", False, 1008)
    for name in denied:
        assert refusal(await knock(world, row, people.tickets[name])) == ("access_denied", True, 1008)
    assert stored(world.file) == before
    if row.unknown:
        await check_foreign_socket(world, row)
    else:
        before = stored(world.file, only_ours=True)
        heard = await knock(world, row, people.keys["foreign"])
        assert heard[-1]["type"] in ("snapshot", "ack") and CANARY not in str(heard).lower()
        assert stored(world.file, only_ours=True) == before
    for token in (people.keys[needed], *(people.tickets[name] for name in fits)):
        heard = await knock(world, row, token)
        assert heard[-1]["type"] in ("transcript", "snapshot", "ack")
        assert (CANARY in str(heard).lower()) or not row.shows


async def check_foreign_socket(world: World, row: Row) -> None:
    key, said = world.people.keys["foreign"], []
    await world.house.services.gate.poll()  # else it may notice in between that rights have changed
    await knock(world, row, key, row.unknown)
    for path in (row.unknown, row.path):
        with statements(world.house) as asked:
            heard = await knock(world, row, key, path)
        assert refusal(heard) == ("access_denied", True, 1008) and CANARY not in str(heard).lower()
        assert heard[0].pop("call_sid") == path.rpartition("/")[2]
        del heard[0]["timestamp"]
        said.append((heard, asked))
    assert said[0] == said[1] and said[0][1]


@pytest.mark.parametrize("row", PUBLIC, ids=str)
async def test_what_is_there_for_everyone_tells_everyone_the_same(world: World, row: Row):
    people, before = world.people, stored(world.file)
    form = {"Content-Type": FORM, "Cookie": "_xsrf=0123456789abcdef"}
    body = None if row.body is None else urlencode({"_xsrf": "0123456789abcdef"} | row.body)
    callers = [{}, bearer(UNKNOWN_KEY), bearer(people.keys["foreign"]), bearer(people.furniture.key)]
    answers = [await world.send(row, body=body, **form | headers) for headers in callers]
    for answer in answers:
        assert answer.code == row.ok
        assert plain(answer, row.path) == plain(answers[0], row.path)
        check_stranger(answer)
    if row.method == "POST" and "webhooks" not in row.path:
        assert (await world.send(row, body=urlencode(row.body), **form)).code == 403
    assert stored(world.file) == before


async def test_a_webhook_is_heard_by_its_signature_only(world: World):
    (row,) = [row for row in PUBLIC if "webhooks" in row.path]
    body = urlencode({"AccountSid": "AC-canary", "CallSid": "CA8", "CallStatus": "in-progress"})
    before = stored(world.file)

    async def post(secret: str | None, path: str = row.path, **headers: str) -> Any:
        url = world.house.url + path
        signed = {"X-Twilio-Signature": twilio.sign(url, body.encode(), secret)} if secret else {}
        return await world.send(row, path, body=body, **{"Content-Type": FORM} | signed | headers)

    for answer in (await post(None), await post("another secret"), await post(None, **bearer(world.house.key))):
        assert error_of(answer) == (403, "bad_signature")
        check_stranger(answer)
    for path in ("/webhooks/twilio/" + "0" * 32, "/webhooks/vapi/" + row.path[-32:], row.path.upper()):
        assert (await post("canary-auth-token", path)).code == 404
    assert stored(world.file) == before
    assert (await post("canary-auth-token")).code == 204
    assert stored(world.file) != before
