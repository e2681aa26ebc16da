"""Deepgram's messages as they come, and their fields read one by one: bounded, and refused by name."""

import re
from base64 import urlsafe_b64encode
from hashlib import blake2b
from typing import Any

import msgspec

from sources.deepgram_words import NONE
from sources.json_payload import LONGEST_CALL_S, refused, spoken
from sources.limits import INT32, instant

CHANNELS = 20  # of one stream, as Deepgram has it

_REQUEST = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")  # a UUID; part of our segment ids
_NOTE_CHARS = 500


class Alternative(msgspec.Struct):
    transcript: Any = None
    confidence: Any = None
    words: msgspec.Raw = NONE
    languages: Any = None


class Channel(msgspec.Struct):
    alternatives: list[Alternative] = []  # msgspec copies the default
    detected_language: Any = None


class Metadata(msgspec.Struct):
    request_id: Any = None
    created: Any = None
    extra: Any = None
    tags: Any = None


class Message(msgspec.Struct):
    type: Any = None
    channel_index: Any = None
    channel: Channel | list[Any] | None = None
    start: Any = None
    duration: Any = None
    is_final: Any = None
    speech_final: Any = None
    metadata: Metadata | None = None
    last_word_end: Any = None
    request_id: Any = None
    created: Any = None
    extra: Any = None
    tags: Any = None
    sequence_id: Any = None
    turn_index: Any = None
    event: Any = None
    transcript: Any = None
    words: msgspec.Raw = NONE
    languages: Any = None
    audio_window_start: Any = None
    audio_window_end: Any = None
    code: Any = None
    variant: Any = None
    description: Any = None
    message: Any = None


def told_call_sid(said: Message) -> str | None:
    """From `extra` or `tags`, wherever they are."""
    for holder in (said.metadata, said):
        for told in (getattr(holder, "extra", None), getattr(holder, "tags", None)):
            if isinstance(told, dict) and isinstance(told.get("call_sid"), str):
                return told["call_sid"]
            for text in told if isinstance(told, list) else (told,):
                name, colon, value = text.partition(":") if isinstance(text, str) else ("", "", "")
                if name == "call_sid" and colon:
                    return value
    return None


def request_id_of(value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    if _REQUEST.match(value):
        return value
    return urlsafe_b64encode(blake2b(value.encode(), digest_size=12).digest()).decode()


def instant_of(value: Any) -> int | None:
    try:
        return instant(value) if isinstance(value, str) else None
    except ValueError:
        return None


def seconds(value: Any, field: str) -> float:
    if type(value) not in (int, float) or not 0 <= value <= LONGEST_CALL_S:
        raise refused(field, "must be a number of seconds")
    return float(value)


def whole(value: Any, field: str) -> int:
    if type(value) not in (int, float) or not 0 <= value < INT32 or value != int(value):
        raise refused(field, "must be a whole number")
    return int(value)  # documented as doubles: 1.0 is one


def channel_of(value: Any) -> tuple[int, int]:
    """Which, and of how many: `[0, 2]`; the only one where it is not told."""
    index, total = [*value, 1][:2] if isinstance(value, list) and value else (value or 0, 1)
    if type(index) is not int or not 0 <= index < CHANNELS:
        raise refused("channel_index", f"must be one of {CHANNELS} channels")
    return index, max(total if type(total) is int else 1, index + 1)


def truth(value: Any, field: str, missing: bool) -> bool:
    if value is not None and not isinstance(value, bool):
        raise refused(field, "must be true or false")
    return missing if value is None else value


def text_of(value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise refused("transcript", "must be a text")
    return spoken(value or "").strip()


def note_of(value: Any) -> str | None:
    return value[:_NOTE_CHARS] if isinstance(value, str) and value.isprintable() else None
