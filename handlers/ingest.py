"""The producer socket: any number of calls over one connection, an ack for each message once it is stored."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable
from typing import Any

from tornado.iostream import IOStream

from events import Refused, Transcript, Unavailable, encode
from handlers.frames import frame
from handlers.services import Services
from handlers.token_socket import Opening, Refusal, TokenSocket, TokenSocketHandler
from sources import producer

MAX_MESSAGE_BYTES = 1 << 20
MAX_UNACKNOWLEDGED = 500  # then reading waits: more in flight than two commits take only makes a queue

log = logging.getLogger(__name__)


class IngestHandler(TokenSocketHandler):
    """WS /ingest: `call`, `transcript` and `call_status` messages in; `ack` or `error` out, in their order."""

    def connected(self, stream: IOStream) -> None:
        IngestSocket(self.services, stream, self.opening())


class IngestSocket(TokenSocket):
    __slots__ = ("_acknowledging", "_has_room", "_unanswered")

    def __init__(self, services: Services, stream: IOStream, opening: Opening):
        self._unanswered: deque[asyncio.Task] = deque()  # in order of arrival
        self._acknowledging: asyncio.Task | None = None
        self._has_room = asyncio.Event()
        super().__init__(services, stream, opening, max_message_bytes=MAX_MESSAGE_BYTES)

    async def admit(self, opening: Opening) -> None:
        grant = await self.authenticate(opening)
        if not grant.may("ingest"):
            raise Refusal("access_denied", "The key lacks the scope 'ingest'.")
        self.grant = grant
        self.services.gate.enter(self)

    def receive(self, text: str) -> Awaitable[None] | None:
        """Begin to store it, and read on; messages are stored in the order in which they come."""
        work = asyncio.ensure_future(self._take(text))
        self._unanswered.append(work)
        if self._acknowledging is None or self._acknowledging.done():
            self._acknowledging = self.start(self._acknowledge())
        if len(self._unanswered) < MAX_UNACKNOWLEDGED:
            return None
        self._has_room.clear()
        return self._has_room.wait()

    async def _take(self, text: str) -> dict[str, Any] | None:
        """The answer to one message; None for an interim without an id."""
        id_ = None
        try:
            message = producer.decode_message(text)
            del text  # up to 1 MiB, of which what is taken is a small part
            id_ = message.id
            recorded = None
            if message.data:
                hear = self.services.pipeline.hear
                recorded = await hear(self.grant.organization_id, message.call_sid, list(message.data))
            outcome = recorded.outcomes[0] if recorded and recorded.outcomes else None
            if outcome is not None and outcome.error is not None:
                raise outcome.error
            is_interim = any(isinstance(event, Transcript) and not event.is_final for event in message.data)
            if is_interim and id_ is None:
                return None
            return {"type": "ack", "id": id_, "seq": outcome.seq if outcome else None}
        except Refused as refused:
            id_ = getattr(refused, "id", id_)
            return self._error(id_, refused.code, refused.message, field=refused.field)
        except Unavailable as problem:
            return self._error(id_, "unavailable", str(problem), retry_after=1)
        except Exception:
            log.exception("a producer's message could not be stored")
            return self._error(id_, "server_error", "The server failed to store this.", retry_after=1)

    async def _acknowledge(self) -> None:
        """Answer in the order of arrival, all that is ready in one write."""
        while self._unanswered:
            await asyncio.wait([self._unanswered[0]])
            ready = []
            while self._unanswered and self._unanswered[0].done():
                if (answer := self._unanswered.popleft().result()) is not None:
                    ready.append(frame(encode(answer)))
            self.connection.send(b"".join(ready))
            if len(self._unanswered) < MAX_UNACKNOWLEDGED:
                self._has_room.set()
            await self.connection.drained()

    def closed(self) -> None:
        self._has_room.set()  # else a message would wait for ever for acks that nobody sends any more

    def _error(self, id_: Any, error: str, message: str, **more: Any) -> dict[str, Any]:
        retryable = "retry_after" in more
        body = {"type": "error", "id": id_, "timestamp": self.now(), "error": error, "message": message}
        return body | {"retryable": retryable} | {name: value for name, value in more.items() if value is not None}
