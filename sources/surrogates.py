"""Half characters in JSON, `"\\ud83d"`: msgspec refuses all of what they stand in, and does not say where."""

import json
import re
from typing import Any

from sources.limits import UNREADABLE

_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")


def lone_surrogate_field(body: bytes | str) -> str | None:
    """The field of a JSON object, or of the `data` in it, that has half a character somewhere in its value; None where
    there is none."""
    encoded = body.encode() if isinstance(body, str) else body
    if not _ESCAPE.search(encoded):
        return None
    try:
        return _field(json.loads(encoded))
    except UNREADABLE:
        return None


def _field(given: Any) -> str | None:
    for name, value in given.items() if isinstance(given, dict) else ():
        if _has_half_characters([name, value]):
            inner = _field(value) if name == "data" else None
            return inner or name.encode(errors="backslashreplace").decode()[:64]  # it may be of any length
    return None


def _has_half_characters(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False
