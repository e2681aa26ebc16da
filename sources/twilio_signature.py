"""Twilio's request signature, checked and made with the standard library alone; and the form it is made over.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
https://www.twilio.com/docs/usage/webhooks/webhook-shared-keys (beta)
"""

import hashlib
import hmac
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

FORM = "application/x-www-form-urlencoded"
SIGNATURE = "x-twilio-signature"
SETTINGS = "x-twilio-webhooks-signature-settings"  # key=…,algorithm=HMAC_SHA256: signed with a shared key

_DIGESTS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_AUTHORITY = re.compile(
    r"(?P<scheme>[A-Za-z]+)://(?P<host>(?:[^/?#@]*@)?(?:\[[^]/?#]*\]|[^:/?#]*))(?P<port>:\d+)?(?=[/?#]|\Z)"
)
_PORTS = {"https": ":443", "wss": ":443", "http": ":80", "ws": ":80"}


def form_pairs(body: bytes) -> list[tuple[bytes, bytes]]:
    """The names and values of a form as sent, decoded to bytes, nothing stripped, empty values kept.

    `b"A=z&B=+2+&C"` → `[(b"A", b"z"), (b"B", b" 2 "), (b"C", b"")]`. Reading uses it too, so that what is read is what
    was signed; Tornado's get_body_argument strips blanks and replaces control characters.
    """
    pairs = (part.partition(b"=") for part in body.replace(b"+", b" ").split(b"&") if part)
    return [(unquote_to_bytes(name), unquote_to_bytes(value)) for name, _, value in pairs]


def media_type(content_type: str) -> str:
    """`application/json` of `Application/JSON; charset=utf-8`."""
    return content_type.partition(";")[0].strip().lower()


def sign(url: str, body: bytes, secret: str, *, content_type: str = FORM, algorithm: str = "HMAC_SHA1") -> str:
    """The X-Twilio-Signature that Twilio would send; for tests, and for sending a test call.

    `url` is signed as it stands, without its fragment. What isn't a form is signed by `bodySHA256` in the URL, which
    is the caller's to put there (lowercase hex SHA-256 of the body).
    """
    signed = url.partition("#")[0].encode()
    if media_type(content_type) == FORM:
        # Each name in order, each of its different values in order; bytes of UTF-8 sort as code points do.
        signed += b"".join(name + value for name, value in sorted(set(form_pairs(body))))
    return b64encode(hmac.digest(secret.encode(), signed, _DIGESTS[algorithm])).decode()


def verify(*, url: str, headers: Mapping[str, str], body: bytes, secret: str, now: int) -> bool:
    """Whether `secret` (the auth token, or a shared key where the settings header says so) signed this request.

    `url` is the public one that Twilio was given, query included; with or without port is tried, as its SDK does.
    `headers` in any case. A GET or WebSocket upgrade has an empty body and no Content-Type. A body that is neither a
    form nor covered by bodySHA256 is not signed at all: False. There is no time in it: a recorded request stays valid,
    whatever `now` is.
    """
    try:
        return _is_signed(url, {name.lower(): value for name, value in headers.items()}, body, secret)
    except Exception:  # whatever odd input does to urllib or the codecs, the answer is 403, not 500
        return False


def _is_signed(url: str, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    signature = headers.get(SIGNATURE, "").encode()
    if not secret or not signature:  # an empty secret is one that everybody knows
        return False
    content_type = headers.get("content-type", "")
    if media_type(content_type) != FORM and not _is_hashed(url, body):
        return False
    algorithm = _algorithm(headers.get(SETTINGS))
    is_signed = False
    for variant in _variants(url):  # no early end: how long it takes tells nothing
        made = sign(variant, body, secret, content_type=content_type, algorithm=algorithm)
        is_signed |= hmac.compare_digest(made.encode(), signature)
    return is_signed


def _is_hashed(url: str, body: bytes) -> bool:
    """Whether the URL, which is signed, speaks for the body too."""
    given = parse_qs(urlsplit(url).query).get("bodySHA256")
    if given is None:
        return not body
    return hmac.compare_digest(hashlib.sha256(body).hexdigest().encode(), given[0].encode())


def _algorithm(settings: str | None) -> str:
    """HMAC_SHA1 unless the header says otherwise; an unknown word is a KeyError in `sign`, so refused."""
    if settings is None:
        return "HMAC_SHA1"
    pairs = dict(part.strip().split("=", 1) for part in settings.split(",") if "=" in part)
    return pairs.get("algorithm", "HMAC_SHA1")


def _variants(url: str) -> Iterator[str]:
    """The URL as given, without its port, and with its scheme's own: Twilio signs either, by what it was given."""
    yield url
    authority = _AUTHORITY.match(url)
    if authority is None:
        return
    scheme, host, rest = authority["scheme"], authority["host"], url[authority.end() :]
    if authority["port"]:
        yield f"{scheme}://{host}{rest}"
    elif scheme.lower() in _PORTS:
        yield f"{scheme}://{host}{_PORTS[scheme.lower()]}{rest}"
