"""Vapi: its server messages, all posted to one address, turned into events.

There are no segment ids and no sequence numbers; `vapi_speech` makes segments by the time at which Vapi made each
message, `vapi_report` completes them from the report at the end. Messages may overtake each other, be lost for good
(Vapi sends once, unless asked for more) or never be asked for: a call may be heard of by its report alone.

https://docs.vapi.ai/server-url/events
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from events import CallAnnounced, Event, Speaker, StatusReported, Transcript
from sources.vapi_artifact import call_start
from sources.vapi_end import end_status
from sources.vapi_payload import Answered, Ended, Ignored, Report, Speech, Told, Turn, decode
from sources.vapi_report import filled_in
from sources.vapi_signature import sign, verify
from sources.vapi_speech import Track, final, partial, turn

__all__ = ["Config", "State", "cleaned", "decode", "must_store", "normalise", "sign", "verify"]

REPEATS_REFUSED = False  # unless asked for, it repeats nothing at all
CallEnded = None


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing to set: Vapi says who speaks."""


class State(msgspec.Struct, frozen=True):
    """What one call has seen."""

    t0: int | None = None  # µs, the answer
    is_answered: bool = False
    is_over: bool = False
    has_alias: bool = False
    tracks: dict[Speaker, Track] = {}  # msgspec copies the default


def normalise(payload: Ignored, state: State | None, config: Config) -> tuple[list[Event], State | None]:
    """The events of one request, in the order to store them, and what the call has seen with it.

    Of a whole call: `[CallAnnounced, StatusReported("in-progress")]` once, transcripts, one terminal StatusReported: of
    `ended` and `end-of-call-report`, which both tell it, the first. The report's turns of which nothing was heard, or
    not all, are given too, before the end where it is the first to tell it.
    """
    known = state or State()
    match payload:
        case Answered():
            return _answered(payload, known)
        case Speech():
            return _speech(payload, known)
        case Turn():
            track = known.tracks.get(payload.speaker, Track())
            return [], replace(known, tracks=known.tracks | {payload.speaker: turn(payload, track)})
        case Report():
            return _report(payload, known)
        case Ended():
            return _ended(payload, known)
    return [], state


def cleaned(payload: Ignored, clean: Callable[[str], str]) -> Ignored:
    """Finals and the report's turns: the state keeps marks of their words."""
    if isinstance(payload, Speech) and payload.is_final:
        return replace(payload, content=clean(payload.content))
    if isinstance(payload, Report):
        turns = (replace(message, content=clean(message.content)) for message in payload.messages)
        return replace(payload, messages=tuple(turns))
    return payload


def must_store(before: State | None, after: State | None) -> bool:
    """False: what is stored with finals is enough; when someone began to speak may be lost."""
    return False


def _answered(payload: Answered, state: State) -> tuple[list[Event], State]:
    is_better = payload.is_first and payload.at is not None and (state.t0 is None or payload.at < state.t0)
    return _announced(payload, replace(state, t0=payload.at) if is_better else state, is_news=is_better)


def _announced(payload: Told, state: State, *, is_news: bool) -> tuple[list[Event], State]:
    """What the first that is heard of a call while it runs proves: it was answered. Later only what is new."""
    events: list[Event] = []
    is_first = not state.is_answered and not state.is_over
    if is_first or is_news or (payload.alias and not state.has_alias):
        events.append(_facts(payload, state.t0))
    if is_first:
        events.append(StatusReported(status="in-progress", at=state.t0 or payload.at))
    return events, replace(state, is_answered=True, has_alias=state.has_alias or payload.alias is not None)


def _facts(payload: Told, t0: int | None) -> CallAnnounced:
    return CallAnnounced(
        provider="vapi",
        direction=payload.direction,
        from_number=payload.from_number,
        to_number=payload.to_number,
        started_at=t0,
        alias=payload.alias,
    )


def _speech(speech: Speech, state: State) -> tuple[list[Event], State]:
    t0 = call_start(speech.artifact) if state.t0 is None else None
    events, state = _announced(speech, replace(state, t0=state.t0 or t0), is_news=t0 is not None)
    hear = final if speech.is_final else partial
    heard, track = hear(speech, state.tracks.get(speech.speaker, Track()), state.t0)
    return [*events, *heard], replace(state, tracks=state.tracks | {speech.speaker: track})


def _report(report: Report, state: State) -> tuple[list[Event], State]:
    is_answered = state.is_answered or bool(report.messages)
    state = replace(state, t0=report.started_at if state.t0 is None else state.t0, is_answered=is_answered)
    told: list[tuple[int, Transcript]] = []
    for speaker in ("user", "assistant"):
        messages = [message for message in report.messages if message.speaker == speaker]
        told_of, track = filled_in(report.call_sid, messages, state.tracks.get(speaker, Track()))
        told += told_of
        state = replace(state, tracks=state.tracks | {speaker: track})
    told.sort(key=lambda at: at[0])
    ended, state = _ended(report, state)
    return [*ended[:1], *(said for _, said in told), *ended[1:]], state


def _ended(payload: Ended, state: State) -> tuple[list[Event], State]:
    if state.is_over:
        return [], state
    status = end_status(payload.reason, is_answered=state.is_answered)
    has_run = state.is_answered or status == "completed"
    reported = StatusReported(
        status=status, reason=payload.reason, at=payload.ended_at or payload.at, duration=payload.duration
    )
    has_alias = state.has_alias or payload.alias is not None
    return [_facts(payload, state.t0 if has_run else None), reported], replace(state, is_over=True, has_alias=has_alias)
