"""A short call as Twilio posts it, for people to see that their source works. Pure: the times are the caller's."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import NamedTuple
from urllib.parse import urlencode

from events import SECOND

STEP_US = SECOND // 4  # between two requests; a real call's partials come about as often
TURNS = (  # who speaks, the words by which the partials grow, and how sure Twilio is of them
    ("outbound_track", ("Hello, this", "is a test call", "from your settings page."), 0.98),
    ("inbound_track", ("Good. So my words", "arrive here", "as they are spoken?"), 0.94),
    ("outbound_track", ("They do. The calls", "of your own number", "will look just like this."), 0.97),
)


class Step(NamedTuple):
    after_us: int  # since the call's start
    body: bytes  # a form


def trial_call(call_sid: str, account: str, started_at: int) -> Iterator[Step]:
    """The requests in order: in-progress, transcription-started, partials and finals, stopped, completed."""
    whose = {"CallSid": call_sid, "AccountSid": account}
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
    for track, phrases, confidence in TURNS:
        said = [" ".join(phrases[:count]) for count in range(1, len(phrases) + 1)]
        spoken = [({"transcript": text}, "false") for text in said]
        spoken.append(({"transcript": said[-1], "confidence": confidence}, "true"))
        for transcription, is_final in spoken:
            after_us += STEP_US
            sequence += 1
            words = {"Track": track, "Final": is_final, "TranscriptionData": json.dumps(transcription)}
            yield heard("content", sequence, LanguageCode="en-US", **words)
    after_us += STEP_US
    yield heard("stopped", sequence + 1)
    yield status("completed", 1, CallDuration=str(round(after_us / SECOND)))


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / SECOND, UTC)
