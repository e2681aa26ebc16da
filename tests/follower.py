"""A viewer as clients in the world are: it drops, comes back where it was, and must end with the whole call."""

import asyncio
import json
import random

import websockets

from patience import PATIENCE_S

MAX_ATTEMPTS = 400


class Follower:
    """Watches one call to its end, resuming after each drop, and checks order and repeats; `log` is its memory."""

    def __init__(
        self,
        url: str,
        call_sid: str,
        key: str,
        *,
        chance: random.Random | None = None,
        drops: int = 0,
        reading_s: float = 0,  # what it takes over each message
    ):
        self.url, self.call_sid, self.key, self._reading_s = url, call_sid, key, reading_s
        self._chance, self._drops_left = chance or random.Random(0), drops
        self.log: dict[int, dict] = {}  # seq → data
        self.interims: dict[str, list[dict]] = {}  # segment_id → data, as they came
        self.statuses: list[str] = []
        self.recovered: list[bool] = []
        self.epoch = None
        self.is_over = False

    async def run(self) -> "Follower":
        for _ in range(MAX_ATTEMPTS):
            try:
                await self._connection()
            except (OSError, websockets.InvalidHandshake, websockets.InvalidMessage):
                await asyncio.sleep(0.02)  # the server is restarting
            if self.is_over:
                return self
        raise AssertionError(f"{self.call_sid}: not over after {MAX_ATTEMPTS} connections")

    async def _connection(self) -> None:
        query = f"?token={self.key}"
        if self.log:
            query += f"&after={max(self.log)}&epoch={self.epoch}"
        base = "ws" + self.url.removeprefix("http")
        address = f"{base}/live-transcript/{self.call_sid}{query}"
        async with websockets.connect(address, open_timeout=PATIENCE_S) as socket:
            drop_after = self._chance.randrange(1, 40) if self._drops_left else None
            expected = max(self.log, default=0) + 1
            try:
                async for text in socket:
                    expected = self._take(json.loads(text), expected)
                    if self._reading_s:
                        await asyncio.sleep(self._reading_s)
                    if drop_after is not None and (drop_after := drop_after - 1) <= 0:
                        self._drops_left -= 1
                        if self._chance.random() < 0.5:
                            socket.transport.abort()  # as a lost network; else a clean close
                        return
                self.is_over = True  # `async for` ends at 1000, and at 1001
                if socket.close_code != 1000:
                    self.is_over = False
            except websockets.ConnectionClosedError as closed:
                if closed.rcvd is not None and closed.rcvd.code == 1008:
                    return  # not there yet: comes again

    def _take(self, message: dict, expected: int) -> int:
        kind = message["type"]
        if kind == "connection_established":
            self.epoch = message["epoch"]
            self.recovered.append(message["recovered"])
            assert message["recovered"], "the server lost what it had acknowledged"
        elif kind == "call_status":
            if not self.statuses or self.statuses[-1] != message["status"]:
                self.statuses.append(message["status"])
        elif kind == "transcript" and "seq" not in message:
            data = message["data"]
            self.interims.setdefault(data["segment_id"], []).append(data)
        elif kind == "transcript":
            assert message["seq"] == expected, f"{self.call_sid}: seq {message['seq']} where {expected} was due"
            assert message["seq"] not in self.log
            self.log[message["seq"]] = message["data"]
            return expected + 1
        return expected

    def spoken(self) -> list[dict]:
        """What its screen shows at the end: the last entry of each segment, in speaking order."""
        latest: dict[str, tuple[int, dict]] = {}
        for seq, data in sorted(self.log.items()):
            latest[data["segment_id"]] = (seq, data)
        shown = sorted(latest.values(), key=lambda entry: (entry[1]["segment_start"], entry[0]))
        return [data for _, data in shown]
