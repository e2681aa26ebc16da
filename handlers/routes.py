"""ROUTES: every address that Callboard answers, in one list. And the application made of them."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from tornado.web import Application

from handlers import (
    account_page,
    alerts_api,
    audit_api,
    audit_page,
    call_erase,
    call_measures,
    call_notes,
    call_pages,
    calls_api,
    captions_page,
    demo_page,
    descriptions,
    docs_pages,
    exporting,
    feed,
    first_run,
    health,
    history_export,
    history_page,
    ingest,
    live,
    notes_api,
    pages,
    producer_api,
    search_api,
    settings_alert_targets,
    settings_alerts,
    settings_assistants,
    settings_keys,
    settings_page,
    settings_redaction,
    settings_retention,
    settings_sources,
    settings_users,
    sign_in,
    source_page,
    source_trouble,
    tickets_api,
    transcripts_api,
    webhooks,
)
from handlers.page_filters import FILTERS
from handlers.request_log import RequestLog
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
    (r"/readyz", health.ReadyHandler),
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
    (_CALL + r"/notes", notes_api.NotesHandler),
    (_CALL + r"/notes/([0-9]{1,18})", notes_api.NoteHandler),
    (_CALL + r"/transcripts", transcripts_api.TranscriptsHandler),
    (_CALL + r"/transcripts/export", exporting.ExportHandler),
    (_CALL + r"/status", producer_api.CallStatusHandler),
]
PAGES = [
    (r"/", call_pages.LiveCallsPage),
    (r"/live-calls/health", source_trouble.SourceTroublesHandler),
    (r"/calls", history_page.HistoryPage),
    (r"/calls\.csv", history_export.HistoryExport),
    (r"/calls/([^/]+)", call_pages.CallPage),
    (r"/calls/([^/]+)/captions", captions_page.CaptionsPage),
    (r"/calls/([^/]+)/erase", call_erase.CallErasePage),
    (r"/calls/([^/]+)/export", exporting.ExportPage),
    (r"/calls/([^/]+)/notes", call_notes.CallNotesPage),
    (r"/calls/([^/]+)/notes/([0-9]{1,18})", call_notes.CallNotePage),
    (r"/demo/erase", demo_page.DemoErasePage),
    (r"/docs", docs_pages.DocsPage),
    (r"/docs/(.+)", docs_pages.DocsPage),
    (r"/account", account_page.AccountPage),
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
    (r"/settings/retention", settings_retention.RetentionPage),
    (r"/settings/audit", audit_page.AuditPage),
]
ROUTES = SOCKETS + API + PAGES


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
        log_function=RequestLog(services.numbers, ROUTES),
    )


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
