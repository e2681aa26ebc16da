"""What is counted and written down of each request: its route, how it ended, how long it took. Never its query."""

import logging
import re
from collections.abc import Iterable

from tornado.web import RequestHandler, StaticFileHandler

from metrics import Numbers

_ENDPOINT = re.compile(r"\A(/webhooks/[^/]+/.{0,6}).*", re.DOTALL)  # whoever knows all of it may post

log = logging.getLogger("callboard.access")


class RequestLog:
    """An application's `log_function`. `routes` are (pattern, handler)."""

    def __init__(self, numbers: Numbers, routes: Iterable[tuple[str, type[RequestHandler]]]):
        self._requests = numbers.requests
        self._routes = {handler: written(pattern) for pattern, handler in routes}

    def __call__(self, handler: RequestHandler) -> None:
        """One line a request, at DEBUG where all went well; the query is left out, because tokens come in it."""
        status, request = handler.get_status(), handler.request
        method = request.method if request.method in handler.SUPPORTED_METHODS else "other"
        self._requests[self._route(handler), method, f"{status // 100}xx"] += 1
        write_line(request.method, request.path, status, request.request_time())

    def _route(self, handler: RequestHandler) -> str:
        if isinstance(handler, StaticFileHandler):
            return "/static/{}"
        return self._routes.get(type(handler), "other")


def write_line(method: str, path: str, status: int, took_s: float) -> None:
    level = logging.DEBUG if status < 400 else logging.INFO if status < 500 else logging.WARNING
    if not log.isEnabledFor(level):
        return
    path = ascii(_ENDPOINT.sub(r"\1...", path))[1:-1]  # no line and no colour of a stranger's
    ms = round(took_s * 1000, 1)
    fields = {"method": method, "path": path, "status": status, "ms": ms}
    log.log(level, "%s %s %d %.1f ms", method, path, status, ms, extra={"fields": fields})


def written(pattern: str) -> str:
    """`/api/v1/calls/([0-9]{1,18}|sid/[^/]+)/notes` → `/api/v1/calls/{}/notes`."""
    return re.sub(r"\([^)]*\)", "{}", pattern).replace("\\", "")
