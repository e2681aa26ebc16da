"""docs/protocol.md is true: its examples run as they stand, its messages have our fields, its words are our words."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from patience import PATIENCE_S

ROOT = Path(__file__).parent.parent
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PROTOCOL, re.DOTALL)


async def run(house, command: list[str], **options) -> str:
    """The output of an example that must end well by itself."""
    websocket_url = "ws" + house.url.removeprefix("http")
    environment = os.environ | {
        "CALLBOARD_URL": websocket_url,
        "CALLBOARD_HTTP_URL": house.url,
        "CALLBOARD_KEY": house.key,
        "CALL_SID": "CA0001",
    }
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options
    )
    output, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert process.returncode == 0, errors.decode()
    return output.decode()


async def an_ended_call(house) -> None:
    await house.say("CA0001", "a-1", "How can I help you?", speaker="assistant", segment_start=0.5)
    await house.say("CA0001", "u-1", "Is my bike ready?", segment_start=1.5)
    await house.end("CA0001")
    house.clock.advance(60)


EXPECTED = "-- completed\nassistant: How can I help you?\nuser: Is my bike ready?\n"


async def test_the_python_viewer_prints_a_call(house):
    await an_ended_call(house)
    assert await run(house, [sys.executable, "-c", blocks("python")[0]]) == EXPECTED


async def test_the_python_producer_feeds_a_call(house):
    output = await run(house, [sys.executable, "-c", blocks("python")[1]])
    assert "'seq': 1" in output
    call = await house.get("/api/v1/calls/sid/CA0001")
    assert (call["status"], call["transcript_count"]) == ("completed", 1)


async def test_the_javascript_viewer_prints_a_call(house, tmp_path):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    await an_ended_call(house)
    module = await house.fetch("GET", "/static/js/live_transcript.js", key=None)
    (tmp_path / "live_transcript.js").write_bytes(module.body)
    (tmp_path / "package.json").write_text('{"type":"module"}')
    (tmp_path / "watch.js").write_text(blocks("javascript")[0])
    flags = ["--experimental-websocket"] if node_version() < 22 else []
    assert await run(house, [node, *flags, "watch.js"], cwd=tmp_path) == EXPECTED


def node_version() -> int:
    return int(subprocess.check_output(["node", "--version"], text=True).strip("v").split(".")[0])


async def test_every_message_has_exactly_the_documented_fields(house):
    await house.say("CA0001", "a-1", "How can I help you?", speaker="assistant", segment_start=0.5)
    async with house.watch("CA0001") as viewer:
        await viewer.history()
        real = {message["type"]: message for message in viewer.seen}
    async with house.watch("CA0404") as refused:
        assert await refused.to_the_end() == 1008
        real["error"] = refused.seen[0]
    documented = {message["type"]: message for block in blocks("json")[:5] for message in [json.loads(block)]}
    assert set(documented) == set(real)
    for kind, example in documented.items():
        assert set(example) == set(real[kind]), kind
        for part in ("data", "metadata", "limits"):
            assert set(example.get(part, ())) == set(real[kind].get(part, ())), (kind, part)


async def test_the_documented_producer_messages_are_acknowledged(house):
    block = next(block for block in blocks("json") if '"type":"call"' in block)
    async with house.produce() as producer:
        for line in block.splitlines():
            await producer.send(line)
        answers = [await producer.next() for _ in block.splitlines()]
    assert [(answer["type"], answer["id"], answer["seq"]) for answer in answers] == [
        ("ack", "1", None),
        ("ack", "2", None),
        ("ack", "3", 1),
        ("ack", "5", 2),
        ("ack", "4", None),
    ]


def test_every_error_word_of_the_sockets_is_documented_and_every_documented_one_is_used():
    sources = [path.read_text() for path in (ROOT / "handlers").glob("*.py")]
    used = {word for text in sources for word in re.findall(r'(?:Refusal|tell_error)\(\s*"([a-z_]+)"', text)}
    paragraph = PROTOCOL[PROTOCOL.index("The words in `error`") : PROTOCOL.index("Refusals come after")]
    assert used == set(re.findall(r"`([a-z_]+)`", paragraph)) - {"error"}


def test_every_api_route_is_documented():
    from handlers.routes import API, SOCKETS

    for path, _ in SOCKETS + API:
        tail = path.replace("/api/v1", "").replace("\\.", ".").replace("([0-9]{1,18}|sid/[^/]+)", "{id}")
        named = [tail, tail.replace("{id}", "sid/{call_sid}"), re.sub(r"/?\(.*", "", tail)]
        assert any(name and name in PROTOCOL for name in named) or path.startswith("/webhooks"), path
