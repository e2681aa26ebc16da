"""Watches one call with the `aiohttp` package; the order is the argument, what happens is a line of JSON each."""

import asyncio
import json
import sys
from typing import Any

import aiohttp
from aiohttp import WSMsgType


def tell(**line: Any) -> None:
    print(json.dumps(line), flush=True)


async def watch(order: dict) -> None:
    options = {"headers": order["headers"], "protocols": order["subprotocols"], "autoping": False}
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(order["url"], compress=15, **options) as socket,
    ):
        tell(open={"subprotocol": socket.protocol or "", "is_compressed": bool(socket.compress)})
        if order["ping"]:
            await socket.ping(order["ping"].encode())
        async for frame in socket:
            if frame.type is WSMsgType.TEXT:
                tell(message=json.loads(frame.data))
            elif frame.type is WSMsgType.PONG:
                tell(pong=frame.data.decode())
            elif frame.type is WSMsgType.PING:
                await socket.pong(frame.data)
        tell(close={"code": socket.close_code, "reason": None})  # it keeps the reason to itself


asyncio.run(watch(json.loads(sys.argv[1])))
