"""What all REST handlers share: the key of the request, JSON in and out, and the one error shape."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

import msgspec
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from events import Refused, Unavailable, encode
from handlers.limits import TooMany
from handlers.request_id import HEADER, request_id
from handlers.services import Services
from models.rights import Grant
from sources.limits import fault_of

log = logging.getLogger(__name__)

_STATUSES = {
    "invalid_json": 400,
    "malformed_payload": 400,
    "invalid_parameter": 400,
    "revision_conflict": 409,
    "conflict": 503,
    "not_found": 404,
    "call_erased": 410,
    "not_the_author": 403,
}


class ApiError(Exception):
    """An answer other than success: HTTP status, stable code, words, the field that is wrong, seconds to wait."""

    def __init__(
        self, status: int, code: str, message: str, field: str | None = None, *, retry_after: int | None = None
    ):
        super().__init__(message)
        self.status, self.code, self.message, self.field = status, code, message, field
        self.retry_after = retry_after


def error_body(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    """The shape of every error: `detail` repeats the message for clients that know only that."""
    error = {"code": code, "message": message} | ({"field": field} if field else {})
    return {"error": error, "detail": message}


def as_api_error(error: BaseException) -> ApiError:
    """What the client is told of an exception; nothing of what it is, where it is our own fault."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, Refused):
        return ApiError(_STATUSES.get(error.code, 422), error.code, error.message, error.field)
    if isinstance(error, Unavailable):
        return ApiError(503, "unavailable", str(error), retry_after=1)
    if isinstance(error, TooMany):
        return ApiError(429, "rate_limit_exceeded", str(error), retry_after=error.retry_after)
    if isinstance(error, HTTPError):
        phrase = HTTPStatus(error.status_code).phrase if error.status_code in set(HTTPStatus) else "Error"
        return ApiError(error.status_code, phrase.lower().replace(" ", "_"), f"{phrase}.")
    return ApiError(500, "server_error", "The server failed; it has written down why.")


class PlainHandler(RequestHandler):
    """Errors in the one shape, and headers that every answer carries."""

    def set_default_headers(self) -> None:
        self.set_header("Server", "Callboard")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")  # addresses may carry a ticket
        if (id_ := request_id()) is not None:
            self.set_header(HEADER, id_)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        if value is not None and as_api_error(value).status >= 500 and not isinstance(value, Unavailable):
            log.error("%s %s failed", self.request.method, self.request.path, exc_info=(typ, value, tb))

    def send_error(self, status_code: int = 500, **kwargs: Any) -> None:
        """Every failure of a handler ends here: Tornado's own pages and tracebacks reach nobody."""
        if self._finished or self._headers_written:
            super().send_error(status_code, **kwargs)
            return
        cause = kwargs["exc_info"][1] if "exc_info" in kwargs else HTTPError(status_code)
        error = as_api_error(cause)
        self.clear()
        self.set_status(error.status)
        if error.retry_after is not None:
            self.set_header("Retry-After", str(error.retry_after))
        if error.status == 401:
            self.set_header("WWW-Authenticate", "Bearer")
        if error.status == 405:
            known = [m for m in self.SUPPORTED_METHODS if getattr(type(self), m.lower()) is not _UNIMPLEMENTED]
            self.set_header("Allow", ", ".join(known))
        self.finish_error(error)

    def finish_error(self, error: ApiError) -> None:
        self.finish_json(error_body(error.code, error.message, error.field))

    def finish_json(self, body: Any, status: int | None = None) -> None:
        if status is not None:
            self.set_status(status)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(encode(body))


class BaseHandler(PlainHandler):
    """A handler with the parts of the house; its parameters are text."""

    def initialize(self, services: Services) -> None:
        self.services = services

    async def finish_in_pieces(self, pieces: AsyncGenerator[str | bytes, None]) -> None:
        """Write what may be very long, as the client takes it, after what is written already; the loop has its turns in
        between. What fails midway ends the connection: an orderly end would let half of it pass for the whole."""
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    self.write(piece)
                    del piece  # a client that reads slowly holds one copy, not two
                    await self.flush()
                    await asyncio.sleep(0)  # where the kernel takes everything at once, `flush` does not wait
        except StreamClosedError:
            return  # whoever asked has gone
        except Exception:
            if not self._headers_written:
                raise
            log.exception("an answer broke off")
            self.detach().close()
            return
        self.finish()

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        try:
            text = value.decode()
        except UnicodeDecodeError:
            raise ApiError(400, "invalid_parameter", "A parameter is not UTF-8.", name) from None
        if "\x00" in text:  # PostgreSQL has no place for it, not even in a question
            raise ApiError(400, "invalid_parameter", "A parameter must not contain NUL.", name)
        return text


_UNIMPLEMENTED = RequestHandler.get


class ApiHandler(BaseHandler):
    """A route under /api/v1. `scope` is what it asks of the key; pages of other origins may call it with one."""

    scope = "read"
    longest_body = 256 << 10  # bytes; of a call with 16 KiB of metadata in the longest escapes, about half
    grant: Grant

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Access-Control-Allow-Origin", "*")  # a key is needed all the same; cookies are not taken
        self.set_header("Access-Control-Expose-Headers", f"Retry-After, {HEADER}")

    def compute_etag(self) -> None:
        """None: what is made anew for each request is not worth hashing."""

    def check_xsrf_cookie(self) -> None:
        """Nothing to check: the key is in a header that no foreign page can make a browser send."""

    def options(self, *_: str) -> None:
        """204: what a browser asks before a cross-origin request."""
        self.set_header("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
        self.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)

    async def prepare(self) -> None:
        if self.request.method == "OPTIONS":
            return
        self.grant = await self.authorize()
        if not self.grant.may(self.scope):
            raise ApiError(403, "missing_scope", f"This needs a key with the scope {self.scope!r}.")
        if len(self.request.body) > self.longest_body:
            raise ApiError(413, "body_too_large", f"A body here has at most {self.longest_body} bytes.")

    async def authorize(self) -> Grant:
        scheme, _, key = self.request.headers.get("Authorization", "").partition(" ")
        grant = None
        if scheme.lower() == "bearer" and key.strip():
            grant = await self.services.gate.key(key.strip(), self.request.remote_ip)
        if grant is None:
            raise ApiError(401, "authentication_failed", "A valid key is needed: Authorization: Bearer KEY.")
        return grant

    def query(self) -> dict[str, str]:
        """The parameters of the query; of a name given twice the last counts."""
        return {name: self.decode_argument(values[-1], name) for name, values in self.request.query_arguments.items()}

    @property
    def organization_id(self) -> int:
        return self.grant.organization_id


def parse(shape: type, values: dict[str, str], *, code: str = "invalid_parameter") -> Any:
    """`values` (texts, from a query) as a struct of this shape. Raises ApiError naming the parameter."""
    try:
        parsed = msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as error:
        fault, field = fault_of(error)
        raise ApiError(400, code, f"{field or 'query'}: {fault}.", field or None) from None
    for name in values.keys() & set(shape.__struct_fields__):
        if getattr(parsed, name) is None:  # msgspec takes the text "null" for it, and the filter would be left out
            raise ApiError(400, code, f"{name}: null is no value.", name)
    return parsed
