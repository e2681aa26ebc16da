"""How long a viewer waits for the next word when something dies, stands still or is restarted (bench/nodes.py)."""

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlencode

import websockets
from nodes_setup import Board, board

from tests.crash.load import AGAIN_S, AWAY, Place

EVERY_S = 0.05  # a final
AWAY_S = 5.0  # from the fault until it is mended
PATIENCE_S = 60
ESTABLISHED = "01"
Figures = dict[str, float]


class Producer:
    """Says an interim and a final again and again, and after it was thrown out all that was not acknowledged."""

    def __init__(self, place: Place, call_sid: str):
        self._place, self._call_sid = place, call_sid
        self.sent_at: list[float] = []  # of each final, when it was first due
        self._unanswered: dict[int, None] = {}
        self.is_over = False

    @property
    def words(self) -> int:
        return len(self.sent_at) - len(self._unanswered)

    async def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._place.key}"}
        address = self._place.websocket_url + "/ingest"
        while not (self.is_over and not self._unanswered):
            try:
                async with websockets.connect(address, additional_headers=headers, ssl=self._place.tls) as socket:
                    for number in list(self._unanswered):
                        await self._say(socket, number, True)
                    async with asyncio.TaskGroup() as both:
                        both.create_task(self._speak(socket))
                        both.create_task(self._read(socket))
            except* AWAY:
                pass
            await asyncio.sleep(AGAIN_S)

    async def _speak(self, socket) -> None:
        while not self.is_over:
            number = len(self.sent_at)
            self.sent_at.append(time.monotonic())
            self._unanswered[number] = None
            await self._say(socket, number, False)
            await self._say(socket, number, True)
            await asyncio.sleep(EVERY_S)

    async def _say(self, socket, number: int, is_final: bool) -> None:
        said = {"segment_id": f"s{number}", "speaker": "user", "content": f"word {number}", "is_final": is_final}
        message = {"type": "transcript", "id": f"{number} {is_final}", "call_sid": self._call_sid, "data": said}
        await socket.send(json.dumps(message))

    async def _read(self, socket) -> None:
        while self._unanswered or not self.is_over:
            answer = json.loads(await socket.recv())
            if answer["type"] != "ack":
                raise ConnectionError(answer)  # come again
            number, _, is_final = answer["id"].partition(" ")
            if is_final == "True":
                self._unanswered.pop(int(number), None)


class Viewer:
    """Notes when each word came, and comes back at once where it was."""

    def __init__(self, place: Place, call_sid: str):
        self._place, self._call_sid = place, call_sid
        self.finals: dict[int, float] = {}  # by their number
        self.interims: dict[int, float] = {}
        self.times_let_in = 0

    @property
    def words(self) -> int:
        return len(self.finals)

    async def run(self) -> None:
        seq = 0
        while True:
            address = f"{self._place.websocket_url}/live-transcript/{self._call_sid}?"
            address += urlencode({"token": self._place.key, "after": seq})
            try:
                async with websockets.connect(address, ssl=self._place.tls, open_timeout=PATIENCE_S) as socket:
                    async for text in socket:
                        message, at = json.loads(text), time.monotonic()
                        self.times_let_in += message["type"] == "history_complete"
                        if message["type"] == "transcript":
                            number = int(message["data"]["content"].split()[1])
                            if message["data"]["is_final"]:
                                seq = message["seq"]
                                self.finals.setdefault(number, at)
                            else:
                                self.interims.setdefault(number, at)
            except AWAY:
                pass
            await asyncio.sleep(AGAIN_S)


Change = Callable[[], Awaitable[None]]


def kinds(on: Board, viewers: int, producers: int) -> dict[str, tuple[Change, Change]]:
    """By what the table calls it: how it begins, and how it is mended; the nodes are those of the two."""
    nodes, redis, postgres = on.nodes, on.redis, on.postgres

    def thread(work: Callable[[], None]) -> Change:
        return lambda: asyncio.to_thread(work)

    async def restart_postgres() -> None:
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(postgres.start)

    async def nothing() -> None: ...

    return {
        "kill -9 of the viewer's node": (nodes[viewers].kill, lambda: nodes.start(viewers)),
        "kill -9 of the producer's node": (nodes[producers].kill, lambda: nodes.start(producers)),
        "SIGTERM to the viewer's node": (nodes[viewers].stop, lambda: nodes.start(viewers)),
        "SIGTERM to the producer's node": (nodes[producers].stop, lambda: nodes.start(producers)),
        "Redis stopped": (thread(redis.stop), thread(redis.start)),
        "Redis frozen": (thread(redis.freeze), thread(redis.thaw)),
        "PostgreSQL restarted": (restart_postgres, nothing),
    }


async def faults(rounds: int, seconds: float) -> dict[str, list[Figures]]:
    """By fault: `next_s` until the first final that was said after it, `longest_s` between two of the finals in the
    seconds until it was mended, `returns` of the viewer, `interims_s` from then until unfinished words come again."""
    found: dict[str, list[Figures]] = {}
    numbers = itertools.count()
    async with board(3, shutdown_grace=5) as on:
        for _ in range(rounds):
            for fault in kinds(on, 0, 0):
                found.setdefault(fault, []).append(await _one(on, fault, f"F{next(numbers)}"))
    return found


async def _one(on: Board, fault: str, call_sid: str) -> Figures:
    producer, viewer = Producer(on.nodes.place, call_sid), Viewer(on.nodes.place, call_sid)
    async with asyncio.timeout(4 * PATIENCE_S), _on_two_nodes(on, producer, viewer) as where:
        begin, mend = kinds(on, *where)[fault]
        times, began = viewer.times_let_in, time.monotonic()
        beginning = asyncio.ensure_future(begin())
        await asyncio.sleep(AWAY_S)
        await beginning
        mended = time.monotonic()
        await mend()
        is_up = time.monotonic()
        await on.nodes.are_ready()
        first = next(number for number, at in enumerate(producer.sent_at) if at >= began)
        await _until(lambda: any(number >= first for number in viewer.finals))
        figures = {"next_s": min(at for number, at in viewer.finals.items() if number >= first) - began}
        if "Redis" in fault:
            await _until(lambda: any(at > is_up and producer.sent_at[n] > is_up for n, at in viewer.interims.items()))
            figures["interims_s"] = min(at for n, at in viewer.interims.items() if producer.sent_at[n] > is_up) - is_up
        producer.is_over = True
        await _until(lambda: len(viewer.finals) == len(producer.sent_at))
        until = max(mended, began + figures["next_s"]) + 1
        came = sorted(at for at in viewer.finals.values() if began - 1 < at < until)
        figures["longest_s"] = max(later - sooner for sooner, later in itertools.pairwise(came))
        return figures | {"returns": viewer.times_let_in - times}


@asynccontextmanager
async def _on_two_nodes(on: Board, producer: Producer, viewer: Viewer):
    """Both at work through the proxy, each on a node of its own: (the viewer's, the producer's)."""
    ports = [int(node.url.rpartition(":")[2]) for node in on.nodes]
    async with _at_work(producer, ports) as producers:
        while True:
            async with _at_work(viewer, ports) as viewers:
                if viewers != producers:
                    yield viewers, producers
                    return


@asynccontextmanager
async def _at_work(client: Producer | Viewer, ports: Sequence[int]):
    """The number of the node that it came to."""
    before, words = _clients(ports), client.words
    task = asyncio.create_task(client.run())
    try:
        await _until(lambda: task.done() or client.words > words + 3)
        while True:
            new = [now - then for now, then in zip(_clients(ports), before, strict=True)]
            await asyncio.sleep(0.3)  # by then those who only ask for health have gone
            stayed = [those & now for those, now in zip(new, _clients(ports), strict=True)]
            if sum(map(len, stayed)) == 1:
                break
        yield stayed.index(max(stayed, key=len))
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _clients(ports: Sequence[int]) -> list[set[str]]:
    """Of each of these ports, who is connected to it."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return [{row[2] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == ESTABLISHED} for port in ports]


async def _until(is_so: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not is_so():  # noqa: ASYNC110 — of many things, in other tasks and in the kernel
            await asyncio.sleep(0.01)
