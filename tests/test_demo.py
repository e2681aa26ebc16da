"""The demo's conversations as they are written, and as a player speaks them to a real server."""

import asyncio
import random
import unicodedata

import pytest

from commands.conversation import Conversation, conversations, perform
from commands.demo import playing
from commands.demo_player import Player
from events import SECOND
from models import demo
from patience import PATIENCE_S

ALL = conversations()
SEED = 20260119


def named(conversation: Conversation) -> str:
    return conversation.title


def transcripts(performance) -> list[tuple[float, dict]]:
    return [(sent.at, sent.message["data"]) for sent in performance if sent.message["type"] == "transcript"]


def test_there_are_the_conversations_that_were_promised():
    assert len(ALL) >= 6 and len({conversation.title for conversation in ALL}) == len(ALL)
    assert {"support", "booking", "complaint that escalates"} <= {conversation.title for conversation in ALL}
    assert {"en", "es", "ar"} <= {conversation.language.partition("-")[0] for conversation in ALL}
    failed = [conversation for conversation in ALL if conversation.ends["status"] == "failed"]
    assert len(failed) == 1 and failed[0].ends["reason"]


@pytest.mark.parametrize("conversation", ALL, ids=named)
def test_a_conversation_is_well_formed(conversation):
    assert 20 <= len(conversation.turns) <= 40
    assert conversation.assistant.endswith(" (demo)") and conversation.direction in ("inbound", "outbound")
    for turn in conversation.turns:
        assert bool(turn.user) != bool(turn.assistant)
    assert any(turn.after is not None and turn.after < 0 for turn in conversation.turns), "nobody is interrupted"


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("conversation", ALL, ids=named)
def test_a_performance_is_spoken_as_people_speak(conversation, seed):
    performance = perform(conversation, "demo-1", random.Random(seed))
    assert [sent.at for sent in performance] == sorted(sent.at for sent in performance)
    assert performance[0].message["data"]["metadata"]["demo"] is True
    assert performance[-1].message["data"] == conversation.ends
    spoken = transcripts(performance)
    assert 0.3 < spoken[0][0] < 2, "the first word"
    assert 40 < performance[-1].at < 240
    grown: dict[str, str] = {}
    done: dict[str, dict] = {}
    corrected = 0
    for at, data in spoken:
        segment = data["segment_id"]
        is_right_to_left = unicodedata.bidirectional(data["content"][0]) in ("R", "AL")
        assert is_right_to_left == (conversation.language == "ar") and data["language"] == conversation.language
        assert "{" not in data["content"] and "|" not in data["content"]
        assert 0 < data["confidence"] < 1 and at > data["segment_start"]
        if data["is_final"]:
            corrected += segment in done
            assert segment in done or data["content"] == grown[segment]
            done[segment] = data
        else:
            assert segment not in done, "an interim behind its final"
            assert data["content"].startswith(grown.get(segment, ""))
            grown[segment] = data["content"]
    cut = sum(turn.cut for turn in conversation.turns)
    assert len(done) == len(conversation.turns) - cut
    assert corrected == sum(turn.misheard is not None for turn in conversation.turns) > 0
    ends: dict[str, float] = {}
    overlaps = 0
    for data in sorted(done.values(), key=lambda data: data["segment_start"]):
        other = "user" if data["speaker"] == "assistant" else "assistant"
        assert data["segment_start"] >= ends.get(data["speaker"], 0), "somebody talks over themselves"
        overlaps += data["segment_start"] < ends.get(other, 0)
        ends[data["speaker"]] = data["segment_end"]
    assert overlaps > 0


def test_no_two_performances_are_alike_but_those_of_the_same_chance():
    first, again, other = (perform(ALL[0], "demo-1", random.Random(seed)) for seed in (1, 1, 2))
    assert first == again
    assert [sent.at for sent in first] != [sent.at for sent in other]


async def test_a_player_speaks_a_call_over_the_network_as_it_was_performed(house):
    conversation = next(conversation for conversation in ALL if conversation.ends["status"] == "failed")
    await house.store.write(demo.turn_on)
    key = await house.store.write(demo.begin, house.clock(), [conversation.assistant])
    player = Player(house.url.replace("http", "ws") + "/ingest", key, chance=random.Random(SEED), speed=100)
    call_sid = await player.call(conversation)
    chance = random.Random(SEED)
    assert call_sid == f"demo-{chance.getrandbits(64):016x}"
    finals = {d["segment_id"]: d for _, d in transcripts(perform(conversation, call_sid, chance)) if d["is_final"]}
    call = await house.get(f"/api/v1/calls/sid/{call_sid}")
    assert (call["status"], call["end_reason"]) == ("failed", "connection-lost")
    assert call["assistant_name"] == conversation.assistant and call["metadata"]["demo"] is True
    stored = await house.get(f"/api/v1/calls/sid/{call_sid}/transcripts")
    assert {t["segment_id"]: t["content"] for t in stored} == {id_: data["content"] for id_, data in finals.items()}


async def test_several_calls_play_at_once_through_a_lost_connection_until_the_demo_is_left(house):
    await house.store.write(demo.turn_on)
    async with playing(house.services, house.url, speed=20):
        await until(house, lambda running: len(running) == 3)
        for socket in list(house.services.gate._inside):
            socket.going_away()
        entries = await count(house)
        await until(house, lambda running: len(running) == 3)
        while await count(house) <= entries:
            await house.store.read(demo.running)
    assert await house.store.read(demo.running) == []
    assert await house.store.read(demo.is_on), "it plays again at the next start"
    assert await house.get("/api/v1/calls/count") != {"count": 0}


async def test_only_the_newest_calls_are_kept(house):
    await house.store.write(demo.turn_on)
    await house.say("CA1", "u-1", "Mine.")
    for number in range(4):
        await announce(house, f"demo-{number}")
        await house.say(f"demo-{number}", "u-1", "Theirs.")
    await house.end("demo-1")
    await house.end("demo-0")
    house.clock.advance(SECOND)
    await house.store.write(demo.trim, 3)
    assert await sids(house) == ["CA1", "demo-1", "demo-2", "demo-3"]
    await house.store.write(demo.trim, 0)
    assert await sids(house) == ["CA1", "demo-2", "demo-3"], "running calls stay"


async def announce(house, call_sid: str) -> None:
    await house.fetch("POST", "/api/v1/calls", {"call_sid": call_sid, "metadata": {"demo": True}})


async def sids(house) -> list[str]:
    return sorted(call["call_sid"] for call in (await house.get("/api/v1/calls"))["items"])


async def count(house) -> int:
    return sum(call["transcript_count"] for call in (await house.get("/api/v1/calls"))["items"])


async def until(house, holds) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not holds(await house.store.read(demo.running)):
            await asyncio.sleep(0.02)
