"""How Vapi shows who it is, as its user set it up; every way goes by the source's one secret.

https://docs.vapi.ai/server-url/server-authentication
"""

import re
from collections.abc import Mapping

from sources.hmac_signature import is_fresh, is_same, raw_digest, signed
from sources.json_payload import epoch_ms

SECRET = "X-Vapi-Secret"
SIGNATURE = "X-Signature"
TIMESTAMP = "X-Timestamp"

_PREFIX = re.compile(r"\s*sha[0-9]+=")
_DIGESTS = {20: "sha1", 32: "sha256", 64: "sha512"}  # the algorithms of an HMAC plan, by what they give


def sign(body: bytes, secret: str, at: int) -> dict[str, str]:
    """The headers of the default HMAC plan for a body signed at `at` (µs); for tests."""
    ms = str(at // 1000)
    return {TIMESTAMP: ms, SIGNATURE: signed(f"{ms}.".encode() + body, secret).hex()}


def verify(*, url: str, headers: Mapping[str, str], body: bytes, secret: str, now: int) -> bool:
    """Whether one of these is right: `Authorization: Bearer {secret}` (or the secret alone, as credentials without the
    prefix send it), `X-Vapi-Secret: {secret}`, or the HMAC plan with its defaults: `X-Signature` over
    `{X-Timestamp}.{body}`, in hex or base64, no older than five minutes.

    Only the last protects the body; a secret in clear rests on TLS, and what was recorded with it stays valid.
    """
    if not secret:  # one that everybody knows
        return False
    given = {name.lower(): value for name, value in headers.items()}
    authorization = given.get("authorization", "").strip()
    scheme, _, token = authorization.partition(" ")
    bearer = token.strip() if scheme.lower() == "bearer" else authorization
    is_known = is_same(bearer, secret)  # no early end: how long it takes tells nothing
    is_known |= is_same(given.get(SECRET.lower(), "").strip(), secret)
    is_known |= _is_signed(given.get(SIGNATURE.lower(), ""), given.get(TIMESTAMP.lower(), ""), body, secret, now)
    return is_known


def _is_signed(signature: str, timestamp: str, body: bytes, secret: str, now: int) -> bool:
    timestamp = timestamp.strip()
    at = _instant(timestamp)
    found = raw_digest(_PREFIX.sub("", signature))
    if at is None or len(found) not in _DIGESTS or not is_fresh(at, now):
        return False
    made = signed(timestamp.encode(errors="replace") + b"." + body, secret, _DIGESTS[len(found)])
    return is_same(found.hex(), made.hex())


def _instant(timestamp: str) -> int | None:
    """µs, of seconds or milliseconds since the epoch, or an ISO 8601 text."""
    if timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 13:
        return epoch_ms(int(timestamp) * (1000 if len(timestamp) <= 10 else 1))
    return epoch_ms(timestamp)
