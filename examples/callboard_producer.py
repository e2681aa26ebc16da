"""Feed calls to Callboard from an asyncio program: a class to copy (`pip install websockets`).

    async with Producer("https://calls.example.com", key) as producer:  # the key needs the scope `ingest`
        producer.call("CA123", direction="inbound")
        producer.transcript("CA123", "s-1", "user", "Is my bike ready?")
        producer.status("CA123", "completed")

Nothing waits for the network but `drain` and `close`: who says something goes on at once, whatever the server does.
"""

import asyncio
import contextlib
import itertools
import json
import logging
import random
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

BUFFERED = 10_000  # messages that may wait for an ack: what a hundred calls say in ten minutes
IN_FLIGHT = 100  # of them sent: a round trip's worth
MESSAGE_BYTES = 1 << 20  # a longer one would end every connection
BACKOFF_MAX_S = 10  # a call goes on meanwhile
FATAL = (1002, 1003, 1007, 1009)  # close codes after which the same again would fail the same way

log = logging.getLogger("callboard_producer")
_wire = logging.getLogger("callboard_producer.wire")
_wire.setLevel(logging.INFO)  # at DEBUG, websockets would write down the key and every word


class NotTaken(Exception):
    """This was not kept and will not be sent: the buffer is full, or the producer is stopped or closed."""


class _Kept(NamedTuple):
    type: str
    call_sid: str
    segment_id: str | None
    text: str


class Producer:
    """Sends what is said on any number of calls; for one event loop.

    Finals, facts and states are kept until the server has stored them, and sent again, in order, after whatever breaks
    the connection; each is stored once. None is dropped in silence: where `limit` messages wait, interims go first,
    and then NotTaken is raised. Interims are sent once, the newest of each segment; `dropped_interims` counts the rest.
    What the server will never take is dropped, logged, and told to `on_refused`, by its ids and without its words.
    """

    def __init__(self, url: str, key: str, *, limit: int = BUFFERED, on_refused: Callable[[dict], None] | None = None):
        """Connects with the first message."""
        self._address = url.rstrip("/").replace("http", "ws", 1) + "/ingest"
        headers = {"Authorization": f"Bearer {key}"}  # in the address, every proxy would log it
        self._options = {"additional_headers": headers, "logger": _wire, "ping_timeout": 10, "close_timeout": 2}
        self._limit, self._on_refused = limit, on_refused
        self._numbers = itertools.count(1)  # the order of all that is said, and the ids of what is kept
        self._waiting: OrderedDict[int, _Kept] = OrderedDict()
        self._in_flight: OrderedDict[int, _Kept] = OrderedDict()  # sent on this connection
        self._interims: OrderedDict[tuple[str, str], tuple[int, str]] = OrderedDict()  # by segment: number, text
        self._news, self._is_quiet = asyncio.Event(), asyncio.Event()  # something to send; nothing left to wait for
        self._running: asyncio.Task | None = None
        self._error: dict[str, Any] = {}  # what the server said of this connection
        self._failures, self._is_closed = 0, False
        self.dropped_interims = 0
        self.stopped: str | None = None  # why the server lets us in no more: authentication_failed …

    def call(self, call_sid: str, **facts: Any) -> None:
        """What is known of assistant, direction, from_number, to_number, provider, status, started_at, metadata.
        This and the next two raise NotTaken, and ValueError for what is no JSON or over 1 MiB."""
        self._keep("call", call_sid, facts)

    def transcript(
        self, call_sid: str, segment_id: str, speaker: str, content: str, *, is_final: bool = True, **more: Any
    ) -> None:
        """`speaker` is "user" or "assistant"; `more`: confidence (0–1), segment_start and segment_end (s from the
        answer), language, revision, created_at. The second final of a segment corrects the first."""
        said = {"segment_id": segment_id, "speaker": speaker, "content": content, "is_final": is_final} | more
        said.setdefault("created_at", datetime.now(UTC).isoformat())  # it may be sent much later
        if is_final:
            self._keep("transcript", call_sid, said)
            self._interims.pop((call_sid, segment_id), None)
        else:
            self._pass((call_sid, segment_id), _encoded("transcript", call_sid, said))

    def status(self, call_sid: str, status: str, **more: Any) -> None:
        """in-progress, completed, failed, busy …; `more`: reason, duration (whole s)."""
        self._keep("call_status", call_sid, {"status": status} | more)

    @property
    def unacknowledged(self) -> int:
        """How many finals, facts and states are not known to be stored."""
        return len(self._waiting) + len(self._in_flight)

    async def drain(self, timeout_s: float = 30) -> bool:
        """True once everything said so far is stored; False where that takes too long, or will never be."""
        self._look()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._is_quiet.wait()
        return not self.unacknowledged

    async def close(self, timeout_s: float = 30) -> bool:
        """Take nothing more, send everything, disconnect; False where something was not stored."""
        self._is_closed = True
        is_drained = await self.drain(timeout_s)
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
        if not is_drained:
            log.error("%d messages were not acknowledged, and are given up", self.unacknowledged)
        return is_drained

    async def __aenter__(self) -> "Producer":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    def _keep(self, type_: str, call_sid: str, data: dict[str, Any]) -> None:
        number = next(self._numbers)
        text = _encoded(type_, call_sid, data, id=number)
        if not self._has_room():
            raise NotTaken(f"{self._limit} messages are not acknowledged yet")
        self._waiting[number] = _Kept(type_, call_sid, data.get("segment_id"), text)
        self._look()

    def _pass(self, segment: tuple[str, str], text: str) -> None:
        self.dropped_interims += self._interims.pop(segment, None) is not None
        if not self._has_room():
            self.dropped_interims += 1
            return
        self._interims[segment] = next(self._numbers), text
        self._look()

    def _has_room(self) -> bool:
        """Room for one more, at the cost of the oldest interim if need be. Raises NotTaken."""
        if self.stopped or self._is_closed:
            raise NotTaken(self.stopped or "the producer is closed")
        if self.unacknowledged + len(self._interims) < self._limit:
            return True
        if self._interims:
            self._interims.popitem(last=False)
            self.dropped_interims += 1
        return self.unacknowledged + len(self._interims) < self._limit

    def _look(self) -> None:
        """Something has changed: see to it that what there is is sent, or `drain` knows that nothing is."""
        if self.stopped or not (self.unacknowledged or self._interims):
            self._is_quiet.set()
            return
        self._is_quiet.clear()
        self._news.set()
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())

    def _next(self) -> str | None:
        """What to send now, in the order in which it was said; None where there is nothing, or acks come first."""
        number = next(iter(self._waiting), None)
        segment = next(iter(self._interims), None)
        if segment is not None and (number is None or self._interims[segment][0] < number):
            return self._interims.pop(segment)[1]
        if number is None or len(self._in_flight) >= IN_FLIGHT or self._must_wait(self._waiting[number]):
            return None
        kept = self._in_flight[number] = self._waiting.pop(number)
        return kept.text

    def _must_wait(self, kept: _Kept) -> bool:
        """A correction waits until what it corrects is stored, and a state for all of its call that was said before:
        the server may have to put off one message and take the next. Other sentences need not wait for each other."""
        near = [other.segment_id for other in self._in_flight.values() if other.call_sid == kept.call_sid]
        return bool(near) and (kept.segment_id is None or None in near or kept.segment_id in near)

    async def _run(self) -> None:
        while not self.stopped:
            self._error = {}
            self._waiting = OrderedDict(self._in_flight | self._waiting)
            self._in_flight.clear()
            try:
                async with connect(self._address, **self._options) as socket, asyncio.TaskGroup() as group:
                    group.create_task(self._send(socket))
                    group.create_task(self._read(socket))
            except* Exception as problems:  # whatever it was: what is kept will be sent again
                self._judge(problems.exceptions[0])
            if not self.stopped:
                # Random, so that a thousand bots do not come back to a restarted server in the same instant.
                delay_s = random.random() * min(BACKOFF_MAX_S, 0.5 * 2**self._failures)
                self._failures = min(self._failures + 1, 10)
                await asyncio.sleep(self._error.get("retry_after", 0) + delay_s)
        log.error("stopped: %s; %d messages were not stored", self.stopped, self.unacknowledged)
        self._look()

    async def _send(self, socket: ClientConnection) -> None:
        while True:
            self._news.clear()
            while (text := self._next()) is not None:
                await socket.send(text)
            if not (self.unacknowledged or self._interims):
                self._is_quiet.set()
            await self._news.wait()

    async def _read(self, socket: ClientConnection) -> None:
        while True:
            answer = json.loads(await socket.recv())
            if answer["type"] == "ack":
                self._in_flight.pop(answer["id"], None)
                self._failures = 0
            elif answer["type"] == "error" and "id" not in answer:
                self._error = answer  # the connection will be closed
            elif answer["type"] == "error":
                self._hear_error(answer, self._in_flight.get(answer["id"]))
            self._news.set()

    def _hear_error(self, answer: dict[str, Any], kept: _Kept | None) -> None:
        """Of one message: an interim if it is not `kept`."""
        if answer["retryable"]:
            if kept is not None:
                self._error = answer
                raise ConnectionError(answer["error"])  # come again, and send it before what was said after it
            return
        self._in_flight.pop(answer["id"], None)
        ids = dict(zip(_Kept._fields[:3], kept, strict=False)) if kept else {"type": "transcript", "is_final": False}
        refusal = ids | {"error": answer["error"], "field": answer.get("field")}
        log.warning("refused: %s", refusal)
        if self._on_refused is not None:
            self._on_refused(refusal)

    def _judge(self, problem: Exception) -> None:
        """Whether to come again after this, and not before when."""
        if isinstance(problem, ConnectionClosed):
            code = problem.rcvd.code if problem.rcvd else 1006
            if code in FATAL or (code == 1008 and not self._error.get("retryable")):
                self.stopped = self._error.get("error", f"closed with {code}")
        elif isinstance(problem, InvalidStatus) and problem.response.headers.get("Retry-After", "").isdecimal():
            self._error = {"retry_after": int(problem.response.headers["Retry-After"])}
        if not self._failures:
            log.warning("no connection (%s); %d messages wait", type(problem).__name__, self.unacknowledged)


def _encoded(type_: str, call_sid: str, data: dict[str, Any], **more: Any) -> str:
    text = json.dumps({"type": type_, "call_sid": call_sid, "data": data} | more, allow_nan=False)
    if len(text) > MESSAGE_BYTES:
        raise ValueError(f"A message may have {MESSAGE_BYTES} bytes, and this one has {len(text)}")
    return text
