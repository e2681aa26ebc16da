"""ROUTES: every address that Callboard answers, in one list. And the application made of them."""

import logging
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tornado.web import Application, RequestHandler

from events import SECOND, rfc3339
from handlers import (
    call_pages,
    calls_api,
    health,
    ingest,
    live,
    pages,
    producer_api,
    sign_in,
    tickets_api,
    transcripts_api,
    webhooks,
)
from handlers.services import Services
from handlers.static_files import StaticFiles, StaticHandler

HOME = Path(__file__).parent.parent
_CALL = "/api/v1/calls/([0-9]{1,18}|sid/[^/]+)"  # by its number, or by its call_sid

SOCKETS = [
    (r"/live-transcript/(.*)", live.LiveTranscriptHandler),
    (r"/ingest", ingest.IngestHandler),
]
API = [
    (r"/healthz", health.HealthHandler),
    (r"/webhooks/([^/]+)/([^/]+)", webhooks.WebhookHandler),
    (r"/api/v1/tickets", tickets_api.TicketsHandler),
    (r"/api/v1/calls", producer_api.FeedCallsHandler),
    (r"/api/v1/calls/count", calls_api.CallCountHandler),
    (r"/api/v1/calls/stats", calls_api.CallStatsHandler),
    (_CALL, calls_api.CallHandler),
    (_CALL + r"/metadata", calls_api.CallMetadataHandler),
    (_CALL + r"/transcripts", transcripts_api.TranscriptsHandler),
    (_CALL + r"/status", producer_api.CallStatusHandler),
]
PAGES = [
    (r"/", call_pages.LiveCallsPage),
    (r"/calls/([^/]+)", call_pages.CallPage),
    (r"/sign-in", sign_in.SignInHandler),
    (r"/sign-out", sign_in.SignOutHandler),
]
ROUTES = SOCKETS + API + PAGES

log = logging.getLogger("callboard.access")


def make_application(services: Services) -> Application:
    """The routes, given the parts of the house. Nothing is listening yet."""
    static = StaticFiles(HOME / "static")
    for_pages = {"services": services, "templates": _templates(), "static": static}
    return Application(
        [(path, handler, {"services": services}) for path, handler in SOCKETS + API]
        + [(path, handler, for_pages) for path, handler in PAGES],
        default_handler_class=pages.NotFoundHandler,
        default_handler_args=for_pages,
        static_path=str(static.folder),
        static_handler_class=StaticHandler,
        static_url_prefix="/static/",
        xsrf_cookies=True,
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax", "secure": services.is_https},
        log_function=_log_request,
    )


def _log_request(handler: RequestHandler) -> None:
    """One line a request, at DEBUG where all went well; the query is left out, because tokens come in it."""
    status = handler.get_status()
    level = logging.DEBUG if status < 400 else logging.INFO if status < 500 else logging.WARNING
    request = handler.request
    log.log(level, "%s %s %d %.1f ms", request.method, request.path, status, request.request_time() * 1000)


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HOME / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": _clock, "mmss": _mmss, "duration": _duration, "rfc3339": rfc3339}
    return environment


def _clock(at: int) -> str:
    """Wall-clock time of day, UTC; scripts make it local."""
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%H:%M:%S")


def _mmss(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _duration(seconds: int) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
