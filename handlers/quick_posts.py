"""The request that comes a thousand times a second, a transcript by POST, on a way of its own past Tornado's handlers.

Only where nothing is unusual: a key that is known, a body that can be taken. Everything else is handed on, as it came
and before anything was done, to the handler (transcripts_api.py), which is the one that says what is wrong. What is
stored and answered is the same on both ways, to the byte; a test holds them together.
"""

import asyncio
import logging
import re
import time
from http import HTTPStatus
from typing import Any

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, format_timestamp

from events import Refused, Unavailable, encode
from handlers.api import as_api_error, error_body
from handlers.limits import TooMany
from handlers.request_id import HEADER, request_id
from handlers.request_log import write_line
from handlers.services import Services
from handlers.transcripts_api import TranscriptsHandler, answer, new_segment_id
from sources import producer

PATH = re.compile(r"/api/v1/calls/sid/([A-Za-z0-9_.:-]{1,128})/transcripts\Z")

ROUTE = "/api/v1/calls/{}/transcripts"  # as it is counted

log = logging.getLogger(__name__)


class QuickPosts:
    """Takes those requests out of a stream of them."""

    def __init__(self, services: Services):
        self._services = services

    def take(
        self,
        start_line: RequestStartLine,
        headers: HTTPHeaders,
        connection: HTTP1Connection,
        otherwise: HTTPMessageDelegate,
    ) -> HTTPMessageDelegate:
        """What the request is handed to; `otherwise`, if it is not of this kind."""
        if start_line.method != "POST" or start_line.version != "HTTP/1.1" or connection.params.no_keep_alive:
            return otherwise  # the last: the server stops, and each answer says so
        if headers.get("Connection", "keep-alive").lower() != "keep-alive":
            return otherwise
        if (path := PATH.match(start_line.path)) is None:
            return otherwise
        return _TranscriptPost(self._services, start_line, headers, connection, otherwise, path[1])


class _TranscriptPost(HTTPMessageDelegate):
    def __init__(
        self,
        services: Services,
        start_line: RequestStartLine,
        headers: HTTPHeaders,
        connection: HTTP1Connection,
        otherwise: HTTPMessageDelegate,
        call_sid: str,
    ):
        self._services, self._connection, self._otherwise = services, connection, otherwise
        self._start_line, self._headers, self._call_sid = start_line, headers, call_sid
        self._pieces: list[bytes] = []
        self._began = time.monotonic()

    def data_received(self, chunk: bytes) -> None:
        self._pieces.append(chunk)

    def on_connection_close(self) -> None:
        """Before the whole body was there."""

    def finish(self) -> None:
        body = b"".join(self._pieces)
        storing = self._submit(body)
        if storing is None:
            self._otherwise.headers_received(self._start_line, self._headers)
            self._otherwise.data_received(body)
            self._otherwise.finish()
        else:
            storing.add_done_callback(self._stored)

    def _submit(self, body: bytes) -> asyncio.Future | None:
        """None: for the handler."""
        scheme, _, key = self._headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or len(body) > TranscriptsHandler.longest_body:
            return None
        try:
            items, is_batch = producer.decode_transcripts(body, new_segment_id)
            if is_batch or isinstance(items[0], Refused) or not items[0].is_final:
                return None
            grant = self._services.gate.known_key(key.strip())
            if grant is None or not grant.may("ingest"):
                return None
            self._items = items
            return self._services.pipeline.submit(grant.organization_id, self._call_sid, items)
        except (Refused, TooMany, Unavailable):
            return None

    def _stored(self, storing: asyncio.Future) -> None:
        try:
            self._respond(*answer(self._items, False, storing.result(), self._services.numbers))
        except Exception as failure:  # as PlainHandler.send_error
            error = as_api_error(failure)
            if error.status == 500:
                log.error("POST of a transcript failed", exc_info=failure)
            self._respond(error_body(error.code, error.message, error.field), error.status, error.retry_after)

    def _respond(self, body: dict[str, Any], status: int, retry_after: int | None = None) -> None:
        content, stream = encode(body), self._connection.stream
        if stream.closed():
            return
        retry = "" if retry_after is None else f"Retry-After: {retry_after}\r\n"
        head = (
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
            "Server: Callboard\r\nContent-Type: application/json; charset=utf-8\r\n"
            f"Date: {format_timestamp(time.time())}\r\n"
            "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\n"
            f"Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: Retry-After, {HEADER}\r\n"
            f"{HEADER}: {request_id()}\r\n"
            f"{retry}Content-Length: {len(content)}\r\n\r\n"
        )
        stream.write(head.encode() + content)
        self._connection.finish()
        self._services.numbers.requests[ROUTE, "POST", f"{status // 100}xx"] += 1
        write_line("POST", self._start_line.path, status, time.monotonic() - self._began)
