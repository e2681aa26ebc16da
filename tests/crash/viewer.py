"""Someone who watches one call to its end, and comes back after each death of the server where it was."""

import asyncio
import json
import random
from urllib.parse import urlencode

import websockets

from tests.crash.journal import Line, Violation, see
from tests.crash.load import AGAIN_S, AWAY, Place


class Viewer:
    def __init__(self, place: Place, call_sid: str, page: list[Line], chance: random.Random):
        self._place, self._call_sid, self._page, self._chance = place, call_sid, page, chance
        self._epoch: str | None = None

    async def run(self) -> None:
        while True:
            query = {"token": self._place.key}
            if self._page:
                query |= {"after": str(self._page[-1].seq), "epoch": self._epoch}
            address = f"ws{self._place.url.removeprefix('http')}/live-transcript/{self._call_sid}?{urlencode(query)}"
            try:
                async with websockets.connect(address) as socket:
                    await self._read(socket)
                if socket.close_code == 1000 and socket.close_reason == "call ended":
                    return
            except AWAY:
                pass
            await asyncio.sleep(self._chance.uniform(AGAIN_S, 10 * AGAIN_S))

    async def _read(self, socket) -> None:
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "connection_established":
                self._epoch = message["epoch"]
                if not message["recovered"]:
                    raise Violation(f"{self._call_sid}: the server lost seq {self._page[-1].seq}, which it had shown")
            elif message["type"] == "transcript" and "seq" in message:
                data = message["data"]
                see(self._call_sid, self._page, Line(message["seq"], data["segment_id"], data["content"]))
                if self._chance.random() < 0.002:
                    await socket.close()  # its own network is not perfect either
