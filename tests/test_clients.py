"""Clients that are not ours watch a call to its end: two of Python, one of Node, and Chromium on a foreign page, there
also with the module that every Callboard serves. The scenarios are written once; tests/clients/ has the clients."""

import json
import shutil
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from browser import chromium
from clients.drivers import CLIENTS, Order, install_packages, watching
from house import Clock, open_house
from postgres import free_port

CALL = "CA0001"
HARD = 'Zürich 👩‍👩‍👧, שלום "quoted"\t\u202eback\u202c\u2028</script>{{ 7*7 }}\n\U0001f6b2'
EVERY_WAY = [pytest.param(client, way, id=f"{client}-{way}") for client, ways in CLIENTS.items() for way in ways]


@pytest.fixture(scope="session")
def node_folder(tmp_path_factory, worker_id) -> Path:
    """Where node finds the packages of tests/clients; one for all workers of the session."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "node-clients"
    install_packages(folder)
    return folder


@pytest.fixture
def watch(client, request):
    """`watch(order)` has the client at work, as a context manager of Seen."""
    if client in ("browser", "module") and chromium() is None:
        pytest.skip("Chromium is not installed")
    if client == "ws" and not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node, with npm, is not installed")
    folder = request.getfixturevalue("node_folder") if client == "ws" else None
    return lambda order: watching(client, order, folder)


async def order(house, client: str, way: str = "query", *, key: str = "", sid: str = CALL, **more) -> Order:
    """To watch the call, with the key brought in this way."""
    key = key or house.key
    url = f"ws{house.url.removeprefix('http')}/live-transcript/{sid}"
    after = "".join(f"&{name}={more[name]}" for name in ("after", "epoch") if name in more)
    more["module"] = f"{house.url}/static/js/live_transcript.js"
    if way == "header":
        return Order(f"{url}?{after}", headers={"Authorization": f"Bearer {key}"}, **more)
    if way == "subprotocol":
        return Order(f"{url}?{after}", subprotocols=("callboard.v1", f"callboard-token-{key}"), **more)
    if way == "ticket" and client == "module":
        return Order("", tickets=house.url + "/api/v1/tickets", key=key, call_sid=sid, **more)
    if way == "ticket":
        answer = await house.fetch("POST", "/api/v1/tickets", {"call_sid": sid}, key=key)
        assert answer.code == 201
        return Order(json.loads(answer.body)["url"] + after, **more)
    return Order(f"{url}?token={key}{after}", **more)


async def begin(house) -> None:
    """The first half: three entries, one of them a correction."""
    await house.say(CALL, "a-1", "How can I help you?", speaker="assistant", segment_start=0.5)
    await house.say(CALL, "u-1", "Is my trike ready?", segment_start=1.5)
    await house.say(CALL, "u-1", "Is my bike ready?", segment_start=1.5)


async def go_on(house, seen) -> None:
    """The second half, each interim only once the one before it has arrived: a slow reader may lose some."""
    for words in ("It is", "It is ready"):
        await house.say(CALL, "a-2", words, speaker="assistant", segment_start=3.5, is_final=False)
        await seen.content(words)
    await house.say(CALL, "a-2", "It is ready since Monday.", speaker="assistant", segment_start=3.5)
    for words in ("Um", ""):
        await house.say(CALL, "u-2", words, segment_start=5.5, is_final=False)
        await seen.content(words)
    await house.say(CALL, "a-1", "Front desk, how can I help you?", speaker="assistant", segment_start=0.5)
    await house.say(CALL, "u-3", HARD, segment_start=6.5)


HISTORY = [(1, "How can I help you?"), (2, "Is my trike ready?"), (3, "Is my bike ready?")]
LIVE = [
    (None, "It is"),
    (None, "It is ready"),
    (4, "It is ready since Monday."),
    (None, "Um"),
    (None, ""),
    (5, "Front desk, how can I help you?"),
    (6, HARD),
]
SPOKEN = [
    ("assistant", "Front desk, how can I help you?"),
    ("user", "Is my bike ready?"),
    ("assistant", "It is ready since Monday."),
    ("user", HARD),
]


async def watch_the_whole_call(house, watch, order: Order):
    """All of CALL, which has begun, as the client saw it, to the close of its connection."""
    async with watch(order) as seen:
        complete = await seen.message("history_complete")
        assert (complete["through_seq"], complete["count"]) == (3, 3)
        await go_on(house, seen)
        await seen.content(HARD)
        await house.end(CALL)
        await seen.until("message", lambda message: message.get("status") == "completed")
        house.clock.advance(6)
        assert await seen.close() | {"reason": None} == {"code": 1000, "reason": None}
    return seen


@pytest.mark.parametrize(("client", "way"), EVERY_WAY)
async def test_a_call_is_watched_to_its_end(house, client, way, watch):
    await house.say("CA0000", "u-1", "Of another call.")
    await begin(house)
    seen = await watch_the_whole_call(house, watch, await order(house, client, way))
    assert seen.heard == HISTORY + LIVE
    assert seen.spoken() == SPOKEN
    assert [message["replayed"] for message in seen.transcripts] == [True] * 3 + [False] * 7
    assert [message["type"] for message in seen.messages if message["type"] != "transcript"] == [
        "connection_established",
        "call_status",
        "history_complete",
        "call_status",
    ]
    assert [message["status"] for message in seen.messages if "status" in message] == ["in-progress", "completed"]
    assert {message["call_sid"] for message in seen.messages} == {CALL}
    (opened,) = seen.of("open")
    assert opened["subprotocol"] == ("callboard.v1" if way == "subprotocol" else "")
    if client == "module":
        assert seen.of("handed") == seen.transcripts
        assert seen.of("state")[-1]["name"] == "ended" and seen.of("error") == []


@pytest.mark.parametrize("client", [name for name in CLIENTS if name != "module"])  # its socket is the browser's
async def test_a_call_is_the_same_where_messages_may_be_compressed(sqlite_url, client, watch):
    async with open_house(sqlite_url, compression="1") as house:
        await house.furnish()
        await begin(house)
        seen = await watch_the_whole_call(house, watch, await order(house, client))
    assert seen.heard == HISTORY + LIVE
    (opened,) = seen.of("open")
    assert opened["is_compressed"], "it was offered, and agreed to"


@pytest.mark.parametrize(("client", "way"), [it for it in EVERY_WAY if it.values[1] != "ticket"])
async def test_who_has_a_wrong_key_reads_why_and_then_1008(house, client, way, watch):
    await house.say(CALL, "u-1", "Secret.")
    async with watch(await order(house, client, way, key="cb_wrong")) as seen:
        close = await seen.close()
    (error,) = seen.messages
    assert (error["type"], error["error"], error["retryable"]) == ("error", "authentication_failed", False)
    assert error["message"] == "A valid key or ticket is needed."
    assert close["code"] == 1008 and close["reason"] in ("authentication_failed", None)
    if client == "module":
        state = seen.of("state")[-1]
        assert (state["name"], state["error"]["error"]) == ("signed-out", "authentication_failed")


@pytest.mark.parametrize("client", [name for name in CLIENTS if name != "module"])  # it comes again for two minutes
async def test_who_asks_for_no_call_of_its_own_reads_that_it_may_come_again(house, client, watch):
    async with watch(await order(house, client)) as seen:
        close = await seen.close()
    (error,) = seen.messages
    assert (error["error"], error["retryable"], error["retry_after"]) == ("access_denied", True, 2)
    assert (error["call_sid"], close["code"]) == (CALL, 1008)


@pytest.mark.parametrize("client", CLIENTS)
async def test_who_comes_back_gets_only_what_is_newer(house, client, watch):
    await begin(house)
    async with house.watch(CALL) as first:
        epoch = (await first.next())["epoch"]
    async with watch(await order(house, client, after=2, epoch=epoch)) as seen:
        assert (await seen.message("history_complete"))["count"] == 1
        await house.say(CALL, "u-2", "Hello?", segment_start=3.5)
        await seen.content("Hello?")
        await house.end(CALL)
        house.clock.advance(6)
        assert (await seen.close())["code"] == 1000
    assert (await seen.message("connection_established"))["recovered"] is True
    assert seen.seqs == [3, 4]


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_ping_is_answered(house, client, watch):
    """The protocol's own, with its payload, where the client can send one; pages have the message of that name."""
    await begin(house)
    async with watch(await order(house, client, ping="are you there")) as seen:
        assert await seen.until("pong") == (1 if client == "module" else "are you there")
        await house.end(CALL)
        house.clock.advance(6)
        assert (await seen.close())["code"] == 1000
    assert seen.seqs == [1, 2, 3]


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_restart_costs_a_client_that_comes_back_nothing(sqlite_url, client, watch):
    clock, port = Clock(), free_port()
    async with AsyncExitStack() as clients:
        async with open_house(sqlite_url, clock, port=port) as house:
            furniture = await house.furnish()
            await begin(house)
            before = await clients.enter_async_context(watch(await order(house, client, CLIENTS[client][-1])))
            await before.message("history_complete")
            await house.say(CALL, "a-2", "It is.", speaker="assistant", segment_start=3.5)
            await before.content("It is.")
        assert (await before.close())["code"] == 1001
        error = before.messages[-1]
        assert (error["error"], error["retryable"]) == ("server_shutdown", True)
        seqs, epoch = before.seqs, before.messages[0]["epoch"]
        async with open_house(sqlite_url, clock, port=port) as house:
            house.furniture = furniture
            await house.say(CALL, "u-2", "Said before you came back.", segment_start=5.5)
            again = before  # the module comes by itself
            if client != "module":
                comes = await order(house, client, after=seqs[-1], epoch=epoch)
                again = await clients.enter_async_context(watch(comes))
            await again.content("Said before you came back.")
            await house.say(CALL, "u-3", "And after.", segment_start=7.5)
            await again.content("And after.")
            await house.end(CALL)
            house.clock.advance(6)
            await again.until("close", lambda close: close["code"] == 1000)
    welcome = [message for message in again.messages if message["type"] == "connection_established"][-1]
    assert welcome["recovered"] is True
    assert (seqs if again is not before else []) + again.seqs == [1, 2, 3, 4, 5, 6]
