"""The WebSocket handshake: from a request to a stream of frames. What follows it is a Connection's."""

import base64
import hashlib
from abc import ABC, abstractmethod
from http import HTTPStatus

from tornado.iostream import IOStream
from tornado.web import RequestHandler

from handlers.deflate import negotiate

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
_VERSION = "13"


class UpgradeHandler(RequestHandler, ABC):
    """Base of the socket routes: answers a handshake (RFC 6455 §4.2) with 101 and hands the stream to `connected`.

    Any Origin may connect: tokens say who it is, never cookies, so a foreign page can do nothing in a user's name.
    """

    window_bits = 0  # of the compression that was agreed, for the Connection; 0: none

    def get(self, *args: str, **kwargs: str) -> None:
        """101; 426 for another version of the protocol, 400 for anything else that is not a handshake."""
        fault = self._fault()
        if fault is not None:
            self._refuse(*fault)
            return
        offered = self._tokens("Sec-WebSocket-Protocol")
        protocol = self.select_subprotocol(offered) if offered else None
        key = self.request.headers["Sec-WebSocket-Key"].strip().encode()
        self.set_status(101)
        self.clear_header("Content-Type")
        self.set_header("Upgrade", "websocket")
        self.set_header("Connection", "Upgrade")
        self.set_header("Sec-WebSocket-Accept", base64.b64encode(hashlib.sha1(key + _GUID).digest()).decode())
        if protocol is not None:
            self.set_header("Sec-WebSocket-Protocol", protocol)
        offers = self.request.headers.get("Sec-WebSocket-Extensions", "") if self.allows_compression else ""
        if (agreement := negotiate(offers)) is not None:
            self.window_bits = agreement.window_bits
            self.set_header("Sec-WebSocket-Extensions", agreement.answer)
        self.finish()
        stream = self.detach()
        try:
            self.connected(stream)
        except BaseException:
            stream.close()  # nobody else would
            raise

    @property
    def allows_compression(self) -> bool:
        """Whether compression is agreed to where the client offers it."""
        return False

    def select_subprotocol(self, offered: list[str]) -> str | None:
        """One of the subprotocols that the client offered, in its order of preference; None agrees on none."""
        return None

    @abstractmethod
    def connected(self, stream: IOStream) -> None:
        """The handshake is done: make a Connection on the stream. It should not keep this handler, which is large."""

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Bytes that are not UTF-8 become U+FFFD, so that the socket and not an HTTP error says what is wrong."""
        return value.decode(errors="replace")

    def _fault(self) -> tuple[HTTPStatus, str] | None:
        if "websocket" not in self._tokens("Upgrade", lower=True):
            return HTTPStatus.BAD_REQUEST, "This is a WebSocket: the Upgrade header must say websocket."
        if "upgrade" not in self._tokens("Connection", lower=True) or self.request.version == "HTTP/1.0":
            return HTTPStatus.BAD_REQUEST, "The Connection header must say Upgrade, in HTTP/1.1."
        if self.request.headers.get("Sec-WebSocket-Version", "").strip() != _VERSION:
            return HTTPStatus.UPGRADE_REQUIRED, f"Sec-WebSocket-Version must be {_VERSION}."
        try:
            key = base64.b64decode(self.request.headers.get("Sec-WebSocket-Key", "").strip(), validate=True)
        except ValueError:
            key = b""
        if len(key) != 16:
            return HTTPStatus.BAD_REQUEST, "Sec-WebSocket-Key must be 16 bytes in base64."
        return None

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self.set_status(status)
        if status == HTTPStatus.UPGRADE_REQUIRED:
            self.set_header("Sec-WebSocket-Version", _VERSION)
        self.finish({"error": {"code": "invalid_handshake", "message": message}, "detail": message})

    def _tokens(self, header: str, lower: bool = False) -> list[str]:
        value = self.request.headers.get(header, "")
        return [token.strip() for token in (value.lower() if lower else value).split(",") if token.strip()]
