"""What browsers send to pages: form fields, and the page to go on to after signing in, which must be one of ours."""

import re
import unicodedata
from random import Random

from tornado.httputil import HTTPInputError, parse_body_arguments
from tornado.web import HTTPError

from events import encode
from handlers.api import ApiError
from handlers.form_fields import Form
from handlers.pages import PageHandler
from handlers.sign_in import SignInHandler
from tests.fuzz.mutator import TOKENS, vary_bytes, vary_form
from tests.fuzz.requests import handler_of, request_of
from tests.fuzz.target import Target, varied_by

MULTIPART = b"multipart/form-data; boundary=b\n--b\r\nContent-Disposition: form-data; name=name\r\n\r\nAda\r\n--b--\r\n"
SLASHES = (b"/", b"//", b"\\", b"/\\", b"%2F", b"%5C", b".", b"..", b"@", b":", b"?", b"#", b"\t", b"\r\n", b" ")
HOSTS = (
    b"evil.example",
    b"https:",
    b"javascript:alert(1)",
    b"http:evil.example",
    b"[::1]",
    b"\xe3\x80\x82",
    b"\xef\xbc\x8f",
)


def _check_form(data: bytes) -> str:
    content_type, _, body = data.partition(b"\n")
    request = request_of("/settings/users", b"")
    try:
        parse_body_arguments(content_type.decode("latin1"), body, request.body_arguments, request.files)
    except HTTPInputError:
        return "400"
    handler = handler_of(PageHandler, request)
    form = Form(handler)
    try:
        name = form.line("name", "A name is needed.", longest=64)
        note = form.line("note", "", is_optional=True)
        secret = form.secret("password", "A password is needed.")
        role = form.choice("role", ("admin", "supervisor"))
        scopes = form.choices("scope", ("read", "ingest"), "Choose one at least.")
    except (ApiError, HTTPError) as error:
        status = error.status if isinstance(error, ApiError) else error.status_code
        assert status == 400
        return "400"
    encode([form.errors, [form.value(each) for each in ("name", "note", "role", "scope", "password")]])
    for text, field, longest in ((name, "name", 64), (note, "note", 255)):
        if field not in form.errors:
            assert len(text) <= longest and text == text.strip() and (text or field == "note")
            assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)
    assert "password" in form.errors or (secret and "\x00" not in secret)
    assert not form.value("password"), "a secret is not given back"
    assert ("role" in form.errors) == (role not in ("admin", "supervisor"))
    assert ("scope" in form.errors) == (not scopes) and set(scopes) <= {"read", "ingest"}
    return ",".join(form.errors)


def _vary_next(chance: Random, data: bytes) -> bytes:
    if chance.random() < 0.3:
        return vary_bytes(chance, data)
    parts = [chance.choice(SLASHES + HOSTS if chance.random() < 0.9 else TOKENS) for _ in range(chance.randint(1, 6))]
    return (b"/" if chance.random() < 0.6 else b"") + b"".join(parts)


def _check_next(data: bytes) -> str:
    """Both as the browser's address says it, and as a form posts it."""
    escaped = b"next=" + b"".join(b"%%%02X" % byte for byte in data)
    labels = []
    for query in (b"next=" + data, escaped):
        request = request_of("/sign-in", query)
        if request is None:
            labels.append("no request")
            continue
        handler = handler_of(SignInHandler, request)
        try:
            wanted = handler._next()
        except ApiError as error:
            assert error.status == 400
            labels.append("400")
            continue
        header = handler._convert_header_value(wanted.encode())  # as `redirect` does; it raises for what splits headers
        assert _is_of_this_site(header.encode("latin1").decode()), wanted
        assert wanted == "/" or wanted.isprintable()
        labels.append("/" if wanted == "/" else "on")
    return " ".join(labels)


def _is_of_this_site(location: str) -> bool:
    """Where a browser goes, by the URL standard, from a page of ours: https and http are special schemes."""
    location = re.sub("[\t\r\n]", "", location.strip("".join(map(chr, range(33)))))
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", location):
        return False
    return not re.match(r"[/\\]{2}", location)


_URLENCODED = b"application/x-www-form-urlencoded\n"
PAGES = {
    "form": Target(
        [
            _URLENCODED + b"name=Ada+Lovelace&note=%C3%A9&password=correct+horse&role=admin&scope=read&scope=ingest",
            MULTIPART,
        ],
        varied_by(vary_form, vary_form, vary_bytes),
        _check_form,
    ),
    "next": Target([b"/", b"/calls/CA1?a=b#c", b"//evil.example/"], varied_by(_vary_next), _check_next),
}
