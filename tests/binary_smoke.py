"""The file that `make binary` builds does what server.py does: `python tests/binary_smoke.py dist/callboard`."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.websocket import websocket_connect

CALL = "CA0001"
SAID = {"segment_id": "u-1", "speaker": "user", "content": "Is my bike ready?"}


async def fetch(url: str, *, key: str = "", body: dict | None = None) -> str:
    """The text of a page or an answer; raises where it is not a good one."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    text = None if body is None else json.dumps(body)
    answer = await AsyncHTTPClient().fetch(HTTPRequest(url, "POST" if body else "GET", headers, text))
    return answer.body.decode()


async def try_out(url: str, key: str) -> None:
    """Pages with their files, the API, a viewer's socket."""
    for name in ("healthz", "readyz"):
        await fetch(f"{url}/{name}")
    page = await fetch(url + "/sign-in")
    assert "<form" in page, page
    for link in re.findall(r'<link[^>]+href="(/static/[^"]+)"', page):
        assert await fetch(url + link), link
    assert "class LiveTranscript" in await fetch(url + "/static/js/live_transcript.js")
    for name in ("openapi", "asyncapi"):
        assert json.loads(await fetch(f"{url}/{name}.json"))[name], name
    for name in ("", "/protocol", "/sources/twilio", "/rest", "/messages", "/examples"):
        assert "</h1>" in await fetch(f"{url}/docs{name}"), name
    await fetch(f"{url}/api/v1/calls/sid/{CALL}/transcripts", key=key, body=SAID)
    socket = await websocket_connect(f"ws{url.removeprefix('http')}/live-transcript/{CALL}?token={key}")
    messages = []
    while not messages or messages[-1]["type"] != "history_complete":
        messages.append(json.loads(await socket.read_message()))
    socket.close()
    assert [m["data"]["content"] for m in messages if m["type"] == "transcript"] == [SAID["content"]], messages


async def demo_plays(url: str, key: str) -> None:
    while '"call_sid":"demo-' not in await fetch(url + "/api/v1/calls", key=key):
        await asyncio.sleep(0.1)


async def try_all(url: str, key: str) -> None:
    async with asyncio.timeout(20):
        await try_out(url, key)
        await demo_plays(url, key)


def lines_until(process: subprocess.Popen, beginning: str) -> list[str]:
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if line.startswith(beginning):
            return lines
    raise AssertionError(lines)


def says_its_version(binary: Path) -> None:
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True, cwd="/").stdout
    assert re.fullmatch(r"callboard [0-9.]+ \(commit [0-9a-f]{7,}\)\n", told), told


def main(binary: Path) -> None:
    says_its_version(binary)
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLBOARD_")}
        started_at = time.monotonic()
        process = subprocess.Popen(
            [binary, "run", "--port", "0", "--address", "127.0.0.1"],
            env=kept | {"CALLBOARD_DATABASE_URL": f"sqlite:///{folder}/board.db"},
            stdout=subprocess.PIPE,
            text=True,
            cwd=folder,
            start_new_session=True,  # it is two processes
        )
        try:
            said = lines_until(process, "Callboard is on ")
            ready_s = time.monotonic() - started_at
            key = next(line for line in said if re.fullmatch(r"cb_\w+", line))
            asyncio.run(try_all(said[-1].removeprefix("Callboard is on "), key))
            process.send_signal(signal.SIGTERM)
            assert process.wait(20) == 0, process.returncode
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    size = binary.stat().st_size / 1e6
    print(f"{binary.name}: {size:.0f} MB, serving after {ready_s:.1f} s, its first database included; all well")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
