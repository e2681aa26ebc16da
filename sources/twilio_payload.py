"""What Twilio posts, parsed and bounded: Real-Time Transcription and call status callbacks. Nothing of what it means.

https://www.twilio.com/docs/voice/twiml/transcription
https://www.twilio.com/docs/voice/api/call-resource#statuscallbackevent
"""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from events import CALL_SID, Refused
from sources.limits import INT32, LANGUAGE_CHARS, NUMBER_CHARS, TIME_CHARS, UNREADABLE, content_fault, instant
from sources.twilio_signature import FORM, form_pairs, media_type
from sources.twilio_words import spoken

TRACKS = ("inbound_track", "outbound_track")

_SID = re.compile(r"[A-Za-z0-9]{1,64}\Z")  # GT and 32 hex; part of our segment ids
_DIGITS = re.compile(r"[0-9]{1,10}\Z")  # before int(), which takes its time over a million digits


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Signed, well-formed, and nothing to do: an event or status that is unknown, or comes before the answer."""

    call_sid: str
    account: str


class CallStatus(Ignored, frozen=True, kw_only=True):
    word: str  # in-progress, completed, busy, failed, no-answer, canceled
    at: int | None = None  # µs
    direction: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    duration: int | None = None  # whole s


class Started(Ignored, frozen=True, kw_only=True):
    at: int | None = None


class Speech(Ignored, frozen=True, kw_only=True):
    transcription_sid: str
    track: str  # one of TRACKS
    sequence: int  # grows across both tracks of one transcription; ordered only within a track
    is_final: bool
    content: str
    confidence: float | None = None  # finals only; `Stability` is none
    language: str | None = None
    at: int | None = None  # when the result was made
    spoken: tuple[int, int] | None = None  # µs, first and last word, where the provider's data tell it exactly

    @property
    def key(self) -> str:
        return f"{self.transcription_sid}:{self.track}"


class Stopped(Ignored, frozen=True, kw_only=True):
    at: int | None = None


class Failed(Ignored, frozen=True, kw_only=True):
    """Transcription died; the call did not."""

    error: str  # "32655: Speech provider not reachable"
    at: int | None = None


Payload = Ignored | CallStatus | Started | Speech | Stopped | Failed
Form = dict[bytes, bytes]

# The words before the answer (queued, initiated, ringing) are not here, and so ignored: they create nothing.
_STATUSES = {word: word for word in ("in-progress", "completed", "busy", "failed", "no-answer", "canceled")}
_STATUSES["cancelled"] = "canceled"  # so written once in the documentation


def decode(body: bytes, content_type: str, query: Mapping[str, str]) -> Payload:
    """The parsed request, both kinds alike. Twilio puts nothing into the query.

    Raises Refused("malformed_payload", …, field) with the field as Twilio calls it.
    """
    if media_type(content_type) != FORM:
        raise _refused("Content-Type", f"must be {FORM}")
    form = dict(form_pairs(body))
    call_sid, account = _text(form, "CallSid"), _text(form, "AccountSid")
    if call_sid is None or not CALL_SID.match(call_sid):
        raise _refused("CallSid", "must be a call id")
    if account is None:
        raise _refused("AccountSid", "is missing")
    whose = {"call_sid": call_sid, "account": account}
    match _text(form, "TranscriptionEvent"):
        case None:
            word = _STATUSES.get(_text(form, "CallStatus") or "")
            return _status(form, whose, word) if word else Ignored(**whose)
        case "transcription-started":
            return Started(at=_instant(form), **whose)
        case "transcription-content":
            return _speech(form, whose)
        case "transcription-stopped":
            return Stopped(at=_instant(form), **whose)
        case "transcription-error":
            return Failed(at=_instant(form), error=_error(form), **whose)
    return Ignored(**whose)


def _refused(field: str, message: str) -> Refused:
    return Refused("malformed_payload", f"{field} {message}", field)


def _text(form: Form, name: str) -> str | None:
    """The field's text, None where it is missing or empty."""
    try:
        text = form.get(name.encode(), b"").decode()
    except UnicodeDecodeError as error:
        raise _refused(name, "must be UTF-8") from error
    if "\x00" in text:
        raise _refused(name, "must not contain NUL")
    return text or None


def _short(form: Form, name: str, chars: int) -> str | None:
    """A text that is nice to have: None rather than cut or refused, so that what it came with is not lost."""
    text = _text(form, name)
    return text if text and len(text) <= chars and text.isprintable() else None


def _number(form: Form, name: str) -> int | None:
    text = _text(form, name)
    return int(text) if text and _DIGITS.match(text) and int(text) <= INT32 else None


def _instant(form: Form) -> int | None:
    """Timestamp, µs: ISO 8601 with up to nanoseconds in transcription, RFC 2822 in status callbacks."""
    text = _text(form, "Timestamp")
    if text is None:
        return None
    try:
        return instant(text if text[0].isdigit() else parsedate_to_datetime(text[:TIME_CHARS]).isoformat())
    except (*UNREADABLE, TypeError, IndexError) as error:  # email.utils isn't strict about what it raises
        raise _refused("Timestamp", f"must be a time: {error}") from error


def _status(form: Form, whose: dict[str, str], word: str) -> CallStatus:
    direction = _text(form, "Direction") or ""
    return CallStatus(
        word=word,
        at=_instant(form),
        direction=next((way for way in ("inbound", "outbound") if direction.startswith(way)), None),
        from_number=_short(form, "From", NUMBER_CHARS),
        to_number=_short(form, "To", NUMBER_CHARS),
        duration=_number(form, "CallDuration"),  # seconds; `Duration` is minutes
        **whose,
    )


def _error(form: Form) -> str:
    """The documented names, then those of a third-party page."""
    code = _short(form, "TranscriptionErrorCode", 64) or _short(form, "ErrorCode", 64)
    message = _short(form, "TranscriptionError", 500) or _short(form, "ErrorMessage", 500)
    return ": ".join(part for part in (code, message) if part) or "unknown"


class _Transcription(msgspec.Struct):
    transcript: str
    confidence: Any = None  # a bad one is not worth losing the words for


def _speech(form: Form, whose: dict[str, str]) -> Speech:
    sid, track, final = (_text(form, name) for name in ("TranscriptionSid", "Track", "Final"))
    sequence, language = _number(form, "SequenceId"), _short(form, "LanguageCode", LANGUAGE_CHARS)
    if sid is None or not _SID.match(sid):
        raise _refused("TranscriptionSid", "must be a transcription id")
    if track not in TRACKS:
        raise _refused("Track", f"must be one of {', '.join(TRACKS)}")
    if sequence is None:
        raise _refused("SequenceId", "must be a whole number")
    if final not in ("true", "false"):
        raise _refused("Final", "must be true or false")
    try:
        heard = msgspec.json.decode(_text(form, "TranscriptionData") or "", type=_Transcription)
    except UNREADABLE as error:
        raise _refused("TranscriptionData", f"must be a JSON object with a transcript: {error}") from error
    if fault := content_fault(heard.transcript):
        raise _refused("TranscriptionData", fault)
    return Speech(
        transcription_sid=sid,
        track=track,
        sequence=sequence,
        is_final=final == "true",
        content=heard.transcript if heard.transcript.strip() else "",
        confidence=_confidence(heard.confidence),
        language=None if language == "multi" else language,  # Deepgram's word for "find out", not a language
        at=_instant(form),
        spoken=spoken(form.get(b"TranscriptionProviderData")),
        **whose,
    )


def _confidence(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and 0 <= value <= 1 else None
