"""Every address and method of Callboard, and who may use it: what test_access_table.py tries with every kind of caller.

The things that the addresses name are those of access_world.py: call 1 is CA1, by another id VA1, user 2 its
supervisor, and so on.
"""

import re
from typing import NamedTuple

from tornado.web import RequestHandler

from handlers.routes import API, PAGES, SOCKETS

SCOPES = ("read", "ingest", "admin")
ENDPOINT = "0123456789abcdef" * 2


class Row(NamedTuple):
    """`needs`: a scope, for REST; `person` or `administrator` signed in, for pages; `viewer`, `feed` or `producer`, for
    sockets; `nobody` in particular."""

    method: str
    path: str
    needs: str
    body: dict | None = None  # JSON, or a form's fields
    ok: int = 200  # what the rightful caller gets
    unknown: str | None = None  # the same address of a thing that nobody has, which a stranger's answer must equal …
    strangers: int = 0  # … or, where strangers have their own of it, what they get; 0: the same as the rightful
    shows: bool = False  # whether the rightful caller sees words that strangers must not

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


def _rest(call: str, unknown: str, ends_up: str | None) -> list[Row]:
    """A call's routes; `ends_up`: where feeding leads a stranger, None for a call of their own."""
    said = {"speaker": "user", "content": "Hello"}
    feed = unknown if ends_up else None
    return [
        Row("GET", call, "read", unknown=unknown, shows=True),
        Row("PATCH", call + "/metadata", "ingest", {"metadata": {"a": 1}}, unknown=unknown + "/metadata"),
        Row("GET", call + "/alerts", "read", unknown=unknown + "/alerts", shows=True),
        Row("GET", call + "/transcripts", "read", unknown=unknown + "/transcripts", shows=True),
        Row("GET", call + "/transcripts?after=0", "read", unknown=unknown + "/transcripts?after=0", shows=True),
        Row("GET", call + "/transcripts/export", "read", unknown=unknown + "/transcripts/export", shows=True),
        Row("GET", call + "/metrics", "read", unknown=unknown + "/metrics"),
        Row("GET", call + "/notes", "read", unknown=unknown + "/notes", shows=True),
        Row("POST", call + "/notes", "ingest", {"segment_id": "s1", "text": "New"}, 201, unknown + "/notes"),
        Row("PUT", call + "/notes/1", "ingest", {"text": "Changed"}, unknown=unknown + "/notes/1"),
        Row("DELETE", call + "/notes/1", "ingest", ok=204, unknown=unknown + "/notes/1"),
        Row("POST", call + "/transcripts", "ingest", said, 201, feed and feed + "/transcripts"),
        Row("POST", call + "/status", "ingest", {"status": "failed"}, 200, feed and feed + "/status"),
    ]


REST = [
    Row("GET", "/api/v1/calls", "read", shows=True),
    Row("GET", "/api/v1/calls?assistant_id=1", "read", shows=True),
    Row("POST", "/api/v1/calls", "ingest", {"call_sid": "CA1", "metadata": {"a": 1}}, strangers=201),
    Row("POST", "/api/v1/calls", "ingest", {"call_sid": "CA7", "assistant": 1}, 201, strangers=422),
    Row("POST", "/api/v1/calls", "ingest", {"call_sid": "VA7", "alias": "CA1"}, strangers=201),
    Row("POST", "/api/v1/calls", "ingest", {"call_sid": "CA2", "alias": "CA1"}, strangers=201),
    Row("GET", "/api/v1/calls/count", "read"),
    Row("GET", "/api/v1/calls/stats", "read"),
    Row("GET", "/api/v1/calls/search?q=words", "read", shows=True),
    *_rest("/api/v1/calls/1", "/api/v1/calls/999999", "not found"),
    *_rest("/api/v1/calls/sid/CA1", "/api/v1/calls/sid/CA404", None),
    *_rest("/api/v1/calls/sid/VA1", "/api/v1/calls/sid/CA404", None),
    Row("GET", "/api/v1/alerts", "read", shows=True),
    Row("GET", "/api/v1/audit", "admin", shows=True),
    Row("POST", "/api/v1/tickets", "read", {"call_sid": "CA1"}, 201),
    Row("POST", "/api/v1/tickets", "read", {"call_sid": "VA1"}, 201),
    Row("POST", "/api/v1/tickets", "read", {"feed": "live-calls"}, 201),
]

FOR_PAGES = re.compile(r"/api/v1/tickets\Z|/api/v1/calls/.*/notes")  # which a page's session may use, too

WEBSOCKETS = [
    Row("GET", "/live-transcript/CA1", "viewer", unknown="/live-transcript/CA404", shows=True),
    Row("GET", "/live-transcript/VA1", "viewer", unknown="/live-transcript/CA404", shows=True),
    Row("GET", "/live-calls", "feed", shows=True),
    Row("GET", "/ingest", "producer"),
]


def _form(path: str, fields: dict | None = None, ok: int = 303, *, unknown: str | None = None, **more) -> Row:
    return Row("POST", path, "administrator", fields or {}, ok, unknown, **more)


def _page(path: str, needs: str = "administrator", *, unknown: str | None = None, shows: bool = True, **more) -> Row:
    return Row("GET", path, needs, unknown=unknown, shows=shows, **more)


def _of_user(verb: str, fields: dict | None = None) -> list[Row]:
    """A user's form, and the page that a reload of its answer shows."""
    path, unknown = f"/settings/users/2/{verb}", f"/settings/users/999/{verb}"
    return [_form(path, fields, unknown=unknown), _page(path, unknown=unknown)]


def _of_source(verb: str, ok: int = 303, fields: dict | None = None) -> Row:
    return _form(f"/settings/sources/1/{verb}", fields, ok, unknown=f"/settings/sources/999/{verb}")


def _of_alerts(verb: str) -> Row:
    return _form(f"/settings/alerts/{verb}", unknown=f"/settings/alerts/{verb.replace('1', '999')}")


SITE = [
    _page("/", "person"),
    _page("/live-calls/health", "person", shows=False),
    _page("/calls", "person"),
    _page("/calls?q=words", "person"),
    _page("/calls.csv?q=words", "person"),
    _page("/calls/CA1", "person", unknown="/calls/CA404"),
    _page("/calls/VA1", "person", unknown="/calls/CA404", ok=302, shows=False),
    _page("/calls/CA1/captions", "person", unknown="/calls/CA404/captions"),
    _page("/calls/VA1/captions", "person", unknown="/calls/CA404/captions", ok=302, shows=False),
    _page("/calls/CA1/export?format=vtt", "person", unknown="/calls/CA404/export?format=vtt"),
    _page("/calls/CA1/erase", unknown="/calls/CA404/erase"),
    _page("/calls/VA1/erase", unknown="/calls/CA404/erase"),
    _form("/calls/CA1/erase", unknown="/calls/CA404/erase"),
    _page("/account", "person"),
    Row(
        "POST",
        "/account",
        "person",
        {"current_password": "correct horse", "password": "long enough", "password_again": "long enough"},
        303,
    ),
    Row("POST", "/calls/CA1/notes", "person", {"text": "New", "moment": "0:05"}, 303, "/calls/CA404/notes"),
    Row("POST", "/calls/CA1/notes/2", "person", {"text": "Changed"}, 303, "/calls/CA404/notes/2"),
    Row("POST", "/calls/CA1/notes/2", "person", {"do": "remove"}, 303, "/calls/CA404/notes/2"),
    _form("/demo/erase"),
    _page("/settings", ok=302, shows=False),
    _page("/settings/users"),
    _form("/settings/users", {"email": "newNUMBER@example.com", "role": "supervisor", "password": "long enough"}),
    _page("/settings/users/2", unknown="/settings/users/999"),
    *_of_user("password", {"password": "long enough"}),
    *_of_user("deactivate"),
    *_of_user("reactivate"),
    _page("/settings/keys"),
    _form("/settings/keys", {"name": "crm", "scopes": "read", "expires": ""}),
    _form("/settings/keys/1/revoke", unknown="/settings/keys/999/revoke"),
    _page("/settings/assistants"),
    _form("/settings/assistants", {"name": "Night desk"}),
    _page("/settings/assistants/1", unknown="/settings/assistants/999"),
    _form("/settings/assistants/1", {"name": "Day desk"}, unknown="/settings/assistants/999"),
    _page("/settings/sources"),
    _form("/settings/sources", {"kind": "twilio", "assistant": "1", "secret": "a secret"}, strangers=422),
    _page("/settings/sources/1", unknown="/settings/sources/999", shows=True),
    _page("/settings/sources/1/health", unknown="/settings/sources/999/health", shows=False),
    _page("/settings/sources/1/credentials", unknown="/settings/sources/999/credentials"),
    _of_source("credentials", fields={"account": "AC2", "secret": "another secret"}),
    _of_source("test-call"),
    _of_source("pause"),
    _of_source("resume"),
    _of_source("delete"),
    _page("/settings/alerts"),
    _form("/settings/alerts", {"name": "New", "kind": "phrase", "text": "refund", "assistant": ""}),
    _page("/settings/alerts/1", unknown="/settings/alerts/999"),
    _form("/settings/alerts/1", {"name": "New", "kind": "silence", "threshold": "9"}, unknown="/settings/alerts/999"),
    *(_of_alerts(verb) for verb in ("1/pause", "1/resume", "1/delete", "targets/1/test", "targets/1/delete")),
    _page("/settings/alerts/targets"),
    _form("/settings/alerts/targets", {"url": "https://localhost:1/NUMBER"}),
    _page("/settings/redaction"),
    _form("/settings/redaction", {"state": "on", "kinds": "email"}),
    _page("/settings/redaction/patterns"),
    _form("/settings/redaction/patterns", {"label": "order", "pattern": "ord-NUMBER"}),
    _form("/settings/redaction/patterns", {"do": "try", "text": "4111 1111"}, 200),
    _form("/settings/redaction/patterns/1/delete", unknown="/settings/redaction/patterns/999/delete"),
    _page("/settings/retention", shows=False),
    _form("/settings/retention", {"state": "days", "days": "90"}),
    _page("/settings/audit"),
]

PUBLIC = [
    *(Row("GET", path, "nobody") for path in ("/healthz", "/readyz")),
    *(Row(method, path, "nobody") for path in ("/openapi.json", "/asyncapi.json") for method in ("GET", "HEAD")),
    *(Row("GET", path, "nobody") for path in ("/docs", "/docs/protocol", "/docs/openapi.json")),
    Row("GET", "/sign-in", "nobody"),
    Row("POST", "/sign-in", "nobody", {"email": "bea@other.example", "password": "wrong password"}, 401),
    Row("POST", "/sign-out", "nobody", {}, 303),
    Row("GET", "/first-run", "nobody", ok=404),
    Row("POST", "/first-run", "nobody", {"code": "ABCD-2345"}, 404),
    Row("POST", f"/webhooks/twilio/{ENDPOINT}", "nobody", {"CallSid": "CA1"}, 403),
]
ROWS = REST + WEBSOCKETS + SITE + PUBLIC


def variants(pattern: str) -> list[str]:
    """A route's pattern once for each alternative that it has: `…/(pause|resume)` is two addresses."""
    found = re.search(r"\(([^()]*\|[^()]*)\)", pattern)
    if found is None:
        return [pattern]
    head, tail = pattern[: found.start()], pattern[found.end() :]
    return [variant for choice in found[1].split("|") for variant in variants(f"{head}{choice}{tail}")]


def answered() -> set[tuple[str, str]]:
    """(pattern, method) of everything that ROUTES answers, but OPTIONS, which tells the same to everyone."""
    return {
        (variant, method)
        for pattern, handler in SOCKETS + API + PAGES
        for method in ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT")
        if getattr(handler, method.lower()) is not getattr(RequestHandler, method.lower())
        for variant in variants(pattern)
    }


def tried() -> set[tuple[str, str]]:
    """(pattern, method) of everything that has a row."""
    patterns = {pattern for pattern, _ in answered()}
    return {(p, row.method) for row in ROWS for p in patterns if re.fullmatch(p, row.path.partition("?")[0])}
