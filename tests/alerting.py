"""Rules for the tests of alerts, and a program that takes deliveries."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from house import House
from models import alert_rules, alert_targets
from patience import PATIENCE_S
from rules.rule import Rule


async def make_rule(house: House, name: str, kind: str, text: str = "", **more: Any) -> Rule:
    """A rule of the house's organisation, or of `organization_id`, in force by now."""
    organization_id = more.pop("organization_id", house.organization_id)
    rule = Rule(name=name, kind=kind, text=text, **more)
    id_ = await house.store.write(alert_rules.create, house.clock(), organization_id, rule)
    await house.services.alert_rules.poll()
    return await named(house, organization_id, id_)


async def named(house: House, organization_id: int, id_: int) -> Rule:
    return (await house.store.read(alert_rules.one, organization_id, id_)).rule


async def make_target(house: House, url: str, *, with_text: bool = False) -> str:
    """The secret of a new target."""
    args = (house.clock(), house.organization_id, url, with_text)
    _, secret = await house.store.write(alert_targets.create, *args)
    return secret


def alerts_of(seen: list[dict]) -> list[dict]:
    return [message["data"] for message in seen if message["type"] == "alert"]


class Receiver:
    """Takes deliveries at `url`; answers what stands next in `answers`, then 204."""

    def __init__(self, url: str):
        self.url = url
        self.answers: list[int] = []
        self.got: asyncio.Queue[tuple[dict, bytes]] = asyncio.Queue()

    async def next(self) -> tuple[dict, dict, bytes]:
        """(headers, message, body) of the next delivery."""
        headers, body = await asyncio.wait_for(self.got.get(), PATIENCE_S)
        return headers, json.loads(body), body


class _Taking(RequestHandler):
    def initialize(self, receiver: Receiver) -> None:
        self.receiver = receiver

    def post(self) -> None:
        self.receiver.got.put_nowait((dict(self.request.headers), self.request.body))
        status = self.receiver.answers.pop(0) if self.receiver.answers else 204
        self.set_status(status)
        if status == 302:
            self.set_header("Location", "/elsewhere")

    def log_exception(self, *args: Any) -> None:
        raise AssertionError("the receiver failed")


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    (socket,) = bind_sockets(0, "127.0.0.1")
    receiver = Receiver(f"http://127.0.0.1:{socket.getsockname()[1]}/alerts")
    server = HTTPServer(Application([(r"/.*", _Taking, {"receiver": receiver})], log_function=lambda handler: None))
    server.add_sockets([socket])
    try:
        yield receiver
    finally:
        server.stop()
        await server.close_all_connections()


@asynccontextmanager
async def answering(answer: bytes = b"") -> AsyncIterator[str]:
    """The address of a receiver that says just this, or nothing, and then keeps the line open."""
    writers: list[asyncio.StreamWriter] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.write(answer)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        for writer in writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
        await server.wait_closed()
