"""413 for a body that its header says is too big, before any of it is read: Tornado itself would answer a bare 400."""

import asyncio
from typing import Any

from tornado.http1connection import HTTP1Connection
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, HTTPServerConnectionDelegate
from tornado.web import Application

from events import encode
from handlers.api import error_body

LINGER_S = 1  # for the client to read the answer while it still sends: closing at once would reset the connection


class BodyLimit(HTTPServerConnectionDelegate):
    """The application, asked only for requests of at most `max_bytes`. Give HTTPServer the same `max_body_size`."""

    def __init__(self, application: Application, max_bytes: int):
        self._application, self._max_bytes = application, max_bytes

    def start_request(self, server_conn: object, request_conn: Any) -> HTTPMessageDelegate:
        return _Request(self._application.start_request(server_conn, request_conn), request_conn, self._max_bytes)

    def on_close(self, server_conn: object) -> None:
        self._application.on_close(server_conn)


class _Request(HTTPMessageDelegate):
    def __init__(self, request: HTTPMessageDelegate, connection: HTTP1Connection, max_bytes: int):
        self._request, self._connection, self._max_bytes = request, connection, max_bytes

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> Any:
        size = headers.get("Content-Length", "")
        if size.isdecimal() and (len(size) > 18 or int(size) > self._max_bytes):
            stream = self._connection.detach()
            stream.write(_answer(self._max_bytes))
            asyncio.get_running_loop().call_later(LINGER_S, stream.close)
            return None
        return self._request.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Any:
        return self._request.data_received(chunk)

    def finish(self) -> None:
        self._request.finish()

    def on_connection_close(self) -> None:
        self._request.on_connection_close()


def _answer(max_bytes: int) -> bytes:
    body = encode(error_body("body_too_large", f"A body has at most {max_bytes} bytes."))
    head = (
        "HTTP/1.1 413 Content Too Large\r\nServer: Callboard\r\nConnection: close\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
