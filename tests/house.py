"""A real Callboard in the test's own process and loop, and clients that speak to it over real sockets."""

import asyncio
import json
from argparse import Namespace
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import websockets
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from handlers.systemd import NOTHING, Handed
from log_reader import is_secret, is_spoken
from models import accounts, assistants, rights
from patience import PATIENCE_S, PATIENT_HTTP
from serving import Server, running
from settings import read_settings


class Clock:
    """Wall-clock µs that a test can move forward."""

    def __init__(self, at: int = 1_770_000_000_000_000):
        self.at = at

    def __call__(self) -> int:
        self.at += 1  # no two things happen at the same time
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += int(seconds * 1_000_000)


class Furniture(NamedTuple):
    """One organisation, its administrator, and a key for everything; an assistant stands in it too."""

    organization_id: int = 0
    user_id: int = 0
    key: str = ""


class House:
    """A running server, and what is in its database."""

    def __init__(self, server: Server, clock: Clock, database_url: str):
        self.server, self.clock, self.url, self.database_url = server, clock, server.url, database_url
        self.services = server.services
        self.store, self.hub, self.pipeline = self.services.store, self.services.hub, self.services.pipeline
        self.furniture = Furniture()

    async def furnish(self) -> Furniture:
        organization_id = await self.organization("Larkspur Cycles")
        user_id = await self.user("ada@example.com", organization_id)
        await self.store.write(assistants.create, self.clock(), organization_id, "Front desk")
        key = await self.make_key("read", "ingest", "admin", user_id=user_id)
        self.furniture = Furniture(organization_id, user_id, key)
        return self.furniture

    @property
    def organization_id(self) -> int:
        return self.furniture.organization_id

    @property
    def user_id(self) -> int:
        return self.furniture.user_id

    @property
    def key(self) -> str:
        return self.furniture.key

    async def organization(self, name: str) -> int:
        return await self.store.write(accounts.create_organization, self.clock(), name)

    async def user(self, email: str, organization_id: int, role: str = "admin", password: str = "correct horse") -> int:
        is_secret(password)
        return await self.store.write(accounts.create_user, self.clock(), organization_id, email, role, password)

    async def make_key(self, *scopes: str, user_id: int | None = None, expires_at: int | None = None) -> str:
        who = user_id or self.user_id
        return await self.store.write(rights.create_key, self.clock(), who, "test", list(scopes), expires_at)

    # ── HTTP ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def fetch(
        self, method: str, path: str, body: Any = None, *, key: str | None = "", headers: dict | None = None
    ) -> HTTPResponse:
        """The answer, whatever its status. A dict or list is sent as JSON; `key=None` sends no key."""
        headers = dict(headers or {})
        if key is not None:
            headers.setdefault("Authorization", f"Bearer {key or self.key}")
        if isinstance(body, dict | list):
            body = json.dumps(body)
        request = HTTPRequest(
            self.url + path,
            method=method,
            headers=headers,
            body=body,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            decompress_response=False,
            **PATIENT_HTTP,
        )
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    async def get(self, path: str, **options: Any) -> Any:
        answer = await self.fetch("GET", path, **options)
        assert answer.code == 200, (answer.code, answer.body)
        return json.loads(answer.body)

    async def say(self, call_sid: str, segment_id: str, content: str, **more: Any) -> dict:
        """Post one transcript; by default a final of the customer."""
        data = {"segment_id": segment_id, "content": content, "speaker": "user"} | more
        is_spoken(content)
        return await self._tell(f"/api/v1/calls/sid/{call_sid}/transcripts", data)

    async def end(self, call_sid: str, status: str = "completed", **more: Any) -> None:
        await self._tell(f"/api/v1/calls/sid/{call_sid}/status", {"status": status} | more)

    async def _tell(self, path: str, data: dict) -> dict:
        """Post as a producer does: what a server that is too busy refuses for now is said again."""
        async with asyncio.timeout(PATIENCE_S):
            while (answer := await self.fetch("POST", path, data)).code == 503:
                await asyncio.sleep(0.2)
        assert answer.code in (200, 201), (answer.code, answer.body)
        return json.loads(answer.body)

    # ── sockets ──────────────────────────────────────────────────────────────────────────────────────────────

    def websocket(self, path: str, **options: Any) -> Any:
        """An independent client's connection (the `websockets` package), as an async context manager."""
        options = {"open_timeout": PATIENCE_S} | options
        return websockets.connect("ws" + self.url.removeprefix("http") + path, **options)

    @asynccontextmanager
    async def watch(self, call_sid: str, query: str = "", *, key: str | None = None) -> AsyncIterator["Watcher"]:
        token = key or self.key
        async with self.websocket(f"/live-transcript/{call_sid}?token={token}{query}") as socket:
            yield Watcher(socket)

    @asynccontextmanager
    async def produce(self, key: str | None = None) -> AsyncIterator["Watcher"]:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        async with self.websocket("/ingest", additional_headers=headers) as socket:
            yield Watcher(socket)


class Watcher:
    """One socket: what it got so far is in `seen`."""

    def __init__(self, socket: Any):
        self.socket = socket
        self.seen: list[dict] = []

    async def next(self) -> dict:
        message = json.loads(await self.socket.recv())
        self.seen.append(message)
        return message

    async def until(self, type_: str) -> dict:
        """The next message of this type; those before it are in `seen`."""
        while (message := await self.next())["type"] != type_:
            pass
        return message

    async def history(self) -> list[dict]:
        """Everything up to and with `history_complete`."""
        await self.until("history_complete")
        return self.seen

    async def to_the_end(self) -> int:
        """Read until the server closes; its close code."""
        try:
            while True:
                await self.next()
        except websockets.ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006

    async def send(self, message: dict | str) -> None:
        if isinstance(message, dict) and isinstance(data := message.get("data"), dict):
            is_spoken(data.get("content"))
        await self.socket.send(message if isinstance(message, str) else json.dumps(message))

    @property
    def transcripts(self) -> list[dict]:
        return [message for message in self.seen if message["type"] == "transcript"]

    @property
    def seqs(self) -> list[int]:
        return [message["seq"] for message in self.transcripts if "seq" in message]


@asynccontextmanager
async def open_house(
    database_url: str, clock: Clock | None = None, handed: Handed = NOTHING, **settings: Any
) -> AsyncIterator[House]:
    """A server on a free port of the loopback address, not yet furnished."""
    flags = {"port": "0", "address": "127.0.0.1", "database_url": database_url, "shutdown_grace": "1"}
    flags |= {name: str(value) for name, value in settings.items()}
    clock = clock or Clock()
    async with running(read_settings(Namespace(**flags), {}), clock=clock, handed=handed) as server:
        yield House(server, clock, database_url)
