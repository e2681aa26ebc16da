"""Someone who watches one call to its end, and comes back after each death of the server where it was."""

import asyncio
import json
import random
from urllib.parse import urlencode

import websockets

from tests.crash.journal import Line, Violation, see
from tests.crash.load import AGAIN_S, AWAY, Place


class Viewer:
    """`drops`: how probable it is, at each entry, that its own network fails."""

    def __init__(self, place: Place, call_sid: str, page: list[Line], chance: random.Random, *, drops: float = 0.002):
        self._place, self.call_sid, self._page, self._chance = place, call_sid, page, chance
        self._drops = drops
        self._epoch: str | None = None
        self.times_let_in = 0

    async def run(self) -> None:
        while True:
            query = {"token": self._place.key}
            if self._page:
                query |= {"after": str(self._page[-1].seq), "epoch": self._epoch}
            address = f"{self._place.websocket_url}/live-transcript/{self.call_sid}?{urlencode(query)}"
            try:
                async with websockets.connect(address, ssl=self._place.tls) as socket:
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
                self.times_let_in += 1
                if not message["recovered"]:
                    raise Violation(f"{self.call_sid}: the server lost seq {self._page[-1].seq}, which it had shown")
            elif message["type"] == "transcript" and "seq" in message:
                data = message["data"]
                see(self.call_sid, self._page, Line(message["seq"], data["segment_id"], data["content"]))
                if self._chance.random() < self._drops:
                    socket.transport.abort()
