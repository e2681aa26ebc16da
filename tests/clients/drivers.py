"""How the tests run each client: a program in a process of its own, or a page of a foreign origin in Chromium. All are
given the same order, and all tell what happened to them in the same lines."""

import asyncio
import fcntl
import json
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, StaticFileHandler

from browser import new_page
from patience import PATIENCE_S

HERE = Path(__file__).parent


class Order(NamedTuple):
    """What a client shall do: open `url`, in whichever way it carries the key, and listen until the end."""

    url: str
    headers: dict[str, str] = {}  # noqa: RUF012 — never changed
    subprotocols: tuple[str, ...] = ()
    ping: str = ""  # payload of a ping to send once it is open
    after: int = 0  # these are in `url` too; the module wants them as options
    epoch: str = ""
    module: str = ""  # address of live_transcript.js
    tickets: str = ""  # where the module's page asks for tickets, with `key`, for `call_sid`; "": `url` has all
    key: str = ""
    call_sid: str = ""


class Seen:
    """What a client has told so far: each line has one name, what it tells of."""

    def __init__(self) -> None:
        self.lines: list[dict] = []
        self._changed = asyncio.Event()

    def tell(self, line: dict) -> None:
        self.lines.append(line)
        self._changed.set()

    def of(self, name: str) -> list[Any]:
        return [line[name] for line in self.lines if name in line]

    async def until(self, name: str, fits: Callable[[Any], bool] = lambda _: True) -> Any:
        """The first thing of this name that fits; fails where the client has ended without one."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    for found in self.of(name):
                        if fits(found):
                            return found
                    assert not self.of("exit"), f"the client ended without {name}: {self.lines[-3:]}"
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"no {name} within {PATIENCE_S} s, but {self.lines}") from None

    async def message(self, type_: str) -> dict:
        return await self.until("message", lambda message: message["type"] == type_)

    async def content(self, words: str) -> dict:
        """The transcript message with these words."""
        return await self.until("message", lambda it: it["type"] == "transcript" and it["data"]["content"] == words)

    async def close(self) -> dict:
        return await self.until("close")

    @property
    def messages(self) -> list[dict]:
        return self.of("message")

    @property
    def transcripts(self) -> list[dict]:
        return [message for message in self.messages if message["type"] == "transcript"]

    @property
    def seqs(self) -> list[int]:
        return [message["seq"] for message in self.transcripts if "seq" in message]

    @property
    def heard(self) -> list[tuple[int | None, str]]:
        """`seq` (None: an interim) and words of every transcript, as they came."""
        return [(message.get("seq"), message["data"]["content"]) for message in self.transcripts]

    def spoken(self) -> list[tuple[str, str]]:
        """Speaker and words as a screen shows them: the last of each segment, by its start."""
        latest = {it["data"]["segment_id"]: it["data"] for it in self.transcripts if "seq" in it}
        return [(it["speaker"], it["content"]) for it in sorted(latest.values(), key=lambda it: it["segment_start"])]


@asynccontextmanager
async def running_program(order: Order, *command: str, folder: Path = HERE) -> AsyncIterator[Seen]:
    """A program that watches, for as long as the block lasts. It ends by itself at its call's end."""
    pipe, argument = subprocess.PIPE, json.dumps(order._asdict())
    process = await asyncio.create_subprocess_exec(*command, argument, cwd=folder, stdout=pipe, stderr=pipe)
    seen = Seen()

    async def listen() -> None:
        async for line in process.stdout:
            seen.tell(json.loads(line))
        errors = (await process.stderr.read()).decode()
        seen.tell({"exit": {"status": await process.wait(), "errors": errors}})

    listening = asyncio.ensure_future(listen())
    try:
        yield seen
        assert await seen.until("exit") == {"status": 0, "errors": ""}
    finally:
        if process.returncode is None:
            process.kill()
        await listening


@asynccontextmanager
async def open_tab(order: Order, page_name: str) -> AsyncIterator[Seen]:
    """A page of another origin that watches. An error in it fails the test."""
    site = HTTPServer(Application([(r"/(.*)", StaticFileHandler, {"path": str(HERE)})], log_function=lambda _: None))
    (listener,) = bind_sockets(0, "127.0.0.1")
    site.add_sockets([listener])
    origin = f"http://localhost:{listener.getsockname()[1]}"  # another host, even
    seen = Seen()
    try:
        async with new_page() as page:
            await page.expose_function("tell", lambda line: seen.tell(json.loads(line)))
            await page.goto(f"{origin}/{page_name}#{quote(json.dumps(order._asdict()))}")
            yield seen
    finally:
        site.stop()
        await site.close_all_connections()


_PROGRAM_WAYS = ("query", "header", "subprotocol", "ticket")
# Every client, with the ways in which it can bring its key.
CLIENTS = {
    "websockets": _PROGRAM_WAYS,
    "aiohttp": _PROGRAM_WAYS,
    "ws": _PROGRAM_WAYS,
    "browser": ("query", "subprotocol", "ticket"),  # a page cannot set headers
    "module": ("query", "ticket"),
}


def watching(client: str, order: Order, node_folder: Path | None = None) -> AbstractAsyncContextManager[Seen]:
    """The client at work; `node_folder` is where node's packages are installed."""
    if client == "ws":
        return running_program(order, "node", "ws_client.mjs", folder=node_folder)
    if client in ("browser", "module"):
        return open_tab(order, {"browser": "native.html", "module": "module.html"}[client])
    return running_program(order, sys.executable, f"{client}_client.py")


def install_packages(folder: Path) -> None:
    """Put what package-lock.json names into `folder`, unless another process has."""
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "installed").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(HERE / name, folder)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=90)
            assert done.returncode == 0, f"npm ci failed: {done.stderr}"
            shutil.copy(HERE / "ws_client.mjs", folder)  # a module finds its packages beside itself
            (folder / "installed").touch()
