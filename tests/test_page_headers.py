"""What every page and file tells the browser: nothing of others runs in it, frames it or learns of it."""

import gzip
import re

import pytest

from visitor import Visitor

PAGES = [
    "/",
    "/calls",
    "/calls/CA1",
    "/calls/CA1/captions",
    "/account",
    "/settings/users",
    "/settings/keys",
    "/settings/assistants",
    "/settings/sources",
]
PUBLIC = ["/sign-in", "/nothing-here", "/docs", "/docs/protocol", "/docs/rest", "/docs/messages"]
FILES = {
    "js/live_transcript.js": "text/javascript",
    "css/base.css": "text/css",
    "favicon.svg": "image/svg+xml",
    "nothing": "application/json",
}


def directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize("path", PAGES + PUBLIC)
async def test_a_page_lets_nothing_of_others_in_and_nobody_frame_it(house, path):
    await house.say("CA1", "u-1", "Hello.")
    visitor = await Visitor(house).sign_in()
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    headers = {"Accept": "text/html"} | ({} if path in PUBLIC else {"Cookie": cookies})
    first, second = [await house.fetch("GET", path, key=None, headers=headers) for _ in range(2)]
    assert first.code == (404 if path == "/nothing-here" else 200)
    policy = directives(first.headers["Content-Security-Policy"])
    assert policy["default-src"] == policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
    assert policy["style-src"] == policy["form-action"] == ["'self'"]
    assert not [source for sources in policy.values() for source in sources if "unsafe" in source or "*" in source]
    (nonce,) = [source for source in policy["script-src"] if source != "'self'"]
    assert re.fullmatch(r"'nonce-[\w-]{20,}'", nonce)
    assert nonce not in second.headers["Content-Security-Policy"], "a new one each time"
    assert re.findall(rb"<script(?![^>]*(?: src=| nonce=))[^>]*>", first.body) == []
    assert re.findall(rb"<[^>]* (?:on[a-z]+|style)=", first.body) == []
    assert b'name="referrer"' not in first.body, "it would go before the header"
    assert first.headers["X-Frame-Options"] == "DENY"
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Referrer-Policy"] == "no-referrer"
    assert first.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert first.headers["Cache-Control"] == "no-store"
    assert first.headers["Content-Type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize(("path", "code"), [("/calls/CA1?embedded", 200), ("/calls/CA404?embedded", 404)])
async def test_a_call_beside_the_wall_is_framed_by_our_own_pages_alone(house, path, code):
    await house.say("CA1", "u-1", "Hello.")
    visitor = await Visitor(house).sign_in()
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    framed = await house.fetch("GET", path, key=None, headers={"Accept": "text/html", "Cookie": cookies})
    stranger = await house.fetch("GET", path, key=None, headers={"Accept": "text/html"})
    assert (framed.code, stranger.code) == (code, 401), "a frame is never sent to the sign-in page, which none may hold"
    for answer in (framed, stranger):
        assert directives(answer.headers["Content-Security-Policy"])["frame-ancestors"] == ["'self'"]
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert b"masthead" not in framed.body.split(b"<body")[1]
    wall = await house.fetch("GET", "/", key=None, headers={"Accept": "text/html", "Cookie": cookies})
    assert directives(wall.headers["Content-Security-Policy"])["frame-src"] == ["'self'"]
    other = await house.fetch("GET", "/calls?embedded", key=None, headers={"Accept": "text/html", "Cookie": cookies})
    assert other.headers["X-Frame-Options"] == "DENY", "no other page is made for it"


@pytest.mark.parametrize(("name", "kind"), FILES.items())
async def test_a_file_is_what_its_type_says(house, name, kind):
    answer = await house.fetch("GET", f"/static/{name}", key=None)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Content-Type"].startswith(kind)


async def test_a_file_is_sent_compressed_to_whoever_takes_it_so_and_pages_with_secrets_never(house):
    plain = await house.fetch("GET", "/static/js/call_page.js", key=None)
    assert "Content-Encoding" not in plain.headers and plain.headers["Vary"] == "Accept-Encoding"
    asked = {"Accept-Encoding": "gzip, deflate, br"}
    packed = await house.fetch("GET", "/static/js/call_page.js", key=None, headers=asked)
    assert packed.headers["Content-Encoding"] == "gzip" and len(packed.body) < len(plain.body) / 2
    assert gzip.decompress(packed.body) == plain.body
    known = {"If-None-Match": packed.headers["Etag"]}
    assert (await house.fetch("GET", "/static/js/call_page.js", key=None, headers=asked | known)).code == 304
    part = await house.fetch("GET", "/static/js/call_page.js", key=None, headers=asked | {"Range": "bytes=3-8"})
    assert (part.code, part.body) == (206, plain.body[3:9])
    page = await house.fetch("GET", "/sign-in", key=None, headers=asked)
    assert "Content-Encoding" not in page.headers


@pytest.mark.parametrize("path", ["/api/v1/calls", "/healthz", "/api/v1/nothing", "/webhooks/twilio/nothing"])
async def test_an_answer_to_a_program_is_not_taken_for_a_page(house, path):
    answer = await house.fetch("GET", path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Type"].startswith("application/json")
