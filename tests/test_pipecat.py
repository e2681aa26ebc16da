"""examples/pipecat_observer.py on a Pipecat bot's call: a recorded one, and a real one where Pipecat is installed.

`make pipecat` installs it and runs these. PIPECAT_PYTHON is a Python that has it.
"""

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from follower import Follower
from patience import PATIENCE_S

HERE = Path(__file__).parent
RECORDING = HERE / "payloads" / "pipecat" / "call.json"
PYTHON = os.environ.get("PIPECAT_PYTHON") or (sys.executable if importlib.util.find_spec("pipecat") else None)
BOTS = {
    "recorded": [sys.executable, HERE / "bots" / "replay.py", "CA1", RECORDING, "new"],
    "recorded, an older release": [sys.executable, HERE / "bots" / "replay.py", "CA1", RECORDING, "old"],
}
if PYTHON:
    BOTS["real"] = [PYTHON, HERE / "bots" / "pipecat_bot.py", "CA1"]
OUT, OTHER = "BaseOutputTransport", "FrameProcessor"


async def run(house, command) -> None:
    """A bot in a process of its own, to its end."""
    environment = os.environ | {"CALLBOARD_URL": house.url, "CALLBOARD_KEY": house.key}
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
    _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0, errors.decode()
    assert b"something is missing" not in errors, errors.decode()


async def log(house) -> list[dict]:
    return await house.get("/api/v1/calls/sid/CA1/transcripts?after=0")


@pytest.mark.parametrize("bot", BOTS)
async def test_a_bots_call_is_shown_as_it_was_spoken(house, bot):
    following = asyncio.create_task(Follower(house.url, "CA1", house.key).run())
    await run(house, BOTS[bot])
    house.clock.advance(6)
    async with asyncio.timeout(PATIENCE_S):
        follower = await following
    call = await house.get("/api/v1/calls/sid/CA1")
    assert (call["status"], call["direction"], call["customer_phone"]) == ("completed", "inbound", "+15550123")
    assert call["started_at"] is not None and follower.statuses[-1] == "completed"

    said = await log(house)
    assert [(entry["speaker"], entry["content"]) for entry in said[:2] + said[3:]] == [
        ("assistant", "Larkspur Cycles, good morning."),
        ("user", "Is my bike ready?"),
        ("user", "Wonderful, thank you."),
        ("assistant", "Until then!"),
    ]
    interrupted = said[2]
    assert interrupted["speaker"] == "assistant"
    assert interrupted["content"].startswith("It is ready since Monday")
    assert not interrupted["content"].endswith("away."), "what was planned, and not spoken, is not shown"
    assert [entry["confidence"] for entry in said] == [None, None, None, 0.9, None]
    assert [entry["language"] for entry in said] == [None, "en-US", None, "en-US", None]
    assert len({entry["segment_id"] for entry in said}) == 5
    for entry in said:
        assert 0 <= entry["segment_start"] <= entry["segment_end"] < 30
    starts = [entry["segment_start"] for entry in said]
    assert starts == sorted(starts)


async def replay(house, tmp_path, pushes: list[dict], age: str = "new") -> list[dict]:
    """What is stored of these frames, each pushed once, a second after the other."""
    filled = []
    for number, push in enumerate([{"frame": "StartFrame"}, *pushes]):
        more = {"id": number, "first_push": True, "timestamp": (5 + number) * 1_000_000_000, "source": OTHER}
        filled.append(more | push)
    path = tmp_path / "pushes.json"
    path.write_text(json.dumps(filled))
    await run(house, [sys.executable, HERE / "bots" / "replay.py", "CA1", path, age])
    return await log(house)


def word(text: str, *, source: str = OUT, **more) -> dict:
    return {"frame": "TTSTextFrame", "text": text, "source": source, "first_push": False} | more


def heard(text: str, *, is_final: bool = True, **more) -> dict:
    return {"frame": "TranscriptionFrame" if is_final else "InterimTranscriptionFrame", "text": text} | more


STOPPED = {"frame": "BotStoppedSpeakingFrame"}
INTERRUPTED = {"frame": "InterruptionFrame"}


async def test_words_count_when_the_output_passes_them_on_and_nowhere_else(house, tmp_path):
    words = [word("Good", source=OTHER), word("bye", source=OTHER), word("Good"), word("Good", source=OTHER), STOPPED]
    assert [entry["content"] for entry in await replay(house, tmp_path, words)] == ["Good"]


async def test_words_that_bring_their_own_spaces_get_no_others(house, tmp_path):
    words = [word(text, includes_inter_frame_spaces=True) for text in ("Good", "b", "ye", " then")]
    assert [entry["content"] for entry in await replay(house, tmp_path, [*words, STOPPED])] == ["Goodbye then"]


@pytest.mark.parametrize("age", ["new", "old"])
async def test_a_turn_ends_once_however_often_its_end_comes_by(house, tmp_path, age):
    again = STOPPED | {"first_push": False, "id": 3}  # still under way when the bot speaks again
    pushes = [STOPPED, word("One"), STOPPED | {"id": 3}, STOPPED, word("Two"), again, word("three"), INTERRUPTED]
    said = await replay(house, tmp_path, [*pushes, STOPPED, again], age)
    assert [entry["content"] for entry in said] == ["One", "Two three"], (
        "a late hop of the first end ends no other turn"
    )


async def test_what_the_bot_still_says_at_the_end_is_kept(house, tmp_path):
    (said,) = await replay(house, tmp_path, [word("Good"), word("bye")])
    assert (said["content"], said["segment_start"], said["segment_end"]) == ("Good bye", 1, 2)
    assert (await house.get("/api/v1/calls/sid/CA1"))["status"] == "completed"


async def test_words_are_seen_as_they_come_and_taken_back_where_no_final_does(house, tmp_path):
    await house.say("CA1", "before", "Connecting.")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await replay(house, tmp_path, [word("One"), word("two"), STOPPED, heard("By", is_final=False)])
        await viewer.until("call_status")
    seen = [(message["data"]["speaker"], message["data"]["content"]) for message in viewer.transcripts[1:]]
    bot, user = "assistant", "user"
    assert seen == [(bot, "One"), (bot, "One two"), (bot, "One two"), (user, "By"), (user, "")]
    assert len({message["data"]["segment_id"] for message in viewer.transcripts}) == 3


async def test_a_frame_that_comes_by_at_every_processor_is_heard_once(house, tmp_path):
    first, again = heard("Hello?", id=9), heard("Hello?", id=9, first_push=False)
    for age in ("new", "old"):
        said = await replay(house, tmp_path, [first, again, again, heard("Hello?", id=10)], age)
        assert [entry["content"] for entry in said][-2:] == ["Hello?", "Hello?"]
    assert len(said) == 4, "and a bot that comes back to its call repeats no ids"


async def test_the_users_words_begin_when_the_user_began_to_speak(house, tmp_path):
    spoke = {"frame": "UserStartedSpeakingFrame"}
    pushes = [
        spoke,
        heard("So", is_final=False),
        heard("So then."),
        heard("Well", is_final=False),
        heard("Well."),
        heard("!"),
    ]
    said = await replay(house, tmp_path, pushes)
    assert [(entry["segment_start"], entry["segment_end"]) for entry in said] == [(1, 3), (4, 5), (None, 6)]


def result(start_s: float, *words: tuple[str, float, float], duration_s: float = 1) -> dict:
    told = [{"word": text, "start": start, "end": end} for text, start, end in words]
    alternatives = [{"transcript": "", "confidence": 0.8, "words": told}]
    return {"start": start_s, "duration": duration_s, "channel": {"alternatives": alternatives}}


async def test_deepgrams_times_are_put_on_the_pipelines_clock_also_after_it_connected_again(house, tmp_path):
    pushes = [
        heard("a", result=result(0, ("a", 0.2, 0.6), duration_s=0.8)),  # at 1 s: its clock is 0.2 s behind at most
        heard("b", result=result(1, ("b", 1.0, 1.4))),  # at 2 s: no, at most 0 s
        heard("c", result=result(1.5, duration_s=0.5)),  # at 3 s, late
        heard("d", result=result(0, ("d", 0.1, 0.9))),  # at 4 s: a new connection
    ]
    said = await replay(house, tmp_path, pushes)
    times = [(entry["segment_start"], entry["segment_end"]) for entry in said]
    assert times == [(0.4, 0.8), (1.0, 1.4), (1.5, 2.0), (3.1, 3.9)]
    assert {entry["confidence"] for entry in said} == {0.8}


@pytest.mark.parametrize(
    "odd", [{}, {"channel": None}, {"channel": {"alternatives": []}}, {"start": 1}, {"event": "EndOfTurn"}, [1]]
)
async def test_another_services_result_is_no_obstacle(house, tmp_path, odd):
    (said,) = await replay(house, tmp_path, [heard("Hello?", result=odd)])
    assert (said["content"], said["confidence"]) == ("Hello?", None)


async def test_an_observer_without_a_pipeline_says_nothing(house, tmp_path):
    path = tmp_path / "pushes.json"
    path.write_text("[]")
    await run(house, [sys.executable, HERE / "bots" / "replay.py", "CA1", path])
    assert (await house.get("/api/v1/calls"))["total"] == 0
