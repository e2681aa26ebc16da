"""The sample call as Twilio and a voice agent's platform both tell it, to a running server; viewers under both ids."""

import asyncio
from itertools import zip_longest
from pathlib import Path

import pytest

from follower import Follower
from house import Clock, House, open_house
from log_reader import is_spoken
from patience import PATIENCE_S
from postgres import free_port
from provider_line import Line, Recording, new_line, recorded
from test_provider_calls import JUST_BEFORE, turns
from test_twilio_calls import expected
from test_twilio_calls import new_line as new_twilio_line
from test_twilio_calls import recording as twilio_recording

TWILIO_SID = "CA8d0bd73048a772f7bec94b45dbaba195"
AGENTS = ["vapi", "retell"]
ORDERS = ["twilio first", "twilio last", "in turns, twilio first", "in turns, twilio last"]

Post = tuple[Line, bytes]


def ordered(order: str, twilio: list[Post], agent: list[Post]) -> list[Post]:
    if not order.startswith("in turns"):
        return twilio + agent if order == "twilio first" else agent + twilio
    pairs = zip_longest(twilio, agent) if order.endswith("first") else zip_longest(agent, twilio)
    return [post for pair in pairs for post in pair if post is not None]


def statuses_only(bodies: list[bytes]) -> list[bytes]:
    """What Twilio posts of a call that it does not transcribe."""
    return [body for body in bodies if b"TranscriptionEvent" not in body]


def by_twilio(follower: Follower) -> list[str]:
    return [data["content"] for data in follower.spoken() if data["segment_id"].startswith("GT")]


def twilios_finals(shared: Path) -> list[str]:
    return [final["content"] for final in expected(shared)["finals"]]


def follow(house: House, call_sid: str) -> asyncio.Task:
    return asyncio.create_task(Follower(house.url, call_sid, house.key).run())


async def end(house: House, followers: list[asyncio.Task]) -> list[Follower]:
    house.clock.advance(60)
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*followers)


def assert_one_call(followers: list[Follower], recording: Recording) -> None:
    """Every viewer has the same log, with all that the agent's platform heard, each once, and one end."""
    for follower in followers:
        assert follower.log == followers[0].log
        assert [word for word in follower.statuses if word != "in-progress"] == ["completed"]
    said = [data for data in followers[0].spoken() if recording.call_sid in data["segment_id"]]
    assert turns(said) == turns(recording.want["finals"])


@pytest.mark.parametrize("transcribed", [False, True], ids=["status only", "transcribed twice"])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", AGENTS)
async def test_both_tell_of_one_call_in_any_order(house, shared, kind, order, transcribed):
    agent, bodies = recorded(shared, kind), twilio_recording(shared, "twilio")
    for words in twilios_finals(shared) + [final["content"] for final in agent.want["finals"]]:
        is_spoken(words)
    house.clock.at = JUST_BEFORE
    lines = await new_twilio_line(house), await new_line(house, kind)
    twilio = [(lines[0], body) for body in (bodies if transcribed else statuses_only(bodies))]
    posts = ordered(order, twilio, [(lines[1], body) for body in agent.bodies])
    followers = []
    for number, (line, body) in enumerate(posts):
        if number in (0, len(posts) // 2):
            followers += [follow(house, TWILIO_SID), follow(house, agent.call_sid)]
        assert await line.post(body) == 204
    followers = await end(house, followers)
    assert_one_call(followers, agent)
    (call,) = (await house.get("/api/v1/calls"))["items"]
    is_twilios = order == "twilio first" or (order == "in turns, twilio first" and kind == "vapi")  # the others begin
    own, other = (TWILIO_SID, agent.call_sid) if is_twilios else (agent.call_sid, TWILIO_SID)  # with what creates none
    assert (call["call_sid"], call["aliases"], call["linked"]) == (own, [other], [])
    assert call["telephony_provider"] == ("twilio" if own == TWILIO_SID else kind)
    assert by_twilio(followers[0]) == (twilios_finals(shared) if transcribed else [])
    assert call["transcript_count"] == len(followers[0].spoken())


@pytest.mark.parametrize("kind", AGENTS)
async def test_a_restart_between_forgets_no_id_and_no_state(sqlite_url, shared, kind):
    agent, clock, port = recorded(shared, kind), Clock(JUST_BEFORE), free_port()
    bodies = twilio_recording(shared, "twilio")
    async with open_house(sqlite_url, clock, port=port) as house:
        await house.furnish()
        lines = await new_twilio_line(house), await new_line(house, kind)
        posts = ordered(ORDERS[2], [(lines[0], body) for body in bodies], [(lines[1], body) for body in agent.bodies])
        followers = [follow(house, TWILIO_SID), follow(house, agent.call_sid)]
        for line, body in posts[: len(posts) // 2]:
            assert await line.post(body) == 204
        furniture = house.furniture
    async with open_house(sqlite_url, clock, port=port) as house:
        house.furniture = furniture
        for line, body in posts[len(posts) // 2 :]:
            line.house = house
            assert await line.post(body) == 204
        followers = await end(house, followers)
        assert_one_call(followers, agent)
        assert by_twilio(followers[0]) == twilios_finals(shared)
        assert (await house.get("/api/v1/calls/count")) == {"count": 1}


@pytest.mark.parametrize("kind", AGENTS)
async def test_an_agent_that_takes_over_the_same_call_overwrites_nothing(house, shared, kind):
    """The platform begins a call of its own on the telephone call that is going on: its numbers begin anew, too."""
    agent, next_sid = recorded(shared, kind), "another-agents-call"
    house.clock.at = JUST_BEFORE
    line = await new_line(house, kind)
    bodies = [body.replace(agent.call_sid.encode(), next_sid.encode()) for body in agent.bodies]
    for body in (*agent.bodies[: len(bodies) // 2], *bodies, *agent.bodies[len(bodies) // 2 :]):
        assert await line.post(body) == 204
    (call,) = (await house.get("/api/v1/calls"))["items"]
    assert (call["call_sid"], call["aliases"]) == (agent.call_sid, sorted([TWILIO_SID, next_sid]))
    spoken = await house.get(f"/api/v1/calls/sid/{next_sid}/transcripts")
    for call_sid in (agent.call_sid, next_sid):
        assert turns([said for said in spoken if call_sid in said["segment_id"]]) == turns(agent.want["finals"])


async def test_all_three_tell_of_one_call_under_three_ids(house, shared):
    house.clock.at = JUST_BEFORE
    agents = {kind: recorded(shared, kind) for kind in AGENTS}
    lines = {kind: await new_line(house, kind) for kind in AGENTS}
    twilio = await new_twilio_line(house)
    for body in twilio_recording(shared, "twilio"):
        assert await twilio.post(body) == 204
    for kind, agent in agents.items():
        for body in agent.bodies:
            assert await lines[kind].post(body) == 204
    (call,) = (await house.get("/api/v1/calls"))["items"]
    assert (call["call_sid"], call["aliases"]) == (TWILIO_SID, sorted(agent.call_sid for agent in agents.values()))
    spoken = await house.get(f"/api/v1/calls/sid/{agents['retell'].call_sid}/transcripts")
    assert len({said["segment_id"] for said in spoken}) == len(spoken) == call["transcript_count"]
    for agent in agents.values():
        assert turns([said for said in spoken if agent.call_sid in said["segment_id"]]) == turns(agent.want["finals"])
