"""What the sockets of viewers and producers share: a token lets them in, and an `error` comes before each refusal."""

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Coroutine
from typing import Any, ClassVar, NamedTuple

from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream

from events import Unavailable, encode, rfc3339
from handlers.api import BaseHandler
from handlers.connection import Connection
from handlers.frames import frame
from handlers.limits import TooMany
from handlers.services import Services
from handlers.websocket import UpgradeHandler
from models.rights import TICKET_MARK, Grant

PROTOCOL_MARK = "-token-"  # a subprotocol `<name>-token-KEY` carries a key where neither query nor header can

_CLOSES = {*range(1000, 1004), *range(1005, 1016)}  # that mean something (RFC 6455 §7.4); a peer may send any

log = logging.getLogger(__name__)


class Refusal(Exception):
    """The socket cannot be served: `error`, `message`, whether to come back, `more` fields; then the close code."""

    def __init__(self, error: str, message: str, *, code: int = 1008, retry_after: int | None = None, **more: Any):
        super().__init__(message)
        self.error, self.message, self.code, self.retry_after, self.more = error, message, code, retry_after, more


class Opening(NamedTuple):
    """What is kept of the request."""

    token: str | None
    query: dict[str, list[str]]
    address: str
    window_bits: int  # of the compression that was agreed; 0: none


class TokenSocketHandler(UpgradeHandler, BaseHandler):
    """Base of the socket routes that take a token: by `?token=`, `Authorization: Bearer`, or a subprotocol."""

    def check_xsrf_cookie(self) -> None:
        """Nothing to check: cookies mean nothing here."""

    def get(self, *args: str, **kwargs: str) -> None:
        """101; 429 before it to addresses that come too often, or have failed too often: the one refusal that is not
        said on the socket, because that would cost a flood less than us."""
        opening = self.opening()
        self.services.gate.check_stranger(opening.token, opening.address)
        self.services.limits.socket_opens(opening.address)
        super().get(*args, **kwargs)

    def opening(self) -> Opening:
        query = {
            name: [self.decode_argument(v) for v in values] for name, values in self.request.query_arguments.items()
        }
        return Opening(token_of(self.request, query), query, self.request.remote_ip, self.window_bits)

    @property
    def allows_compression(self) -> bool:
        return self.services.compression

    def select_subprotocol(self, offered: list[str]) -> str | None:
        """The first that carries no token; else the one that does: browsers drop a connection without an echo."""
        return next((name for name in offered if PROTOCOL_MARK not in name), offered[0])


def token_of(request: HTTPServerRequest, query: dict[str, list[str]]) -> str | None:
    """The token that the client brings, looked for in the contract's order; the first place that has one counts."""
    if query.get("token", [""])[-1]:
        return query["token"][-1]
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return key.strip()
    for name in request.headers.get("Sec-WebSocket-Protocol", "").split(","):
        if PROTOCOL_MARK in name:
            return name.strip().partition(PROTOCOL_MARK)[2]
    return None


class TokenSocket(ABC):
    """One open socket. Subclasses say what admits it (`admit`) and what its messages mean (`receive`)."""

    __slots__ = ("__weakref__", "_tasks", "connection", "grant", "services")

    kind: ClassVar[str]  # what the numbers call it

    def __init__(self, services: Services, stream: IOStream, opening: Opening, *, max_message_bytes: int):
        self.services = services
        self.grant: Grant | None = None
        self._tasks: set[asyncio.Task] = set()
        self.connection = Connection(
            stream,
            max_message_bytes=max_message_bytes,
            on_message=self._on_message,
            on_close=self._on_close,
            on_failure=lambda: self.tell_error("server_error", "The server failed to handle this.", retry_after=1),
            window_bits=opening.window_bits,
        )
        services.heartbeat.add(self.connection)
        admission = self.start(self._admit(opening))
        services.gate.arriving.add(admission)
        admission.add_done_callback(services.gate.arriving.discard)

    @abstractmethod
    async def admit(self, opening: Opening) -> None:
        """Check the token and what it is for, set `grant`, send the first messages. Raises Refusal."""

    @abstractmethod
    def receive(self, text: str) -> Awaitable[None] | None:
        """One message of the client; called only once it is admitted."""

    @abstractmethod
    def closed(self) -> None:
        """The connection is over, or about to be; called once or twice."""

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task:
        """Run in the background for as long as the socket is open; a failure closes it with 1011."""
        task = asyncio.ensure_future(self._guarded(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # Python complains of one that was cancelled before it began
        return task

    async def authenticate(self, opening: Opening) -> Grant:
        """The right that a key gives. Raises Refusal, TooMany."""
        token, address = opening.token, opening.address
        return self._granted(await self.services.gate.key(token, address) if token else None, address)

    async def authenticate_viewer(self, opening: Opening, call_sid: str | None) -> Grant:
        """The right that a key gives, or a ticket for this call or (None) for the feed. Raises Refusal, TooMany."""
        if opening.token and opening.token.startswith(TICKET_MARK):
            grant = await self.services.gate.ticket(opening.token, call_sid, opening.address)
            return self._granted(grant, opening.address)
        return await self.authenticate(opening)

    def _granted(self, grant: Grant | None, address: str) -> Grant:
        if grant is None:
            raise Refusal("authentication_failed", "A valid key or ticket is needed.")
        self.services.limits.socket_has_right(address)
        return grant

    def tell(self, message: dict[str, Any]) -> None:
        """Send the message, with the time."""
        self.connection.send(frame(encode({"type": message["type"], "timestamp": self.now()} | message)))

    def tell_error(self, error: str, message: str, *, retry_after: int | None = None, **more: Any) -> None:
        """`retry_after` (s) is given where trying again may help; `more` are further fields, left out where None."""
        body = {"type": "error", "error": error, "message": message, "retryable": retry_after is not None}
        more["retry_after"] = retry_after
        self.tell(body | {name: value for name, value in more.items() if value is not None})

    def now(self) -> str:
        return rfc3339(self.services.store.clock())

    def refuse(self, refusal: Refusal) -> None:
        """One error message, then the close code."""
        self.services.numbers.refusals[self.kind, refusal.error] += 1
        self.tell_error(refusal.error, refusal.message, retry_after=refusal.retry_after, **refusal.more)
        self.connection.close(refusal.code, refusal.error)
        self.closed()  # its place is free at once, however long the closing takes

    def revoked(self, *, is_signed_out: bool) -> None:
        more = {"signed_out": True} if is_signed_out else {}
        self.refuse(Refusal("access_revoked", "The right to this connection has ended.", **more))

    def going_away(self) -> None:
        self.refuse(Refusal("server_shutdown", "The server is restarting.", code=1001, retry_after=1))

    async def _admit(self, opening: Opening) -> None:
        if self.services.gate.is_closing:
            self.going_away()
            return
        try:
            await self.admit(opening)
        except Refusal as refusal:
            self.refuse(refusal)
        except TooMany as problem:
            self.refuse(Refusal("rate_limit_exceeded", str(problem), retry_after=problem.retry_after))

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except Unavailable as problem:
            self.refuse(Refusal("server_error", str(problem), code=1011, retry_after=1))
        except Exception:
            log.exception("a socket's work failed")
            self.refuse(Refusal("server_error", "The server failed.", code=1011, retry_after=1))

    def _on_message(self, text: str) -> Awaitable[None] | None:
        if self.grant is None:
            return self._receive_later(text)
        return self.receive(text)

    async def _receive_later(self, text: str) -> None:
        """The client was quicker than its admission."""
        await asyncio.wait(self._tasks)
        if self.grant is not None and self.connection.is_open and (work := self.receive(text)) is not None:
            await work

    def _on_close(self) -> None:
        self.services.numbers.closes[self.kind, _close_word(self.connection.close_code)] += 1
        self.services.heartbeat.discard(self.connection)
        self.services.gate.leave(self)
        for task in list(self._tasks):
            task.cancel()
        self.closed()


def _close_word(code: int | None) -> str:
    """`1006` where there was no Close."""
    return str(code or 1006) if code is None or code in _CLOSES else "other"
