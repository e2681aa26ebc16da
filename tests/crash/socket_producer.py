"""The producer socket under load: many calls, bursts, interims in between, acks much later than what they are for."""

import asyncio
import json

import websockets

from tests.crash.journal import Violation
from tests.crash.load import AGAIN_S, AWAY, BURSTS, UNACKNOWLEDGED, Load, Producer


class SocketProducer(Producer):
    def __init__(self, load: Load, name: str):
        super().__init__(load, name)
        self._unacknowledged: dict[str, dict] = {}  # by id, in order
        self._news = asyncio.Event()
        self._id = 0

    async def run(self) -> None:
        place = self.load.place
        options = {"additional_headers": self.load.headers, "ssl": place.tls}
        while not (self.load.is_over and not self.calls and not self._unacknowledged):
            try:
                async with websockets.connect(place.websocket_url + "/ingest", **options) as socket:
                    reading = asyncio.create_task(self._read(socket))
                    try:
                        await self._write(socket, reading)
                    finally:
                        reading.cancel()
            except AWAY:
                await asyncio.sleep(AGAIN_S)

    async def _write(self, socket, reading: asyncio.Task) -> None:
        for message in list(self._unacknowledged.values()):
            await socket.send(json.dumps(message))
        while not (self.load.is_over and not self.calls):
            for _ in range(0 if self.load.is_over else self.load.chance.choice(BURSTS)):
                await self._say(socket)
            self.load.burst.set()
            await self._until(UNACKNOWLEDGED, reading)
            if self.load.is_over or any(said >= self.load.longest_call for said in self.calls.values()):
                await self._until(1, reading)  # the end of a call comes after everything said in it
                ends = [self._message("call_status", sid, {"status": "completed"}) for sid in self.finished_calls()]
                for message in ends:  # all are made before the first may fail: each is sent again until it is heard
                    await socket.send(json.dumps(message))
            await self.pause()
        await self._until(1, reading)

    async def _say(self, socket) -> None:
        call_sid, segment_id, content = self.next_final()
        if self.load.chance.random() < 0.3:
            interim = {"segment_id": segment_id + "i", "speaker": "user", "content": "interim", "is_final": False}
            await socket.send(json.dumps({"type": "transcript", "call_sid": call_sid, "data": interim}))
        data = {"segment_id": segment_id, "speaker": "user", "content": content}
        await socket.send(json.dumps(self._message("transcript", call_sid, data)))

    def _message(self, kind: str, call_sid: str, data: dict) -> dict:
        """One that is to be acknowledged."""
        self._id += 1
        message = {"type": kind, "id": str(self._id), "call_sid": call_sid, "data": data}
        self._unacknowledged[message["id"]] = message
        return message

    async def _until(self, fewer_than: int, reading: asyncio.Task) -> None:
        """Wait for acks. Raises what ended the reading."""
        while len(self._unacknowledged) >= fewer_than:
            self._news.clear()
            waiting = asyncio.create_task(self._news.wait())
            await asyncio.wait([waiting, reading], return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if reading.done():
                reading.result()

    async def _read(self, socket) -> None:
        while True:
            answer = json.loads(await socket.recv())
            if answer["type"] == "error":
                if answer.get("retryable"):
                    self.load.refused += 1
                    raise ConnectionError(answer["message"])  # come again, and send it again
                raise Violation(f"a producer was told {answer}")
            message = self._unacknowledged.pop(answer["id"])
            if message["type"] == "transcript":
                self.load.promise(message["call_sid"], message["data"]["content"], answer["seq"])
            self._news.set()
