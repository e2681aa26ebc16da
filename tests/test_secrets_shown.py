"""What pages and answers show: an XSRF token in every form, a secret in no address, a `Referer` that tells nothing."""

import asyncio
import json
import re
from html.parser import HTMLParser

import pytest

from access_table import SITE
from log_reader import secrets_in
from models import rights
from visitor import Visitor

GETS = sorted({row.path for row in SITE if row.method == "GET"} | {"/sign-in", "/nowhere"})
ADDRESSES = ("href", "src", "action", "formaction")


def numberless(path: str) -> str:
    """The address of any such thing."""
    return re.sub(r"/\d+", "/1", path)


POSTS = {numberless(row.path) for row in SITE if row.method == "POST"} | {"/sign-in", "/sign-out", "/first-run"}


class Forms(HTMLParser):
    """The forms of a page: their attributes, and the names of the fields in each; and every address in it."""

    def __init__(self, html: str):
        super().__init__()
        self.forms: list[tuple[dict, list]] = []
        self.addresses: list[str] = []
        self._is_inside = False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.addresses += [attributes[name] or "" for name in ADDRESSES if name in attributes]
        if tag == "form":
            self._is_inside = True
            self.forms.append((attributes, []))
        elif tag in ("input", "select", "textarea", "button") and self._is_inside:
            self.forms[-1][1].append((attributes.get("name"), attributes.get("type"), attributes.get("value")))

    def handle_endtag(self, tag):
        self._is_inside = self._is_inside and tag != "form"


@pytest.fixture
def furnished(house, io_loop):
    """With something of everything that a page can be about."""

    async def fill() -> Visitor:
        admin = await Visitor(house).sign_in()
        await house.user("sue@example.com", house.organization_id, "supervisor")
        await admin.submit("/settings/sources", kind="twilio", assistant="1", secret="a-twilio-auth-token")
        await house.say("CA1", "s1", "Good morning, the front desk.")
        return admin

    return io_loop.run_sync(fill)


async def raw(visitor: Visitor, path: str):
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    return await visitor.house.fetch("GET", path, key=None, headers={"Cookie": cookies, "Accept": "text/html"})


@pytest.mark.parametrize("path", GETS)
async def test_every_form_of_every_page_has_its_token_and_no_address_has_any(house, furnished, path):
    visitors = [furnished, Visitor(house)] if path in ("/sign-in", "/nowhere") else [furnished]
    for visitor in visitors:
        answer = await raw(visitor, path)
        html = answer.body.decode()
        page = Forms(html)
        for attributes, fields in page.forms:
            if attributes.get("method", "get").lower() == "post":
                tokens = [value for name, type_, value in fields if name == "_xsrf" and type_ == "hidden"]
                assert len(tokens) == 1 and re.fullmatch(r"2\|[0-9a-f]{8}\|[0-9a-f]{32}\|\d+", tokens[0]), attributes
                assert numberless(attributes.get("action", path)) in POSTS
            else:
                assert not [name for name, type_, _ in fields if type_ == "password" or name == "_xsrf"], (
                    "in the address"
                )
        for address in page.addresses:
            assert not secrets_in(address) and "token=" not in address and "_xsrf=" not in address
        assert not [value for _, form in page.forms for name, type_, value in form if type_ == "password" and value]
        secrets = (visitor.cookies.get("callboard_session"), house.key, "a-twilio-auth-token", "correct horse")
        assert not [secret for secret in secrets if secret and secret in html]
        assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_every_page_with_a_form_is_among_those_that_were_looked_at(house, furnished):
    """Of the forms' addresses, each that posts: so no page was passed over."""
    seen = set()
    for path in GETS:
        page = Forms((await raw(furnished, path)).body.decode())
        seen |= {numberless(form.get("action", path)) for form, _ in page.forms if form.get("method")}
    assert {"/sign-out", "/settings/users", "/settings/keys", "/settings/sources", "/settings/assistants"} <= seen


async def test_errors_show_nothing_of_what_went_wrong_inside_nor_of_what_was_brought(house, monkeypatch, furnished):
    async def fails(*_, **__):
        raise RuntimeError("the innermost secret")

    monkeypatch.setattr(house.store, "read", fails)
    monkeypatch.setattr(house.store, "write", fails)
    cookie = {"Cookie": f"callboard_session={furnished.cookies['callboard_session']}"}
    for method, path in (("GET", "/"), ("GET", "/settings/users"), ("GET", "/api/v1/calls"), ("GET", "/api/v1/alerts")):
        for accept in ("text/html", "application/json"):
            answer = await house.fetch(method, path, headers=cookie | {"Accept": accept})
            assert answer.code == 500
            text = str(answer.headers) + answer.body.decode()
            for inner in ("innermost", "Traceback", "RuntimeError", ".py", house.key, cookie["Cookie"][18:]):
                assert inner not in text, (path, inner)
            assert answer.headers["Referrer-Policy"] == "no-referrer"


async def test_every_kind_of_answer_forbids_to_tell_where_it_was_linked_from(house):
    await house.say("CA1", "s1", "Hello")
    pages = ("/", "/sign-in", "/nowhere", "/static/favicon.svg", "/static/none.js", "/healthz", "/openapi.json")
    rest = ("/api/v1/calls", "/api/v1/calls/sid/CA1", "/api/v1/calls/sid/CA9", "/live-calls")
    asked = [("GET", path) for path in pages + rest]
    asked += [("PUT", rest[0]), ("OPTIONS", rest[0]), ("POST", "/sign-in"), ("POST", "/webhooks/twilio/x")]
    for method, path in asked:
        answer = await house.fetch(method, path)
        assert answer.headers.get("Referrer-Policy") == "no-referrer", (method, path)
        assert answer.headers.get("X-Content-Type-Options") == "nosniff", (method, path)


async def test_an_answer_that_is_given_before_the_body_is_read_is_no_exception(house):
    reader, writer = await asyncio.open_connection("127.0.0.1", int(house.url.rpartition(":")[2]))
    writer.write(b"POST /api/v1/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n")
    async with asyncio.timeout(5):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    writer.close()
    await writer.wait_closed()
    assert head.startswith("HTTP/1.1 413")
    assert "Referrer-Policy: no-referrer" in head and "X-Content-Type-Options: nosniff" in head


async def test_a_pages_sockets_get_tickets_and_never_the_session_or_a_key(house, furnished):
    """The page's own script is told where to ask, not what to show."""
    html = (await raw(furnished, "/calls/CA1")).body.decode()
    assert not secrets_in(html) and "/api/v1/tickets" in html + "".join(file.read_text() for file in sorted(_scripts()))


def _scripts():
    from handlers.routes import HOME

    return (HOME / "static" / "js").glob("*.js")


async def test_a_secret_is_shown_once_to_the_session_that_made_it_and_no_other(house, furnished):
    other = await Visitor(house).sign_in()
    assert (await furnished.post("/settings/keys", name="crm", scopes="read", expires="")).code == 303
    assert not (await other.get("/settings/keys")).page.all(data_part="secret")
    answer = await raw(furnished, "/settings/keys")
    assert secrets_in(answer.body.decode()) and answer.headers["Cache-Control"] == "no-store"
    assert not secrets_in((await raw(furnished, "/settings/keys")).body.decode())


async def test_a_ticket_is_told_to_who_asked_only_and_is_not_cached(house):
    answer = await house.fetch("POST", "/api/v1/tickets", {"call_sid": "CA1"})
    assert answer.headers["Cache-Control"] == "no-store"
    ticket = json.loads(answer.body)["ticket"]
    assert ticket.startswith(rights.TICKET_MARK) and len(ticket) >= 40
