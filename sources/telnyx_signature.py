"""Telnyx's request signature: Ed25519 over the time and the exact body, checked with PyNaCl (the extra `telnyx`).

https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks
"""

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping

from events import SECOND, Refused

SIGNATURE = "telnyx-signature-ed25519"  # base64 of 64 bytes
TIMESTAMP = "telnyx-timestamp"  # Unix s
TOLERANCE_S = 300  # as Telnyx's own SDK has it, both ways, the limit included

_SECONDS = re.compile(r"[0-9]{1,12}\Z")


def verify(*, url: str, headers: Mapping[str, str], body: bytes, secret: str, now: int) -> bool:
    """Whether the account with the public key `secret` (base64, from the portal) sent exactly these bytes within five
    minutes of `now`, µs. The URL is not signed. Raises Refused("missing_library") without PyNaCl."""
    try:
        given = {name.lower(): value for name, value in headers.items()}
        timestamp = given.get(TIMESTAMP, "").strip()
        if not _SECONDS.match(timestamp) or abs(now // SECOND - int(timestamp)) > TOLERANCE_S:
            return False
        signature, key = _bytes(given.get(SIGNATURE, "")), _bytes(secret)
    except Exception:  # whatever odd input does to the codecs, the answer is 403, not 500
        return False
    if len(signature) != 64 or len(key) != 32:
        return False
    return _is_signed(timestamp.encode() + b"|" + body, signature, key)


def _bytes(text: str) -> bytes:
    """Exactly what was encoded: decoding forgives other spellings of the same bytes."""
    given = text.strip().encode("ascii")
    decoded = b64decode(given, validate=True)
    return decoded if b64encode(decoded) == given else b""


def _is_signed(message: bytes, signature: bytes, key: bytes) -> bool:
    try:
        from nacl.exceptions import CryptoError  # here, so that who does not use Telnyx need not have it
        from nacl.signing import VerifyKey
    except ImportError:
        text = "Telnyx's signatures need the package PyNaCl: pip install pynacl, then start the server again."
        raise Refused("missing_library", text) from None
    try:
        VerifyKey(key).verify(message, signature)
    except (CryptoError, ValueError, TypeError):
        return False
    return True
