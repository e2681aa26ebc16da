"""The organisation's feed, §4 of the contract."""

import asyncio
import json
import re
from contextlib import asynccontextmanager

import pytest

from house import Watcher
from models import accounts
from patience import PATIENCE_S
from test_docs import PROTOCOL


@asynccontextmanager
async def wall(house, token=None):
    async with house.websocket(f"/live-calls?token={token or house.key}") as socket:
        yield Watcher(socket)


async def row_of(watcher, call_sid, **wanted) -> dict:
    """The next row of the call in which everything wanted is so."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            message = await watcher.next()
            for row in message.get("calls", ()):
                if row["call_sid"] == call_sid and all(row[name] == value for name, value in wanted.items()):
                    return row


async def test_a_wall_begins_with_a_snapshot_of_every_running_call(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    await house.say("CA2", "s1", "Good morning", speaker="assistant")
    await house.say("CA3", "s1", "Bye")
    await house.end("CA3")
    async with wall(house) as viewer:
        assert (await viewer.next())["type"] == "connection_established"
        snapshot = await viewer.next()
        assert snapshot["type"] == "snapshot"
        shown = {row["call_sid"]: row["last"]["content"] for row in snapshot["calls"]}
        assert shown == {"CA1": "Hello", "CA2": "Good morning"}


async def test_a_row_has_exactly_the_documented_fields(house):
    documented = next(
        json.loads(block) for block in re.findall(r"```json\n(.*?)```", PROTOCOL, re.DOTALL) if '"segments"' in block
    )
    await house.say("CA1", "s1", "Hello")
    async with wall(house) as viewer:
        row = await row_of(viewer, "CA1")
        assert set(row) == set(documented)
        assert set(row["last"]) == set(documented["last"])
        assert set(row["metadata"]) == set(documented["metadata"])


async def test_a_wall_shows_new_calls_last_words_viewers_and_the_end(house):
    async with wall(house) as viewer:
        await viewer.until("snapshot")
        await house.say("CA1", "s1", "Is my", is_final=False)
        assert (await row_of(viewer, "CA1"))["last"] is None, "the start is sent at once"
        row = await row_of(viewer, "CA1")
        assert (row["last"]["content"], row["last"]["is_final"], row["segments"]) == ("Is my", False, 0)
        await house.say("CA1", "s1", "Is my bike ready?")
        assert (await row_of(viewer, "CA1", segments=1))["last"]["content"] == "Is my bike ready?"
        async with house.watch("CA1") as watching:
            await watching.history()
            await row_of(viewer, "CA1", viewers=1)
        await row_of(viewer, "CA1", viewers=0)
        await house.say("CA1", "s2", "never fin", is_final=False)
        await house.end("CA1")
        row = await row_of(viewer, "CA1", status="completed")
        assert row["last"]["content"] == "Is my bike ready?", "words that never became final are gone with the call"
        assert row["metadata"]["ended_at"] is not None


async def test_words_that_come_quickly_are_merged_into_one_message(house):
    await house.say("CA1", "s0", "Hello")
    async with wall(house) as viewer, house.produce() as producer:
        await viewer.until("snapshot")
        for n in range(200):
            data = {"segment_id": "s1", "speaker": "user", "content": f"word {n}", "is_final": False}
            await producer.send({"type": "transcript", "call_sid": "CA1", "data": data})
        while (await row_of(viewer, "CA1"))["last"]["content"] != "word 199":
            pass
        assert len([message for message in viewer.seen if message["type"] == "calls_updated"]) < 20


async def test_a_wall_shows_nothing_of_another_organisation(house):
    other = await house.organization("Other")
    user = await house.user("eve@example.com", other)
    key = await house.make_key("read", "ingest", user_id=user)
    async with wall(house, key) as viewer:
        assert (await viewer.until("snapshot"))["calls"] == []
        await house.say("CA1", "s1", "Hello")
        answer = await house.fetch(
            "POST", "/api/v1/calls/sid/CA9/transcripts", {"content": "ours", "speaker": "user"}, key=key
        )
        assert answer.code == 201
        await row_of(viewer, "CA9")
        assert {row["call_sid"] for message in viewer.seen for row in message.get("calls", ())} == {"CA9"}


async def test_a_feed_ticket_opens_the_feed_once_and_no_call(house):
    await house.say("CA1", "s1", "Hello")
    ticket = json.loads((await house.fetch("POST", "/api/v1/tickets", {"feed": "live-calls"})).body)["ticket"]
    async with wall(house, ticket) as viewer:
        await viewer.until("snapshot")
    async with wall(house, ticket) as again:
        assert await again.to_the_end() == 1008
        assert again.seen[0]["error"] == "authentication_failed"
    ticket = json.loads((await house.fetch("POST", "/api/v1/tickets", {"feed": "live-calls"})).body)["ticket"]
    async with house.watch("CA1", key=ticket) as viewer:
        assert await viewer.to_the_end() == 1008


@pytest.mark.parametrize(("message", "answer"), [('{"type":"ping","id":1}', "pong"), ('{"type":"dance"}', "error")])
async def test_a_wall_answers_pings_and_outlives_nonsense(house, message, answer):
    async with wall(house) as viewer:
        await viewer.until("snapshot")
        await viewer.send(message)
        assert (await viewer.next())["type"] == answer
        await house.say("CA1", "s1", "Hello")
        await row_of(viewer, "CA1")


async def test_a_wall_ends_with_the_right_behind_it(house):
    async with wall(house) as viewer:
        await viewer.until("snapshot")
        await house.user("bob@example.com", house.organization_id)
        await house.store.write(accounts.deactivate_user, "ada@example.com")
        async with asyncio.timeout(3):
            assert await viewer.to_the_end() == 1008
        assert viewer.seen[-1]["error"] == "access_revoked"
