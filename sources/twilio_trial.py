"""A short call as Twilio posts it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import urlencode

from events import SECOND
from sources.trial import STEP_US, TURNS, Step, grown
from sources.twilio_signature import FORM, sign

TELLS_END = True
ACCOUNT = "ACtest"  # of a source that takes any
_TRACKS = {"user": "inbound_track", "assistant": "outbound_track"}


def headers(url: str, body: bytes, secret: str | None, now: int) -> dict[str, str]:
    return {"Content-Type": FORM} | ({"X-Twilio-Signature": sign(url, body, secret)} if secret else {})


def trial_call(call_sid: str, account: str | None, started_at: int) -> Iterator[Step]:
    """The requests in order: in-progress, transcription-started, partials and finals, stopped, completed."""
    whose = {"CallSid": call_sid, "AccountSid": account or ACCOUNT}
    after_us = 0

    def step(**fields: str) -> Step:
        return Step(after_us, urlencode(whose | fields).encode())

    def status(word: str, sequence: int, **more: str) -> Step:
        at = format_datetime(_moment(started_at + after_us))  # RFC 2822
        facts = {"From": "Test call", "To": "Callboard", "Direction": "inbound", "ApiVersion": "2010-04-01"}
        return step(CallStatus=word, SequenceNumber=str(sequence), Timestamp=at, **facts, **more)

    def heard(event: str, sequence: int, **more: str) -> Step:
        at = _moment(started_at + after_us).isoformat().replace("+00:00", "Z")
        sid = "GT" + call_sid.removeprefix("test-")
        named = {"TranscriptionEvent": f"transcription-{event}", "TranscriptionSid": sid}
        return step(**named, SequenceId=str(sequence), Timestamp=at, **more)

    yield status("in-progress", 0)
    yield heard("started", 1, Track="both_tracks", LanguageCode="en-US", PartialResults="true")
    sequence = 1
    for turn in TURNS:
        said = grown(turn)
        spoken = [({"transcript": text}, "false") for text in said]
        spoken.append(({"transcript": said[-1], "confidence": turn.confidence}, "true"))
        for transcription, is_final in spoken:
            after_us += STEP_US
            sequence += 1
            words = {"Final": is_final, "TranscriptionData": json.dumps(transcription)}
            yield heard("content", sequence, Track=_TRACKS[turn.speaker], LanguageCode="en-US", **words)
    after_us += STEP_US
    yield heard("stopped", sequence + 1)
    yield status("completed", 1, CallDuration=str(round(after_us / SECOND)))


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / SECOND, UTC)
