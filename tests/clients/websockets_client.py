"""Watches one call with the `websockets` package; the order is the argument, what happens is a line of JSON each."""

import asyncio
import json
import sys
from typing import Any

import websockets


def tell(**line: Any) -> None:
    print(json.dumps(line), flush=True)


async def watch(order: dict) -> None:
    options = {"additional_headers": order["headers"], "subprotocols": order["subprotocols"] or None}
    async with websockets.connect(order["url"], open_timeout=100, **options) as socket:
        is_compressed = bool(socket.protocol.extensions)
        tell(open={"subprotocol": socket.subprotocol or "", "is_compressed": is_compressed})
        if order["ping"]:
            pong = await socket.ping(order["ping"])
            pong.add_done_callback(lambda _: tell(pong=order["ping"]))
        try:
            while True:
                tell(message=json.loads(await socket.recv()))
        except websockets.ConnectionClosed:
            tell(close={"code": socket.close_code, "reason": socket.close_reason})


asyncio.run(watch(json.loads(sys.argv[1])))
