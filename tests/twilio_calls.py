"""How the Twilio tests speak and listen: bodies as Twilio posts them, and the contract of adapter.py played through."""

import json
from urllib.parse import urlencode

from events import Transcript
from sources import twilio
from sources.adapter import decode_state, encode_state
from sources.twilio_signature import FORM

ACCOUNT, CALL, GT = "AC0", "CA0", "GT0"
INBOUND, OUTBOUND = "inbound_track", "outbound_track"
CONFIG = twilio.Config()


def is_interim(event) -> bool:
    return isinstance(event, Transcript) and not event.is_final


def hear(bodies, *, restarts=(), config=CONFIG):
    """The events of `bodies`, stored as the contract says; before each index in `restarts` memory is lost."""
    stored = state = None
    said = []
    for n, body in enumerate(bodies):
        if n in restarts:
            state = decode_state(twilio, stored)
        events, state = twilio.normalise(twilio.decode(body, FORM, {}), state, config)
        if not all(is_interim(event) for event in events):
            stored = encode_state(state)
        said += events
    return said


def finals(events) -> list[Transcript]:
    return [event for event in events if isinstance(event, Transcript) and event.is_final]


def spoken(events) -> list[tuple]:
    heard = finals(events)
    assert len({final.segment_id for final in heard}) == len(heard), "a segment id was given out twice"
    return [(f.speaker, f.content, f.confidence) for f in sorted(heard, key=lambda f: f.segment_start)]


def only(event_type, events) -> list:
    return [event for event in events if isinstance(event, event_type)]


def form(**fields) -> bytes:
    return urlencode({"AccountSid": ACCOUNT, "CallSid": CALL, **fields}).encode()


def status(word, at=None, **fields) -> bytes:
    return form(CallStatus=word, **({"Timestamp": f"Thu, 05 Nov 2026 09:00:{at:02} +0000"} if at else {}), **fields)


def event(name, at=None, **fields) -> bytes:
    timed = {} if at is None else {"Timestamp": f"2026-11-05T09:00:{at:012.9f}Z"}
    return form(**{"TranscriptionEvent": f"transcription-{name}", "TranscriptionSid": GT} | timed | fields)


def speech(sequence, content, at=None, *, final=True, track=INBOUND, **fields) -> bytes:
    data = json.dumps({"transcript": content, **({"confidence": 0.9} if final else {})})
    named = {"Track": track, "SequenceId": sequence, "Final": str(final).lower(), "TranscriptionData": data}
    return event("content", at, **named | fields)


def partial(sequence, content, at=None, **fields) -> bytes:
    return speech(sequence, content, at, final=False, **fields)
