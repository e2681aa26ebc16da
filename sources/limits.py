"""Bounds that every source keeps, so that what is taken can be stored, encoded and shown; nothing of any provider."""

from typing import Any

import msgspec

from events import CONTENT_BYTES, METADATA_BYTES, microseconds

# What hostile JSON makes msgspec raise: DecodeError and UnicodeDecodeError are ValueErrors, depth is RecursionError.
UNREADABLE = (ValueError, RecursionError, OverflowError)

INT32 = 2**31 - 1  # what an INTEGER column holds on both databases
NUMBER_CHARS = 64  # of a phone number or short SIP address
METADATA_DEPTH = 32  # a database's JSON and every reader's parser take this without thought
FAULT_CHARS = 200  # of what a message repeats
TIME_CHARS = 64  # with nanoseconds, offset and weekday about half of it
LANGUAGE_CHARS = 35  # RFC 5646 §4.4.1: the longest tag one has to expect

# Outside it, a time is a unit error (ms for s) or a forgery, and would move the call out of every list.
EARLIEST, LATEST = microseconds("2000-01-01"), microseconds("2100-01-01")


def instant(text: str) -> int:
    """The instant in an RFC 3339 or ISO 8601 text, µs; what lies below a µs is cut. Raises ValueError."""
    if len(text) > TIME_CHARS:
        raise ValueError("is too long for a time")
    try:
        at = microseconds(text)
    except UNREADABLE as error:
        raise ValueError(f"{text!r} is not a time") from error
    if not EARLIEST <= at < LATEST:
        raise ValueError(f"{text!r} is not a time of this century")
    return at


def fault_of(error: Exception) -> tuple[str, str]:
    """What is wrong, and in which field, by its path; "" for the whole. msgspec repeats a wrong value in full, whatever
    its length and whatever stands in it."""
    what, found, path = str(error).rpartition(" - at `$")
    if not found:
        what, path = path, ""
    return what if len(what) <= FAULT_CHARS else what[:FAULT_CHARS] + "…", path.lstrip(".").rstrip("`")


def content_fault(content: str) -> str | None:
    """What keeps `content` from being stored, for people; None where nothing does."""
    if "\x00" in content:
        return "must not contain NUL"  # PostgreSQL has no place for it
    try:
        size = len(content.encode())
    except UnicodeEncodeError:
        return "must not contain lone surrogates"
    if size > CONTENT_BYTES:
        return f"must not be longer than {CONTENT_BYTES} bytes in UTF-8"
    return None


def metadata_fault(metadata: dict[str, Any]) -> str | None:
    """What keeps `metadata`, as decoded from JSON, from being stored, for people; None where nothing does."""
    try:
        size = len(msgspec.json.encode(metadata))
    except UNREADABLE as error:  # deeper than the interpreter's stack
        return f"holds what cannot be kept: {error}"
    if size > METADATA_BYTES:
        return f"must not be longer than {METADATA_BYTES} bytes as JSON"
    level: list[Any] = [metadata]
    for _ in range(METADATA_DEPTH):
        if any(isinstance(value, str) and "\x00" in value for value in level):
            return "must not contain NUL"
        level = [part for value in level for part in _parts(value)]
    return f"must not be nested deeper than {METADATA_DEPTH}" if level else None


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []
