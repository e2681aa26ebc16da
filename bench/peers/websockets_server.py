"""The `websockets` library: its own `broadcast` of a text made once."""

import asyncio
import json
from collections import defaultdict

import publishing
from websockets.asyncio.server import ServerConnection, broadcast, serve

viewers: dict[str, set[ServerConnection]] = defaultdict(set)


async def watch(socket: ServerConnection) -> None:
    call_sid = socket.request.path.partition("?")[0].rpartition("/")[2]
    viewers[call_sid].add(socket)
    try:
        await socket.wait_closed()
    finally:
        viewers[call_sid].discard(socket)


async def main() -> None:
    async with serve(watch, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=1024) as server:
        publish = lambda call, n: broadcast(viewers[f"C{call}"], json.dumps(publishing.event(call, n)))  # noqa: E731
        await publishing.obey(server.sockets[0].getsockname()[1], publish)


asyncio.run(main())
