"""The producer socket: any number of calls over one connection, an ack for each message once it is stored."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
from functools import partial
from typing import Any

from tornado.iostream import IOStream

from events import Refused, Transcript, Unavailable, encode
from handlers.frames import frame
from handlers.ingest_deepgram import DeepgramFeed
from handlers.services import Services
from handlers.token_socket import Opening, Refusal, TokenSocket, TokenSocketHandler
from models.heard import Recorded
from sources import producer

MAX_MESSAGE_BYTES = 1 << 20
MAX_UNACKNOWLEDGED = 500  # then reading waits: more in flight than two commits take only makes a queue
MAX_UNSENT_BYTES = 64 * 1024  # of answers that the producer does not read: about 1,000; then reading waits, too

log = logging.getLogger(__name__)


class IngestHandler(TokenSocketHandler):
    """WS /ingest: `call`, `transcript` and `call_status` messages in; `ack` or `error` out, in their order."""

    def connected(self, stream: IOStream) -> None:
        IngestSocket(self.services, stream, self.opening())


class _Taken:
    """One message: what it is answered with, once `storing` is done."""

    __slots__ = ("answer", "id", "storing")

    def __init__(self) -> None:
        self.id: Any = None
        self.storing: asyncio.Future[Recorded | None] | None = None
        self.answer: dict[str, Any] | None = None

    @property
    def is_ready(self) -> bool:
        return self.storing is None or self.storing.done()


class IngestSocket(TokenSocket):
    __slots__ = ("_address", "_deepgram", "_has_room", "_is_answering", "_unanswered")

    kind = "producer"

    def __init__(self, services: Services, stream: IOStream, opening: Opening):
        self._unanswered: deque[_Taken] = deque()  # in order of arrival
        self._is_answering = False
        self._deepgram: DeepgramFeed | None = None  # from its first message on
        self._has_room = asyncio.Event()
        super().__init__(services, stream, opening, max_message_bytes=MAX_MESSAGE_BYTES)

    async def admit(self, opening: Opening) -> None:
        grant = await self.authenticate(opening)
        if not grant.may("ingest"):
            raise Refusal("access_denied", "The key lacks the scope 'ingest'.")
        self.grant, self._address = grant, opening.address
        self.services.gate.enter(self)

    def receive(self, text: str) -> Awaitable[None] | None:
        """Begin to store it, and read on; messages are stored in the order in which they come."""
        self._unanswered.append(self._take(text))
        self._answer_soon()
        if len(self._unanswered) < MAX_UNACKNOWLEDGED and self.connection.unsent_bytes < MAX_UNSENT_BYTES:
            return None
        self._has_room.clear()
        return self._has_room.wait()

    def closed(self) -> None:
        self._has_room.set()  # else a message would wait for ever for acks that nobody sends any more
        for taken in self._unanswered:
            if taken.storing is not None:
                taken.storing.add_done_callback(_heard)

    def _take(self, text: str) -> _Taken:
        taken = _Taken()
        try:
            message = producer.decode_message(text)
            taken.id = message.id
            if message.payload is not None:
                taken.storing = self._receive_deepgram(message.payload)
            elif message.data:
                taken.storing = self._submit(message)
            is_interim = any(isinstance(event, Transcript) and not event.is_final for event in message.data)
            if not is_interim or message.id is not None:
                taken.answer = {"type": "ack", "id": message.id, "seq": None}
        except Exception as error:
            taken.answer = self._error(getattr(error, "id", taken.id), error)
        if taken.storing is not None:
            taken.storing.add_done_callback(self._answer_soon)
        return taken

    def _submit(self, message: producer.Message) -> asyncio.Future[Recorded | None] | None:
        events, call_sid = list(message.data), message.call_sid
        submit = partial(self.services.pipeline.submit, self.grant.organization_id, call_sid, events)
        if self._deepgram is not None and self._deepgram.is_storing(call_sid):
            return self._deepgram.submit(call_sid, submit)
        return submit()

    def _receive_deepgram(self, payload: Any) -> asyncio.Future[Recorded | None]:
        if self._deepgram is None:
            self._deepgram = DeepgramFeed(self.services, self.grant, self._address)
        return self._deepgram.receive(payload)

    def _answer_soon(self, _: Any = None) -> None:
        if not self._is_answering and self._unanswered and self._unanswered[0].is_ready:
            self._is_answering = True
            asyncio.get_running_loop().call_soon(self._answer)

    def _answer(self) -> None:
        """Answer in the order of arrival, all that is ready in one write."""
        self._is_answering = False
        ready = []
        while self._unanswered and self._unanswered[0].is_ready:
            if (answer := self._outcome(self._unanswered.popleft())) is not None:
                ready.append(frame(encode(answer)))
        self.connection.send(b"".join(ready))
        if self.connection.unsent_bytes >= MAX_UNSENT_BYTES:
            self.start(self._go_on_when_read())
        elif len(self._unanswered) < MAX_UNACKNOWLEDGED:
            self._has_room.set()

    async def _go_on_when_read(self) -> None:
        await self.connection.drained()
        self._has_room.set()

    def _outcome(self, taken: _Taken) -> dict[str, Any] | None:
        if taken.storing is None:
            return taken.answer
        if (error := taken.storing.exception()) is not None:
            return self._error(taken.id, error)
        recorded = taken.storing.result()
        if recorded is None:  # nothing to store: acknowledged as interims are
            return taken.answer if taken.id is not None else None
        outcomes = recorded.outcomes
        if outcomes and outcomes[0].error is not None:
            return self._error(taken.id, outcomes[0].error)
        if outcomes and taken.answer is not None:
            taken.answer["seq"] = outcomes[0].seq
        return taken.answer

    def _error(self, id_: Any, error: BaseException) -> dict[str, Any]:
        """What a producer is told of a message that was not stored."""
        body = {"type": "error", "id": id_, "timestamp": self.now()}
        if isinstance(error, Refused):
            field = {"field": error.field} if error.field else {}
            body |= {"error": error.code, "message": error.message, "retryable": False} | field
        elif isinstance(error, Unavailable):
            body |= {"error": "unavailable", "message": str(error), "retryable": True, "retry_after": 1}
        else:
            log.error("a producer's message could not be stored", exc_info=error)
            message = "The server failed to store this."
            body |= {"error": "server_error", "message": message, "retryable": True, "retry_after": 1}
        self.services.numbers.rejected["producer", body["error"]] += 1
        return body


def _heard(storing: asyncio.Future) -> None:
    """Nobody is left to answer."""
    if not storing.cancelled():
        storing.exception()
