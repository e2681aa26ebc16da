"""Telnyx: Call Control webhooks, call events and live transcription, both posted to one address, turned into events.

Delivery is concurrent, unordered and repeated: a hangup may come before the answer, an interim after its final. What
Telnyx makes in place of segment ids and times is made in `telnyx_speech`. TeXML applications are not supported.

https://developers.telnyx.com/development/api-fundamentals/webhooks/receiving-webhooks
https://developers.telnyx.com/api-reference/callbacks/transcription
"""

from collections.abc import Callable
from typing import Literal

import msgspec
from msgspec.structs import replace

from events import CallAnnounced, Event, Speaker, StatusReported
from sources.telnyx_payload import UNKNOWN, CallEvent, Payload, Speech, decode
from sources.telnyx_signature import verify
from sources.telnyx_speech import Track, final, interim

__all__ = ["Config", "State", "cleaned", "decode", "must_store", "normalise", "verify"]

REPEATS_REFUSED = True  # everything that is not answered 2xx within two seconds
CallEnded = None

REMEMBERED = 256  # finals per call, against repeats: half an hour of talk, about 3.5 KB of state
LEGS, TRACKS = 32, 64  # of one call; a session of more legs is not a phone call

_BAD = ("call_rejected", "timeout", "user_busy", "not_found", "no_answer")  # failed even after an answer
_PLAIN = ("normal_clearing", "originator_cancel", "unspecified")  # ends that need no words
_REASONS = {"user_busy": "busy", "no_answer": "no-answer", "originator_cancel": "canceled"}  # as elsewhere


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """What is one call, where the address's query does not say: each leg, or all legs of a session. And who is on which
    track: inbound is the leg on which transcription was asked for. Engines other than Telnyx's own may leave the track
    out: with one track transcribed that is the inbound one, with both nobody can know."""

    call_id: Literal["call_control_id", "call_session_id"] = "call_control_id"
    inbound: Speaker = "user"
    outbound: Speaker = "assistant"
    unknown_track: Speaker = "user"


class Leg(msgspec.Struct, frozen=True):
    is_answered: bool = False  # that somebody was heard on it proves it, too
    is_over: bool = False


class State(msgspec.Struct, frozen=True):
    """What one call has seen: one leg, or all legs of a session."""

    t0: int | None = None  # µs, the answer; `start_time` is that of the ringing
    base: int | None = None  # µs, the first time that was heard: what revisions count from
    is_announced: bool = False
    has_unknown_track: bool = False  # and its metadata say so
    direction: str | None = None
    from_number: str | None = None
    to_number: str | None = None
    legs: dict[str, Leg] = {}  # msgspec copies the default
    tracks: dict[str, Track] = {}  # by `{leg}:{track}`
    finals: tuple[str, ...] = ()  # ids of events, in order of arrival, the newest REMEMBERED


def normalise(payload: Payload, state: State | None, config: Config) -> tuple[list[Event], State | None]:
    """The events of one request, in the order to store them, and what the call has seen with it.

    Ringing creates nothing. The answer, or whatever proves it, makes the call run; the end of its last answered leg
    ends it, as failed where no answer was heard of. A repeated final gives nothing, a repeated status the same again.
    """
    if not isinstance(payload, CallEvent | Speech):
        return [], state
    known = state or State()
    if known.base is None:
        known = replace(known, base=payload.at)
    if isinstance(payload, Speech):
        return _speech(payload, known, config)
    return _call_event(payload, _with_facts(known, payload))


def cleaned(payload: Payload, clean: Callable[[str], str]) -> Payload:
    """`payload`: the state keeps numbers and times, no words."""
    return payload


def must_store(before: State | None, after: State | None) -> bool:
    """Whether a leg of a running call was answered or ended: forgotten, the call would end too soon, or never."""
    return before is not None and after is not None and before.is_announced and before.legs != after.legs


def _with_facts(state: State, event: CallEvent) -> State:
    """The first leg that is heard of says from whom to whom; only `call.initiated` tells the direction."""
    return replace(
        state,
        direction=state.direction or event.direction,
        from_number=state.from_number or event.from_number,
        to_number=state.to_number or event.to_number,
    )


def _with_leg(state: State, name: str, **changes: bool) -> State:
    was = state.legs.get(name)
    if was is None and len(state.legs) >= LEGS:
        return state
    leg = replace(was or Leg(), **changes)
    return state if leg == was else replace(state, legs=state.legs | {name: leg})


def _announcement(state: State) -> CallAnnounced:
    return CallAnnounced(
        provider="telnyx",
        direction=state.direction,
        from_number=state.from_number,
        to_number=state.to_number,
        started_at=state.t0,
    )


def _announced(state: State, at: int | None) -> tuple[list[Event], State]:
    """What the first thing that proves an answer makes of a call."""
    if state.is_announced:
        return [], state
    return [_announcement(state), StatusReported(status="in-progress", at=at)], replace(state, is_announced=True)


def _call_event(event: CallEvent, state: State) -> tuple[list[Event], State]:
    match event.word:
        case "answered":
            t0 = event.at if state.t0 is None or event.at is None else min(event.at, state.t0)
            state = replace(_with_leg(state, event.leg, is_answered=True), t0=t0 or state.t0)
            if not state.is_announced or any(not leg.is_over for leg in state.legs.values()):
                reported = StatusReported(status="in-progress", at=event.at)
                return [_announcement(state), reported], replace(state, is_announced=True)
        case "bridged":
            return _announced(_with_leg(state, event.leg, is_answered=True), event.at)
        case "hangup":
            return _hangup(event, _with_leg(state, event.leg, is_over=True))
    return ([_announcement(state)] if state.is_announced else []), state


def _hangup(event: CallEvent, state: State) -> tuple[list[Event], State]:
    if any(leg.is_answered and not leg.is_over for leg in state.legs.values()):
        return [], state  # others of the session talk on
    was_answered = any(leg.is_answered for leg in state.legs.values())
    is_good = was_answered and event.cause not in _BAD
    cause = event.cause or "unspecified"
    reason = None if is_good and cause in _PLAIN else _REASONS.get(cause, cause)
    ended = StatusReported(status="completed" if is_good else "failed", reason=reason, at=event.at)
    return [_announcement(state), ended], replace(state, is_announced=True)


def _speech(speech: Speech, state: State, config: Config) -> tuple[list[Event], State]:
    events, state = _announced(_with_leg(state, speech.leg, is_answered=True), speech.at)
    if speech.track == UNKNOWN:
        speaker = config.unknown_track
        if speech.content and not state.has_unknown_track:
            events = [*events, CallAnnounced(provider="telnyx", metadata={"unknown_track_taken_as": speaker})]
            state = replace(state, has_unknown_track=True)
    else:
        speaker = getattr(config, speech.track)
    track = state.tracks.get(speech.key)
    if track is None:  # one too many gets no numbers, and nothing of it is kept: its finals are named by their events
        track = Track() if len(state.tracks) < TRACKS else Track(last_final=2**62)
    if speech.is_final:
        if speech.event_id in state.finals:
            return events, state
        state = replace(state, finals=(*state.finals, speech.event_id)[-REMEMBERED:])
        heard, now = final(speech, track, state.t0, speaker)
    else:
        heard, now = interim(speech, track, state.t0, state.base or 0, speaker)
    if speech.key in state.tracks or len(state.tracks) < TRACKS:
        state = replace(state, tracks=state.tracks | {speech.key: now})
    return [*events, *heard], state
