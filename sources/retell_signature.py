"""Retell's signature: `x-retell-signature: v={ms},d={hex}`, HMAC-SHA256 over the raw body and the ms, by the API key
that has the webhook badge. https://docs.retellai.com/features/secure-webhook
"""

import re
from collections.abc import Mapping

from sources.hmac_signature import is_fresh, is_same, signed

SIGNATURE = "X-Retell-Signature"

_HEADER = re.compile(r"[ \t]*v=([1-9][0-9]{0,15}),d=([0-9a-fA-F]{64})[ \t]*\Z")


def sign(body: bytes, secret: str, at: int) -> str:
    """The header's value for a body signed at `at` (µs); for tests, and for sending a test call."""
    ms = at // 1000
    return f"v={ms},d={signed(body + str(ms).encode(), secret).hex()}"


def verify(*, url: str, headers: Mapping[str, str], body: bytes, secret: str, now: int) -> bool:
    """Whether `secret` signed this body within five minutes of `now`, as their own library judges it. The address is
    not signed. Whatever is odd is False."""
    given = next((value for name, value in headers.items() if name.lower() == SIGNATURE.lower()), "")
    found = _HEADER.match(given)
    if not found or not secret:  # an empty secret is one that everybody knows
        return False
    made = signed(body + found[1].encode(), secret).hex()
    return is_same(found[2].lower(), made) and is_fresh(int(found[1]) * 1000, now)
