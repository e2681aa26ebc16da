"""A client's WebSocket that comes back: what a failure means, how long to wait, and when there is no point any more."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, NoReturn

import msgspec
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketError, websocket_connect

BACKOFF_S = 0.5  # doubles with each attempt
BACKOFF_MAX_S = 30
STABLE_S = 5  # a connection that held this long was a good one: back-off starts anew
PATIENCE_S = 120  # for a server that was never there, or a call whose first event may still be on its way
CONNECT_S = 10
PING_S = 10  # as patient as the server is
FATAL = (1002, 1003, 1007, 1009)  # the same again would fail the same way

Connection = WebSocketClientConnection


class Refused(Exception):
    """For good; the message is one line."""


class Lost(Exception):
    """Worth another attempt. `error` is the server's last message, if that was an error."""

    def __init__(self, reason: str, error: dict[str, Any] | None = None):
        super().__init__(reason)
        self.error = error or {}


class Attempts:
    """How often it failed in a row, and so how long to wait."""

    def __init__(self, now: Callable[[], float] = time.monotonic, jitter: Callable[[], float] = random.random):
        self._now, self._jitter = now, jitter
        self._failed = 0
        self._admitted_at: float | None = None  # by the connection of this moment
        self._was_admitted = False
        self._hopeless_since: float | None = None

    def admitted(self) -> None:
        """The server let us in."""
        self._admitted_at, self._was_admitted, self._hopeless_since = self._now(), True, None

    def delay(self, lost: Lost) -> float:
        """Seconds until the next attempt: full jitter, never before what the server asked for. Raises Refused."""
        now, error = self._now(), lost.error
        if self._admitted_at is not None and now - self._admitted_at >= STABLE_S:
            self._failed = 0
        self._admitted_at = None
        if error.get("error") == "access_denied" or not (error or self._was_admitted):
            self._hopeless_since = now if self._hopeless_since is None else self._hopeless_since
            if now - self._hopeless_since >= PATIENCE_S:
                raise Refused(str(lost))
        else:
            self._hopeless_since = None
        bound = min(BACKOFF_MAX_S, BACKOFF_S * 2 ** min(self._failed, 10))
        self._failed += 1
        asked = error.get("retry_after")
        return (max(0, asked) if isinstance(asked, int | float) else 0) + self._jitter() * bound


async def persist(visit: Callable[[Attempts], Awaitable[None]], note: Callable[[str], None]) -> None:
    """Call `visit`, again after each Lost, until it returns. `note` hears of each wait. Raises Refused."""
    attempts = Attempts()
    while True:
        try:
            return await visit(attempts)
        except Lost as lost:
            delay = attempts.delay(lost)
            note(f"{str(lost).rstrip('.')}; trying again in {delay:.1f} s")
        await asyncio.sleep(delay)


@asynccontextmanager
async def connected(url: str, token: str, *, is_own: bool = False) -> AsyncIterator[Connection]:
    """A connection to a socket's address, with the token where nothing logs it. Raises Lost, Refused.

    `is_own`: the server is this very process, called by its address, so that its certificate is for another name.
    """
    headers = {"Authorization": f"Bearer {token}"}
    request = HTTPRequest(url, headers=headers, connect_timeout=CONNECT_S, validate_cert=not is_own)
    connecting = asyncio.ensure_future(websocket_connect(request, ping_interval=PING_S, ping_timeout=PING_S))
    try:
        connection = await asyncio.shield(connecting)
    except asyncio.CancelledError:
        connecting.add_done_callback(lambda done: done.exception() or done.result().close())  # nobody else would
        raise
    except HTTPClientError as error:
        if error.code == 429 or error.code >= 500:
            raise Lost(f"The server answers {error.code}", {"error": "http", **_retry_after(error)}) from None
        raise Refused(f"There is no Callboard at this address: it answers {error.code}.") from None
    except WebSocketError:
        raise Refused("There is no Callboard at this address: it speaks no WebSocket.") from None
    except OSError as error:
        raise Lost(f"The server cannot be reached ({error.strerror or error})") from None
    try:
        yield connection
    except WebSocketClosedError:
        raise Lost("The connection was lost") from None
    finally:
        connection.close()


async def messages(connection: Connection) -> AsyncIterator[dict[str, Any]]:
    """What the server says; at its end raises Lost or Refused, or returns where it closed with 1000."""
    error = None
    while (text := await connection.read_message()) is not None:
        message = msgspec.json.decode(text)
        error = message if message.get("type") == "error" else None
        yield message
    if connection.close_code != 1000:
        ended(connection.close_code, error)


def ended(code: int | None, error: dict[str, Any] | None) -> NoReturn:
    """Raises what a close means, after an `error` message or none: Refused, or Lost."""
    says = f"{error.get('error')}: {error.get('message')}" if error else f"The connection was closed ({code or 1006})"
    if code in FATAL or (code == 1008 and not (error and error.get("retryable"))):
        raise Refused(says)
    raise Lost(says, error)


def _retry_after(error: HTTPClientError) -> dict[str, int]:
    asked = error.response.headers.get("Retry-After", "") if error.response else ""
    return {"retry_after": int(asked)} if asked.isdecimal() else {}
