"""What every connection passes on its way in: whose it is, how much it may bring, and how long it may take for it."""

import asyncio
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerConnectionDelegate
from tornado.iostream import IOStream

from events import encode
from handlers.api import error_body
from handlers.origin import Networks, origin
from handlers.outlet import unsent_bytes, written_bytes
from handlers.request_id import HEADER, begin, request_id
from metrics import Numbers

FIRST_REQUEST_S = 10  # from connecting to the end of the first request's headers, TLS handshake included
IDLE_S = 75  # between requests; longer than proxies keep their connections open, 60 s
BODY_S = 60  # for the longest body, 3 Mbit/s
COMING_S = 1  # when the server stops: for a request that is on its way, on a connection that was here already
STALLED_S = 60  # an answer of which the client takes nothing for so long is given up
LINGER_S = 1  # for the client to read a refusal while it still sends: closing at once would reset the connection
FREE_BYTES = 256 << 10  # of a body, that count as nothing
MAX_HELD_BYTES = 256 << 20  # what all unfinished bodies may hold beyond that: a dozen of the longest

_WAITING, _READING, _ANSWERING = range(3)


def _never_quick(start_line: Any, headers: HTTPHeaders, connection: Any, otherwise: HTTPMessageDelegate) -> Any:
    return otherwise


class Entrance(HTTPServerConnectionDelegate):
    """The application, asked only for requests that may come in; for an EntranceServer. Call `tick` once a second.

    413 for a body over `max_bytes`: by its header before any of it is read, else as soon as it is too long. 503 while
    all bodies together hold too much. `has_room(n)` tells whether n connections may be open: beyond it the first that
    came of those that wait for a request is closed; that is the new one where all others are being served.
    The request's `remote_ip` and `protocol` are what proxies among `trusted` say they are.
    """

    def __init__(
        self,
        application: HTTPServerConnectionDelegate,
        *,
        max_bytes: int,
        trusted: Networks = (),
        scheme: str = "http",
        quick: Callable[..., HTTPMessageDelegate] = _never_quick,
        has_room: Callable[[int], bool] = lambda connections: True,
        clock: Callable[[], float] = time.monotonic,
        numbers: Numbers | None = None,
    ):
        self._dropped = (numbers or Numbers()).dropped
        self._application, self.max_bytes = application, max_bytes
        self._trusted, self._scheme = trusted, scheme
        self.quick = quick
        self._has_room = has_room
        self.clock = clock
        self._visits: dict[object, _Visit] = {}  # by Tornado's connection, in the order of arrival
        self.held_bytes = 0

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        visit = self._visits.get(server_conn)
        if visit is None:
            visit = self._visits[server_conn] = _Visit(request_conn, self.clock())
            if not self._has_room(len(self._visits)):
                self._dropped["connection", "no_room"] += 1
                waiting = (v for v in self._visits.values() if v.stage == _WAITING and not v.stream.closed())
                next(waiting, visit).stream.close()
        else:
            visit.enter(_WAITING, self.clock())
            visit.is_new = False
        return _Request(self, visit, self._application.start_request(server_conn, request_conn), request_conn)

    def on_close(self, server_conn: object) -> None:
        self._visits.pop(server_conn, None)
        self._application.on_close(server_conn)

    def tick(self) -> None:
        """Close those who take too long."""
        now = self.clock()
        for visit in list(self._visits.values()):
            if visit.is_late(now) and not visit.stream.closed():
                if not visit.is_idle:
                    self._dropped["connection", "late"] += 1
                visit.stream.close()

    async def serve_out(self, grace_s: float) -> None:
        """Wait until everyone has left, at most so many seconds; close those who ask nothing."""
        self.quick = _never_quick  # it tells nobody that the connection ends
        for visit in self._visits.values():
            if visit.stage == _WAITING:
                visit.enter(_WAITING, self.clock())
        loop = asyncio.get_running_loop()
        deadline = loop.time() + grace_s
        while self._visits and loop.time() < deadline:
            now = self.clock()
            for visit in list(self._visits.values()):
                if visit.stage == _WAITING and visit.waited_s(now) > COMING_S and not visit.stream.closed():
                    visit.stream.close()
            await asyncio.sleep(0.02)

    def introduce(self, connection: HTTP1Connection, headers: HTTPHeaders) -> None:
        """Set whom the next request comes from, and its id; kept-open connections of a proxy bring many clients."""
        begin(headers.get(HEADER, ""))
        context: Any = connection.context
        peer = context.address[0] if isinstance(context.address, tuple) else ""
        context.remote_ip, context.protocol = origin(
            peer,
            self._scheme,
            trusted=self._trusted,
            forwarded_for=headers.get_list("X-Forwarded-For"),
            forwarded_proto=headers.get_list("X-Forwarded-Proto"),
        )


class _Visit:
    """One connection, and since when it is at what."""

    __slots__ = ("_since", "_written", "is_new", "stage", "stream")

    def __init__(self, connection: HTTP1Connection, now: float):
        self.stream = connection.stream
        self.is_new = True  # its first request has not been served
        self.enter(_WAITING, now)

    def enter(self, stage: int, now: float) -> None:
        self.stage, self._since, self._written = stage, now, written_bytes(self.stream)

    @property
    def is_idle(self) -> bool:
        """Between two requests, which is no fault."""
        return self.stage == _WAITING and not self.is_new

    def waited_s(self, now: float) -> float:
        return now - self._since

    def is_late(self, now: float) -> bool:
        if self.stage == _ANSWERING:
            if not unsent_bytes(self.stream) or written_bytes(self.stream) != self._written:
                self.enter(_ANSWERING, now)
            return now - self._since > STALLED_S
        longest = BODY_S if self.stage == _READING else IDLE_S if self.is_idle else FIRST_REQUEST_S
        return now - self._since > longest


class _Request(HTTPMessageDelegate):
    def __init__(
        self, entrance: Entrance, visit: _Visit, request: HTTPMessageDelegate, connection: HTTP1Connection
    ) -> None:
        self._entrance, self._visit, self._request, self._connection = entrance, visit, request, connection
        self._received_bytes = self._held_bytes = 0
        self._is_over = False

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Any:
        self._visit.enter(_READING, self._entrance.clock())
        self._entrance.introduce(self._connection, headers)
        size = headers.get("Content-Length", "")
        if size.isdecimal() and (len(size) > 18 or int(size) > self._entrance.max_bytes):
            stream = self._connection.detach()
            _write(stream, self._too_large())
            asyncio.get_running_loop().call_later(LINGER_S, stream.close)
            return None
        self._request = self._entrance.quick(start_line, headers, self._connection, self._request)
        return self._request.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        if self._is_over:
            return None  # Tornado still hands out what it had read before the connection was closed
        self._received_bytes += len(chunk)
        if self._received_bytes > self._entrance.max_bytes:
            return self._refuse(self._too_large())
        if self._received_bytes > FREE_BYTES:
            more = min(len(chunk), self._received_bytes - FREE_BYTES)
            self._held_bytes += more
            self._entrance.held_bytes += more
            if self._entrance.held_bytes > MAX_HELD_BYTES:
                return self._refuse(
                    _answer(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", "Too much comes in just now.")
                )
        return self._request.data_received(chunk)

    def finish(self) -> None:
        self._visit.enter(_ANSWERING, self._entrance.clock())
        self._release()
        self._request.finish()

    def on_connection_close(self) -> None:
        self._release()
        self._request.on_connection_close()

    def _release(self) -> None:
        self._is_over = True
        self._entrance.held_bytes -= self._held_bytes
        self._held_bytes = 0

    async def _refuse(self, answer: bytes) -> None:
        """In the middle of a body: the rest of it is not read."""
        self._release()
        _write(self._visit.stream, answer)
        await asyncio.sleep(LINGER_S)
        self._visit.stream.close()

    def _too_large(self) -> bytes:
        return _answer(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            "body_too_large",
            f"A body has at most {self._entrance.max_bytes} bytes.",
        )


def _write(stream: IOStream, answer: bytes) -> None:
    if not stream.closed():  # the client may have gone since its last bytes came
        stream.write(answer)


def _answer(status: HTTPStatus, code: str, message: str) -> bytes:
    body = encode(error_body(code, message))
    retry = "Retry-After: 1\r\n" if status == HTTPStatus.SERVICE_UNAVAILABLE else ""
    retry += f"{HEADER}: {request_id()}\r\n"
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nServer: Callboard\r\nConnection: close\r\n{retry}"
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
