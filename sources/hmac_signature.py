"""HMAC signatures and shared secrets of providers that sign the raw body, by the standard library alone."""

import base64
import binascii
import hmac
import re

from events import SECOND

TOLERANCE_US = 300 * SECOND  # either way, inclusive: what Retell's own library allows

_HEX = re.compile(r"[0-9a-fA-F]+\Z")


def is_same(given: str, made: str | bytes) -> bool:
    """Compared in constant time, whatever `given` holds."""
    return hmac.compare_digest(given.encode(errors="replace"), made.encode() if isinstance(made, str) else made)


def is_fresh(at: int, now: int) -> bool:
    """Whether what was signed at `at` may be taken at `now`, both µs."""
    return abs(now - at) <= TOLERANCE_US


def signed(text: bytes, secret: str, digest: str = "sha256") -> bytes:
    return hmac.digest(secret.encode(), text, digest)


def raw_digest(given: str) -> bytes:
    """The bytes of a signature in hex or base64; b"" where it is neither."""
    given = given.strip()
    if _HEX.match(given) and len(given) % 2 == 0:
        return bytes.fromhex(given)
    try:
        return base64.b64decode(given, validate=True)
    except (ValueError, binascii.Error):
        return b""
