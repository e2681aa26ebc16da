"""ROUTES: every address that Callboard answers, in one list. And the application made of them."""

import logging
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tornado.web import Application, RequestHandler

from handlers import (
    alerts_api,
    audit_api,
    audit_page,
    call_measures,
    call_pages,
    calls_api,
    demo_page,
    descriptions,
    exporting,
    feed,
    first_run,
    health,
    history_page,
    ingest,
    live,
    pages,
    producer_api,
    search_api,
    settings_alert_targets,
    settings_alerts,
    settings_assistants,
    settings_keys,
    settings_page,
    settings_redaction,
    settings_sources,
    settings_users,
    sign_in,
    source_page,
    tickets_api,
    transcripts_api,
    webhooks,
)
from handlers.page_filters import FILTERS
from handlers.services import Services
from handlers.settings_page import ID
from handlers.static_files import StaticFiles, StaticHandler

HOME = Path(__file__).parent.parent
_CALL = "/api/v1/calls/([0-9]{1,18}|sid/[^/]+)"  # by its number, or by its call_sid

SOCKETS = [
    (r"/live-transcript/(.*)", live.LiveTranscriptHandler),
    (r"/live-calls", feed.LiveCallsHandler),
    (r"/ingest", ingest.IngestHandler),
]
API = [
    (r"/healthz", health.HealthHandler),
    (r"/openapi\.json", descriptions.OpenApiHandler),
    (r"/asyncapi\.json", descriptions.AsyncApiHandler),
    (r"/webhooks/([^/]+)/([^/]+)", webhooks.WebhookHandler),
    (r"/api/v1/alerts", alerts_api.AlertsHandler),
    (r"/api/v1/audit", audit_api.AuditHandler),
    (r"/api/v1/tickets", tickets_api.TicketsHandler),
    (r"/api/v1/calls", producer_api.FeedCallsHandler),
    (r"/api/v1/calls/count", calls_api.CallCountHandler),
    (r"/api/v1/calls/stats", calls_api.CallStatsHandler),
    (r"/api/v1/calls/search", search_api.CallSearchHandler),
    (_CALL, calls_api.CallHandler),
    (_CALL + r"/alerts", alerts_api.CallAlertsHandler),
    (_CALL + r"/metadata", calls_api.CallMetadataHandler),
    (_CALL + r"/metrics", call_measures.MetricsHandler),
    (_CALL + r"/transcripts", transcripts_api.TranscriptsHandler),
    (_CALL + r"/transcripts/export", exporting.ExportHandler),
    (_CALL + r"/status", producer_api.CallStatusHandler),
]
PAGES = [
    (r"/", call_pages.LiveCallsPage),
    (r"/calls", history_page.HistoryPage),
    (r"/calls/([^/]+)", call_pages.CallPage),
    (r"/calls/([^/]+)/export", exporting.ExportPage),
    (r"/demo/erase", demo_page.DemoErasePage),
    (r"/sign-in", sign_in.SignInHandler),
    (r"/sign-out", sign_in.SignOutHandler),
    (r"/first-run", first_run.FirstRunPage),
    (r"/settings", settings_page.SettingsHome),
    (r"/settings/users", settings_users.UsersPage),
    (rf"/settings/users/{ID}", settings_users.UserPage),
    (rf"/settings/users/{ID}/password", settings_users.UserPasswordHandler),
    (rf"/settings/users/{ID}/(deactivate|reactivate)", settings_users.UserActivityHandler),
    (r"/settings/keys", settings_keys.KeysPage),
    (rf"/settings/keys/{ID}/revoke", settings_keys.KeyRevocationHandler),
    (r"/settings/assistants", settings_assistants.AssistantsPage),
    (rf"/settings/assistants/{ID}", settings_assistants.AssistantPage),
    (r"/settings/sources", settings_sources.SourcesPage),
    (rf"/settings/sources/{ID}", source_page.SourcePage),
    (rf"/settings/sources/{ID}/health", source_page.SourceHealthHandler),
    (rf"/settings/sources/{ID}/credentials", settings_sources.SourceCredentialsPage),
    (rf"/settings/sources/{ID}/test-call", source_page.SourceTestCallHandler),
    (rf"/settings/sources/{ID}/(pause|resume|delete)", source_page.SourceVerbHandler),
    (r"/settings/alerts", settings_alerts.AlertsPage),
    (rf"/settings/alerts/{ID}", settings_alerts.AlertRulePage),
    (rf"/settings/alerts/{ID}/(pause|resume|delete)", settings_alerts.AlertRuleVerbHandler),
    (r"/settings/alerts/targets", settings_alert_targets.AlertTargetsPage),
    (rf"/settings/alerts/targets/{ID}/(test|delete)", settings_alert_targets.AlertTargetVerbHandler),
    (r"/settings/redaction", settings_redaction.RedactionPage),
    (r"/settings/redaction/patterns", settings_redaction.RedactionPatternsHandler),
    (rf"/settings/redaction/patterns/{ID}/delete", settings_redaction.RedactionPatternDeletionHandler),
    (r"/settings/audit", audit_page.AuditPage),
]
ROUTES = SOCKETS + API + PAGES

_ENDPOINT = re.compile(r"\A(/webhooks/[^/]+/.{0,6}).*", re.DOTALL)  # whoever knows all of it may post

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
        log_function=_log_request,
    )


def _log_request(handler: RequestHandler) -> None:
    """One line a request, at DEBUG where all went well; the query is left out, because tokens come in it."""
    status = handler.get_status()
    level = logging.DEBUG if status < 400 else logging.INFO if status < 500 else logging.WARNING
    if not log.isEnabledFor(level):
        return
    request = handler.request
    path = ascii(_ENDPOINT.sub(r"\1…", request.path))[1:-1]  # no line and no colour of a stranger's
    log.log(level, "%s %s %d %.1f ms", request.method, path, status, request.request_time() * 1000)


def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HOME / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= FILTERS
    return environment
