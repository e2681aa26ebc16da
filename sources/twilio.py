"""Twilio: Real-Time Transcription and call status callbacks, both posted to one address, turned into events.

Twilio gives neither segment ids nor segment times; both are made in `twilio_speech`. Content may come after
transcription-stopped, transcription before the first status, and a terminal status first of all.

https://www.twilio.com/docs/voice/twiml/transcription
https://www.twilio.com/docs/voice/api/call-resource#statuscallbackevent
"""

from collections.abc import Callable
from xml.sax.saxutils import quoteattr

import msgspec
from msgspec.structs import replace

from events import CallAnnounced, Event, Speaker, StatusReported, TranscriptionStopped
from sources.twilio_payload import CallStatus, Failed, Payload, Speech, Started, Stopped, decode
from sources.twilio_signature import sign, verify
from sources.twilio_speech import Track, final, partial

__all__ = ["Config", "State", "cleaned", "decode", "must_store", "normalise", "sign", "twiml", "verify"]

REPEATS_REFUSED = False  # but twice, with RETRIES
CallEnded = None
RETRIES = "#rc=2&rp=all"  # without it Twilio doesn't come back after our 503; it is not part of what is signed


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Who is on which track. Inbound is what Twilio hears on the leg, outbound what it plays there: for a leg placed
    to a human agent it is the other way round."""

    inbound_track: Speaker = "user"
    outbound_track: Speaker = "assistant"


class State(msgspec.Struct, frozen=True):
    """What one call has seen. `tracks` by `{TranscriptionSid}:{Track}`: SequenceId starts again with each <Start>."""

    t0: int | None = None  # µs, the answer, as far as known
    is_announced: bool = False
    tracks: dict[str, Track] = {}  # msgspec copies the default


def normalise(payload: Payload, state: State | None, config: Config) -> tuple[list[Event], State | None]:
    """The events of one request, in the order to store them, and what the call has seen with it.

    Of a whole call: `[CallAnnounced, StatusReported("in-progress")]` once, transcripts, a terminal StatusReported; each
    may come late, early or twice. A repeated final gives nothing, a repeated status the same events again.
    """
    known = state or State()
    match payload:
        case CallStatus():
            return _status(payload, known)
        case Started():
            return _started(payload, known)
        case Speech():
            return _speech(payload, known, getattr(config, payload.track))
        case Stopped():
            return _stopped(payload, known)
        case Failed():
            return _failed(payload, known)
    return [], state


def cleaned(payload: Payload, clean: Callable[[str], str]) -> Payload:
    """`payload`: the state keeps numbers and times, no words."""
    return payload


def must_store(before: State | None, after: State | None) -> bool:
    """False: what only interims taught may be lost."""
    return False


def twiml(webhook_url: str) -> str:
    """The TwiML that has a call transcribed to `webhook_url`, with RETRIES asked for unless it has a fragment."""
    url = quoteattr(webhook_url if "#" in webhook_url else webhook_url + RETRIES)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        "<Response>\n"
        "  <Start>\n"
        f'    <Transcription statusCallbackUrl={url} track="both_tracks" partialResults="true"/>\n'
        "  </Start>\n"
        "  <!-- what the call does, such as Dial or Connect, follows here -->\n"
        "</Response>\n"
    )


def _status(payload: CallStatus, state: State) -> tuple[list[Event], State]:
    is_answered = payload.word == "in-progress"
    state = replace(_answered(state, payload.at) if is_answered else state, is_announced=True)
    announced = CallAnnounced(
        provider="twilio",
        direction=payload.direction,
        from_number=payload.from_number,
        to_number=payload.to_number,
        started_at=state.t0,
    )
    if is_answered:
        return [announced, StatusReported(status="in-progress", at=payload.at)], state
    is_good = payload.word == "completed"
    reported = StatusReported(
        status="completed" if is_good else "failed",
        reason=None if is_good else payload.word,
        at=payload.at,
        duration=payload.duration,
    )
    return [announced, reported], state


def _started(payload: Started, state: State) -> tuple[list[Event], State]:
    answered = _answered(state, payload.at)
    events, announced = _announced(answered, payload.at)
    if not events and answered.t0 != state.t0:  # an event, so that a better t0 is stored and outlives a restart
        events = [CallAnnounced(provider="twilio", started_at=answered.t0)]
    return events, announced


def _stopped(payload: Stopped, state: State) -> tuple[list[Event], State]:
    events, state = _announced(state, payload.at)
    return [*events, TranscriptionStopped(at=payload.at)], state


def _failed(payload: Failed, state: State) -> tuple[list[Event], State]:
    """A note for people, and no TranscriptionStopped: a stop comes with the end of the call, so that five quiet minutes
    after it mean one; an error comes while people talk on, and a call closed for it keeps a wrong end for ever."""
    events, state = _announced(state, payload.at)
    return [*events, CallAnnounced(provider="twilio", metadata={"transcription_error": payload.error})], state


def _answered(state: State, at: int | None) -> State:
    """With t0 the earlier of the in-progress status (resolution 1 s) and transcription-started."""
    return state if at is None or (state.t0 is not None and state.t0 <= at) else replace(state, t0=at)


def _announced(state: State, at: int | None) -> tuple[list[Event], State]:
    """What the first that is heard of a call proves: it was answered."""
    if state.is_announced:
        return [], state
    events = [CallAnnounced(provider="twilio", started_at=state.t0), StatusReported(status="in-progress", at=at)]
    return events, replace(state, is_announced=True)


def _speech(speech: Speech, state: State, speaker: Speaker) -> tuple[list[Event], State]:
    events, state = _announced(state, speech.at)
    hear = final if speech.is_final else partial
    heard, track = hear(speech, state.tracks.get(speech.key, Track()), state.t0, speaker)
    return [*events, *heard], replace(state, tracks=state.tracks | {speech.key: track})
