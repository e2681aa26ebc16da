"""Where Prometheus reads the numbers: on an address and port of their own.

So no key must be made for it and checked with a database that may be away, nothing of it can be reached by those who
reach the server, and a firewall can tell the two apart.
"""

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

from handlers.api import ApiError, PlainHandler
from handlers.numbers import look
from handlers.services import Services
from metrics import exposition

IDLE_S = 300  # between two looks; Prometheus' are at most minutes apart
MAX_HEADER_BYTES = 16 << 10


class MetricsHandler(PlainHandler):
    def initialize(self, services: Services) -> None:
        self._services = services

    async def get(self) -> None:
        """GET /metrics: 200 and handlers/numbers.py's METRICS, whether or not the server is well."""
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(exposition(await look(self._services)))


class _NowhereHandler(PlainHandler):
    def prepare(self) -> None:
        raise ApiError(404, "not_found", "Here is /metrics only.")


def metrics_server(services: Services) -> HTTPServer:
    application = Application(
        [(r"/metrics", MetricsHandler, {"services": services})],
        default_handler_class=_NowhereHandler,
        log_function=_log_nothing,
    )
    return HTTPServer(application, idle_connection_timeout=IDLE_S, max_header_size=MAX_HEADER_BYTES, max_body_size=1024)


def _log_nothing(handler: RequestHandler) -> None:
    """Nobody wants to read of it every few seconds."""
