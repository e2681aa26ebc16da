"""What a real server says on its sockets is what docs/asyncapi.json describes, to the last field; and nothing is
described that it does not say."""

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager

from alerting import make_rule
from described import ASYNCAPI, faults, resolve
from events import Unavailable
from house import House, Watcher, open_house
from models import accounts, calls, erasing, source_settings

SAID = {"type": "transcript", "id": 1, "call_sid": "CA0001", "data": {"speaker": "user", "content": "Hello"}}


def server_messages(channel: str) -> dict[str, dict]:
    """What the server sends on a channel, by itself or as a reply."""
    found = {}
    for operation in ASYNCAPI["operations"].values():
        if operation["channel"]["$ref"] == f"#/channels/{channel}":
            sent = operation["messages"] if operation["action"] == "send" else operation.get("reply", {})["messages"]
            found |= {message["$ref"].rpartition("/")[2]: resolve(ASYNCAPI, message) for message in sent}
    return found


def client_examples(channel: str) -> list[dict]:
    return [
        example["payload"]
        for operation in ASYNCAPI["operations"].values()
        if operation["action"] == "receive" and operation["channel"]["$ref"] == f"#/channels/{channel}"
        for message in operation["messages"]
        for example in resolve(ASYNCAPI, message)["examples"]
    ]


def fitting(channel: str, message: dict) -> list[str]:
    """The descriptions that a message of the server fits."""
    told = server_messages(channel)
    return [name for name, one in told.items() if not faults(ASYNCAPI, one["payload"], message)]


class Ear:
    """Opens sockets, and holds each message that comes against the description of its channel."""

    def __init__(self, house: House):
        self.house = house
        self.seen: set[tuple[str, str]] = set()
        self.words: set[str] = set()

    @asynccontextmanager
    async def on(self, channel: str, query: str = "", *, key: str | None = None, call_sid: str = "CA0001"):
        path = ASYNCAPI["channels"][channel]["address"].format(call_sid=call_sid)
        async with self.house.websocket(f"{path}?token={key or self.house.key}{query}") as socket:
            watcher = Watcher(socket)
            yield watcher
            for message in watcher.seen:
                self.hold(channel, message)

    def hold(self, channel: str, message: dict) -> None:
        names = fitting(channel, message)
        assert len(names) == 1, (channel, message, names)
        self.seen.add((channel, names[0]))
        if message["type"] == "error":
            self.words.add(message["error"])

    async def refused(self, channel: str, query: str = "", **options) -> str:
        """The word of the error before the close."""
        async with self.on(channel, query, **options) as watcher:
            await watcher.to_the_end()
        return watcher.seen[-1]["error"]

    async def told(self, channel: str, message: dict | str) -> str:
        """The word of the error that answers a message."""
        async with self.on(channel) as watcher:
            await watcher.send(message)
            return (await watcher.until("error"))["error"]


async def a_call_is_watched_and_fed(ear: Ear) -> None:
    """Every example that a client may send, and all that it brings about."""
    async with ear.on("ingest") as producer:
        async with ear.on("liveCalls") as wall:
            await wall.until("snapshot")
            await producer.send(client_examples("ingest")[0])
            await producer.until("ack")
            await wall.until("calls_updated")
        async with ear.on("liveTranscript") as viewer, ear.on("liveCalls") as wall:
            await viewer.history()
            for message in client_examples("ingest")[1:]:
                await producer.send(message)
                await producer.until("ack")
                if message["id"] != "4":
                    await viewer.until("transcript")
            assert (await viewer.until("call_status"))["status"] == "completed"
            while (await wall.until("calls_updated"))["calls"][0]["status"] != "completed":
                pass
    async with ear.on("liveTranscript", "&after=0&epoch=other&interim=0") as viewer:
        assert (await viewer.history())[-1]["count"] == 2
    for channel in ("liveTranscript", "liveCalls"):
        async with ear.on(channel) as viewer:
            for message in client_examples(channel):
                await viewer.send(message)
                await viewer.until("pong" if message["type"] == "ping" else "call_status")
            assert not any(message["type"] == "error" for message in viewer.seen)


async def a_rule_fits(ear: Ear) -> None:
    await make_rule(ear.house, "Boat", "phrase", "boat")
    await ear.house.say("CA0003", "u-1", "Is my boat ready?")
    async with ear.on("liveTranscript", call_sid="CA0003") as viewer, ear.on("liveCalls") as wall:
        assert (await viewer.until("alert"))["data"]["seq"] == 1
        assert (await wall.until("snapshot"))["calls"][0]["alerts"][0]["count"] == 1
    await ear.house.end("CA0003")


async def others_watch(ear: Ear) -> None:
    async with ear.on("liveTranscript", "&company=1") as viewer:
        assert [one["via"] for one in (await viewer.until("company"))["viewers"]] == ["key"]


async def viewers_are_refused(ear: Ear) -> None:
    assert await ear.refused("liveTranscript", key="cb_wrong_key") == "authentication_failed"
    assert await ear.refused("liveCalls", key="cb_wrong_key") == "authentication_failed"
    assert await ear.refused("ingest", key="cb_wrong_key") == "authentication_failed"
    assert await ear.refused("liveTranscript", call_sid="CA0404") == "access_denied"
    assert await ear.refused("liveTranscript", call_sid="a,b") == "invalid_call_sid"
    assert await ear.refused("liveTranscript", "&after=x") == "invalid_parameter"
    for channel in ("liveTranscript", "liveCalls"):
        assert await ear.told(channel, "[]") == "invalid_message"
        assert await ear.told(channel, {"type": "dance"}) == "unknown_message_type"
    async with ear.on("liveTranscript") as viewer:
        for _ in range(200):
            await viewer.send({"type": "ping"})
        assert (await viewer.until("error"))["error"] == "rate_limit_exceeded"
    await ear.house.say("CA0002", "u-1", "Hello")
    async with ear.on("liveTranscript", "&client=one", call_sid="CA0002") as viewer:
        await viewer.history()
        async with ear.on("liveTranscript", "&client=one", call_sid="CA0002") as again:
            await again.history()
            await viewer.to_the_end()
            assert viewer.seen[-1]["error"] == "connection_replaced"
            async with ear.on("liveTranscript", call_sid="CA0002") as second:
                await second.history()
                assert await ear.refused("liveTranscript", call_sid="CA0002") == "connection_limit_exceeded"


async def producers_are_refused(ear: Ear) -> None:
    def said(**more) -> dict:
        return SAID | {"data": SAID["data"] | {"segment_id": "u-9", "revision": 1} | more}

    assert await ear.told("ingest", "x") == "invalid_json"
    assert await ear.told("ingest", {"type": "dance"}) == "unknown_message_type"
    assert await ear.told("ingest", SAID) == "invalid_field"
    assert await ear.told("ingest", SAID | {"call_sid": "a,b"}) == "invalid_call_sid"
    assert await ear.told("ingest", SAID | {"type": "call_status", "data": {"status": "x"}}) == "invalid_status"
    assert await ear.told("ingest", SAID | {"type": "call", "data": {"assistant": "?"}}) == "unknown_assistant"
    async with ear.on("ingest") as producer:
        await producer.send(said())
        await producer.until("ack")
    assert await ear.told("ingest", said(content="Goodbye")) == "revision_conflict"
    await ear.house.say("CA0009", "u-1", "Hello")
    await ear.house.services.erasing.erase(await ear.house.store.read(erasing.with_sid, "CA0009"))
    again = SAID | {"call_sid": "CA0009", "data": SAID["data"] | {"segment_id": "u-2"}}
    assert await ear.told("ingest", again) == "call_erased"
    await ear.house.store.write(source_settings.set_paused, ear.house.organization_id, 1, ear.house.clock())
    await ear.house.services.gate.poll()
    assert await ear.told("ingest", SAID | {"type": "deepgram", "data": {"type": "Metadata"}}) == "source_paused"


async def the_server_fails(ear: Ear, monkeypatch) -> None:
    def failing(problem: Exception):
        read = ear.house.store.read

        async def fails(work, *args):
            if work is not calls.by_sid:  # what else is going on is not this test's
                return await read(work, *args)
            raise problem

        return fails

    def fails(problem: Exception):
        def at_once(*_, **__):
            raise problem

        return at_once

    with monkeypatch.context() as broken:
        broken.setattr(ear.house.store, "write_together", fails(Unavailable("Storing takes too long just now.")))
        assert await ear.told("ingest", SAID | {"data": SAID["data"] | {"segment_id": "u-8"}}) == "unavailable"
        broken.setattr(ear.house.store, "write_together", fails(RuntimeError("broken")))
        assert await ear.told("ingest", SAID | {"data": SAID["data"] | {"segment_id": "u-8"}}) == "server_error"
        broken.setattr(ear.house.store, "read", failing(RuntimeError("broken")))
        assert await ear.refused("liveTranscript") == "server_error"


async def rights_end_and_the_server_stops(ear: Ear) -> None:
    house = ear.house
    guest = await house.make_key("read", user_id=await house.user("bo@example.com", house.organization_id))
    async with ear.on("liveTranscript", call_sid="CA0002", key=guest) as viewer:
        await viewer.history()
        await house.store.write(accounts.deactivate_user, "bo@example.com")
        assert await viewer.to_the_end() == 1008
        assert viewer.seen[-1]["error"] == "access_revoked"
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(ear.on(name)) for name in ("liveCalls", "ingest")]
        viewer = await stack.enter_async_context(ear.on("liveTranscript", call_sid="CA0002"))
        await viewer.history()
        await sockets[0].until("snapshot")
        await sockets[1].send(SAID)  # answered, so it is inside
        await sockets[1].until("error")
        await asyncio.gather(house.services.gate.close(5), *(each.to_the_end() for each in [*sockets, viewer]))
        assert {each.seen[-1]["error"] for each in [*sockets, viewer]} == {"server_shutdown"}


async def test_every_described_message_is_said_and_every_message_said_is_described(sqlite_url, monkeypatch):
    async with open_house(sqlite_url, viewers_per_call=2, messages_per_second=50) as house:
        await house.furnish()
        ear = Ear(house)
        await a_call_is_watched_and_fed(ear)
        await a_rule_fits(ear)
        await others_watch(ear)
        await viewers_are_refused(ear)
        await producers_are_refused(ear)
        await the_server_fails(ear, monkeypatch)
        await rights_end_and_the_server_stops(ear)
    described = {(channel, name) for channel in ASYNCAPI["channels"] for name in server_messages(channel)}
    assert described - ear.seen == set()
    schemas = ASYNCAPI["components"]["schemas"]
    assert ear.words == {*schemas["ErrorWord"]["enum"], *schemas["ProducerErrorWord"]["enum"]}


async def test_a_message_with_a_field_that_is_not_described_is_noticed(house):
    await house.say("CA0001", "u-1", "Hello")
    async with house.watch("CA0001") as viewer:
        messages = await viewer.history()
    for message in messages:
        assert len(fitting("liveTranscript", message)) == 1, json.dumps(message)
        assert fitting("liveTranscript", message | {"colour": "red"}) == []
