"""Calls of Vapi, Retell, Telnyx and Deepgram, signed and posted to a running server while viewers watch."""

import asyncio
from itertools import groupby

import pytest

from follower import Follower
from house import Clock, House, open_house
from log_reader import is_spoken
from patience import PATIENCE_S
from postgres import free_port
from provider_line import Line, Recording, golden, new_line, recorded

KINDS = ["vapi", "retell", "telnyx", "deepgram"]
JUST_BEFORE = 1_772_463_840_000_000  # µs, when the sample calls began


@pytest.fixture(params=[f"{kind} {whose}" for kind in KINDS for whose in ("sample", "own")])
def recording(request) -> tuple[str, Recording]:
    kind, whose = request.param.split()
    made = recorded(request.getfixturevalue("shared"), kind) if whose == "sample" else golden(kind)
    return kind, made


def follow(house: House, recording: Recording) -> asyncio.Task:
    return asyncio.create_task(Follower(house.url, recording.call_sid, house.key).run())


async def end(house: House, kind: str, recording: Recording, followers: list[asyncio.Task]) -> list[Follower]:
    """The call's end, which Deepgram leaves to others, and every viewer's."""
    if kind == "deepgram":
        await house.end(recording.call_sid)
    house.clock.advance(60)
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*followers)


def turns(finals: list[dict]) -> list[tuple[str, str]]:
    """Speaker and words, adjacent pieces of one speaker joined: what a provider cuts in two is one turn."""
    shown = [final for final in finals if final["content"]]
    together = groupby(shown, key=lambda final: final["speaker"])
    return [(speaker, " ".join(final["content"] for final in pieces)) for speaker, pieces in together]


def assert_as_wanted(follower: Follower, recording: Recording, *, was_restarted: bool = False) -> None:
    """A restart may cost when an utterance began, where that is derived from interims; no words."""
    said, want = follower.spoken(), sorted(recording.want["finals"], key=lambda it: it.get("segment_start") or 0)
    is_told = [data for data in said if ":unknown:" not in data["segment_id"]]
    assert turns(is_told) == turns(want if "segment_start" in want[0] else recording.want["finals"])
    by_words = {final["content"]: final for final in want}
    for data in is_told:
        if (final := by_words.get(data["content"])) is not None:
            assert data["confidence"] == final.get("confidence")
            for name in ("segment_start", "segment_end"):
                if final.get(name) is not None and not was_restarted:
                    assert data[name] == pytest.approx(final[name], abs=0.05)
    terminal = [word for word in recording.want["statuses"] if word != "in-progress"]
    assert follower.statuses[-1] == (terminal[-1] if terminal else "completed")


async def test_viewers_get_a_calls_finals_and_its_end_whenever_they_came(house, recording):
    kind, recording = recording
    for final in recording.want["finals"]:
        is_spoken(final["content"])
    house.clock.at = JUST_BEFORE
    line, followers = await new_line(house, kind, query=recording.query), []
    for number, body in enumerate(recording.bodies):
        if number in (0, len(recording.bodies) // 3, len(recording.bodies) - 2):
            followers.append(follow(house, recording))
        assert await line.post(body) == 204
    for follower in await end(house, kind, recording, followers):
        assert_as_wanted(follower, recording)
    assert (await house.get("/api/v1/calls/count")) == {"count": 1}


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
async def test_a_server_restarted_in_the_middle_changes_nothing(sqlite_url, recording, part):
    kind, recording = recording
    cut, clock, port = round(len(recording.bodies) * part), Clock(JUST_BEFORE), free_port()
    async with open_house(sqlite_url, clock, port=port) as house:
        await house.furnish()
        line = await new_line(house, kind, query=recording.query)
        followers = [follow(house, recording)]
        for body in recording.bodies[:cut]:
            assert await line.post(body) == 204
        furniture = house.furniture
    async with open_house(sqlite_url, clock, port=port) as house:
        house.furniture, line.house = furniture, house
        for body in recording.bodies[cut:]:
            assert await line.post(body) == 204
        followers.append(follow(house, recording))
        for follower in await end(house, kind, recording, followers):
            assert_as_wanted(follower, recording, was_restarted=True)


async def post_all(line: Line, bodies: list[bytes]) -> None:
    for body in bodies:
        assert await line.post(body) == 204


async def test_what_is_sent_twice_is_heard_once(house, recording):
    kind, recording = recording
    house.clock.at = JUST_BEFORE
    line, followers = await new_line(house, kind, query=recording.query), [follow(house, recording)]
    await post_all(line, [body for body in recording.bodies for _ in range(2)])
    await post_all(line, recording.bodies[-5:])
    for follower in await end(house, kind, recording, followers):
        assert_as_wanted(follower, recording)
        assert sum(status != "in-progress" for status in follower.statuses) == 1


async def test_what_overtakes_its_neighbour_costs_no_words(house, recording):
    kind, recording = recording
    house.clock.at = JUST_BEFORE
    line, followers = await new_line(house, kind, query=recording.query), [follow(house, recording)]
    swapped = [body for pair in range(0, len(recording.bodies), 2) for body in recording.bodies[pair : pair + 2][::-1]]
    await post_all(line, swapped)
    (follower,) = await end(house, kind, recording, followers)
    words = {word for _, said in turns(follower.spoken()) for word in said.split()}
    assert words >= {word for _, said in turns(recording.want["finals"]) for word in said.split()}


async def test_all_at_once_is_as_good_as_one_after_the_other(house, recording):
    kind, recording = recording
    house.clock.at = JUST_BEFORE
    line, followers = await new_line(house, kind, query=recording.query), [follow(house, recording)]
    assert set(await asyncio.gather(*(line.post(body) for body in recording.bodies))) == {204}
    (follower,) = await end(house, kind, recording, followers)
    contents = [(data["speaker"], data["content"]) for data in follower.log.values()]
    assert contents and (await house.get("/api/v1/calls/count")) == {"count": 1}
