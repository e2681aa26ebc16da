"""Every program in examples/ runs as it stands, against a real server, and ends by itself when the call ends."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from browser import chromium, new_page
from patience import PATIENCE_S

ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "examples"
CLIENT = (ROOT / "docs" / "javascript-client.md").read_text()
TYPES = (ROOT / "static" / "js" / "live_transcript_types.js").read_text()
CALL = "CA0001"
SEEN = "-- in-progress \nassistant: How can I help you?\nuser: Is my bike ready?\n-- completed \n"


async def start(house, *command: str, key: str = "") -> asyncio.subprocess.Process:
    environment = os.environ | {"CALLBOARD_URL": house.url, "CALLBOARD_KEY": key or house.key}
    pipe = subprocess.PIPE
    return await asyncio.create_subprocess_exec(*command, env=environment, cwd=EXAMPLES, stdout=pipe, stderr=pipe)


async def finish(process: asyncio.subprocess.Process) -> str:
    output, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, errors.decode()) == (0, "")
    return output.decode()


async def a_call_with_a_viewer(house, watch) -> None:
    """Half of it before the viewer comes, half of it after; `watch` returns once the viewer is there."""
    await house.say(CALL, "a-1", "How can I help you?", speaker="assistant", segment_start=0.5)
    await watch()
    await house.say(CALL, "u-1", "Is my", is_final=False, segment_start=1.5)
    await house.say(CALL, "u-1", "Is my bike ready?", segment_start=1.5)
    await house.end(CALL)
    house.clock.advance(6)


async def watched_by(house, *command: str) -> str:
    """The output of a program that watches the call."""
    process = await start(house, *command)

    async def is_there() -> None:
        call_id = (await house.get(f"/api/v1/calls/sid/{CALL}"))["id"]
        async with asyncio.timeout(PATIENCE_S):
            while not house.hub.viewers(call_id) and process.returncode is None:
                await asyncio.sleep(0.02)

    await a_call_with_a_viewer(house, is_there)
    return await finish(process)


async def test_watch_py(house):
    assert await watched_by(house, sys.executable, "watch.py", CALL) == SEEN


async def test_watch_mjs(house):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    version = await finish(await start(house, node, "--version"))
    flags = ["--experimental-websocket", "--no-warnings"] if int(version[1:].split(".")[0]) < 22 else []
    assert await watched_by(house, node, *flags, "watch.mjs", CALL) == SEEN


@pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
async def test_watch_html(house):
    async with new_page() as page:
        await page.goto((EXAMPLES / "watch.html").as_uri())
        await page.fill("[name=base]", house.url)
        await page.fill("[name=call]", CALL)
        await page.fill("[name=key]", house.key)

        async def watch() -> None:
            await page.click("button")
            await page.wait_for_selector("[role=status]:text-is('live')")

        await a_call_with_a_viewer(house, watch)
        await page.wait_for_selector("[role=status]:text-is('ended')")
        assert await page.locator("#segments p").all_inner_texts() == ["How can I help you?", "Is my bike ready?"]
        assert await page.locator(".interim").count() == 0


async def test_feed_py(house):
    output = await finish(await start(house, sys.executable, "feed.py", CALL, "0"))
    assert output.splitlines()[1] == "2  user: Good morning. Is my bike ready?"
    call = await house.get(f"/api/v1/calls/sid/{CALL}")
    assert (call["status"], call["transcript_count"]) == ("completed", 4)


async def test_feed_mjs(house):
    output = await finish(await start(house, *node(), "feed.mjs", CALL, "0"))
    assert output.splitlines()[1] == "2  user: Good morning. Is my bike ready?"
    call = await house.get(f"/api/v1/calls/sid/{CALL}")
    assert (call["status"], call["transcript_count"]) == ("completed", 4)


async def read_by(house, *command: str) -> None:
    await house.say(CALL, "u-1", "Is my bike ready?", segment_start=1.5)
    await house.say(CALL, "a-1", "How can I help you?", speaker="assistant", segment_start=0.5)
    said = "assistant: How can I help you?\nuser: Is my bike ready?\n"
    assert await finish(await start(house, *command, CALL)) == f"{CALL} with Front desk, in-progress\n{said}"
    (line,) = (await finish(await start(house, *command))).splitlines()
    assert line.startswith(f"{CALL}  in-progress  2026-") and line.endswith("  2 segments")


async def test_read_py(house):
    await read_by(house, sys.executable, "read.py")


async def test_read_mjs(house):
    await read_by(house, *node(), "read.mjs")


def node() -> list[str]:
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not installed")
    return [found]


async def test_callboard_producer_py(house):
    documented = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "sources" / "pipecat.md").read_text(), re.DOTALL)
    await finish(await start(house, sys.executable, "-c", documented[1]))
    call = await house.get(f"/api/v1/calls/sid/{CALL}")
    assert (call["status"], call["transcript_count"], call["customer_phone"]) == ("completed", 1, "+15550123")
    (said,) = await house.get(f"/api/v1/calls/sid/{CALL}/transcripts")
    assert (said["content"], said["segment_start"]) == ("Is my bike ready?", 1.4)


async def test_pipecat_observer_py(house):
    tests = ROOT / "tests"  # Pipecat is large: test_pipecat.py has the real bot that this was recorded of
    recording = str(tests / "payloads" / "pipecat" / "call.json")
    await finish(await start(house, sys.executable, str(tests / "bots" / "replay.py"), CALL, recording))
    call = await house.get(f"/api/v1/calls/sid/{CALL}")
    assert (call["status"], call["transcript_count"]) == ("completed", 5)


async def test_walkthrough_sh(house):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    output = await finish(await start(house, "sh", "walkthrough.sh", CALL))
    assert output.count("$ curl") == 7 and house.key not in output
    call = await house.get(f"/api/v1/calls/sid/{CALL}")
    assert (call["status"], call["transcript_count"]) == ("completed", 1)
    (said,) = await house.get(f"/api/v1/calls/sid/{CALL}/transcripts")
    assert said["content"] == "Is my trike ready?"


@pytest.mark.parametrize("command", [("watch.py",), ("watch.mjs",)], ids=lambda command: command[0])
async def test_a_viewer_that_is_refused_says_so_and_fails(house, command):
    runner = {".py": sys.executable, ".mjs": shutil.which("node")}[Path(command[0]).suffix]
    if runner is None:
        pytest.skip("node is not installed")
    await house.say(CALL, "u-1", "Secret.")
    flags = ["--experimental-websocket"] if runner != sys.executable else []
    process = await start(house, runner, *flags, *command, CALL, key="cb_wrong")
    output, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 1 and b"authentication_failed" in errors and b"Secret" not in output


def test_every_example_has_a_test():
    tested = re.findall(r"^async def test_(\w+)_(py|mjs|html|sh)\(", Path(__file__).read_text(), re.MULTILINE)
    assert {f"{name}.{kind}" for name, kind in tested} == {path.name for path in EXAMPLES.iterdir() if path.is_file()}


def documented(heading: str) -> set[str]:
    """The names in the first column of the table under a heading."""
    section = CLIENT.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}


def test_the_options_of_the_client_are_documented():
    assert documented("Options") == set(re.findall(r"^ \* @property \{.*\} \[?(\w+)\]?", TYPES, re.MULTILINE))


def test_the_states_of_the_client_are_documented():
    states = TYPES[TYPES.index("@typedef {{name:") : TYPES.index("}} State")]
    named = {name for names in re.findall(r"name: ([^,}]+)", states) for name in re.findall(r'"([\w-]+)"', names)}
    assert len(named) > 5 and documented("States") == named


def test_the_close_codes_of_the_client_are_documented():
    protocol = (ROOT / "docs" / "protocol.md").read_text()
    rows = re.findall(r"^\| ([\d, ]+) \|", protocol[protocol.index("| code | meaning |") :], re.MULTILINE)
    section = CLIENT.split("## Close codes")[1]
    assert {code for row in rows for code in row.split(", ")} <= set(re.findall(r"\b1\d{3}\b", section))
