"""JSON as providers post it, read so that one odd value costs that value and not the words beside it."""

import re
from typing import Any

import msgspec

from events import CONTENT_BYTES, Refused
from sources.limits import EARLIEST, LATEST, UNREADABLE, fault_of, instant

LONGEST_CALL_S = 7 * 86_400  # no provider lets one last longer; beyond it an offset is a unit error

_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
# Every escape in turn, so that the second half of `\\` begins none; whole pairs first.
_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.", re.S
)


def decoded(given: bytes | msgspec.Raw, decoder: msgspec.json.Decoder) -> Any:
    """`given` as the decoder's type. Half characters, which JavaScript makes by cutting a text within an emoji, are
    read as U+FFFD: where each message repeats the whole call, one of them would cost all that follows.

    Raises what is in UNREADABLE.
    """
    try:
        return decoder.decode(given)
    except msgspec.ValidationError:
        raise
    except UNREADABLE:
        body = bytes(given)
        if not _HALF.search(body):
            raise
        return decoder.decode(_ESCAPE.sub(lambda found: rb"\ufffd" if found["half"] else found[0], body))


def read(body: bytes, decoder: msgspec.json.Decoder) -> Any:
    """`decoded`; raises Refused("malformed_payload", …) with the bad field's path, None for the whole."""
    try:
        return decoded(body, decoder)
    except UNREADABLE as error:
        what, path = fault_of(error)
        field = path[:128] or None
        raise Refused("malformed_payload", f"{field or 'The body'}: {what}", field) from error


def refused(field: str, message: str) -> Refused:
    return Refused("malformed_payload", f"{field} {message}", field)


def short(value: Any, chars: int) -> str | None:
    """A text that is nice to have; None for anything else, for an empty one, and rather than cut."""
    return value if isinstance(value, str) and 0 < len(value) <= chars and value.isprintable() else None


def spoken(text: str) -> str:
    """`text` as it can be stored: without NUL, "" for blanks, and of what is no turn of speech the first 32 KiB."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if len(text) * 4 > CONTENT_BYTES:  # else it cannot be too long in UTF-8
        text = text.encode()[:CONTENT_BYTES].decode(errors="ignore")
    return "" if text.isspace() else text


def number(value: Any) -> float | None:
    """A JSON number that is one: no bool, and nothing beyond any use."""
    return value if type(value) in (int, float) and -1e18 < value < 1e18 else None


def confidence(value: Any) -> float | None:
    sure = number(value)
    return float(sure) if sure is not None and 0 <= sure <= 1 else None


def seconds(value: Any) -> float | None:
    """An offset from the answer, s; None for what cannot be one."""
    given = number(value)
    return float(given) if given is not None and 0 <= given <= LONGEST_CALL_S else None


def whole_seconds(value: Any) -> int | None:
    given = seconds(value)
    return None if given is None else int(given)


def epoch_ms(value: Any) -> int | None:
    """Milliseconds since the epoch, or an ISO 8601 text, as µs; None for what is no time of this century."""
    if isinstance(value, str):
        try:
            return instant(value)
        except ValueError:
            return None
    given = number(value)
    if given is None or not EARLIEST <= given * 1000 < LATEST:
        return None
    return min(round(given * 1000), LATEST - 1)
