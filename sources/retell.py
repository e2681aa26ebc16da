"""Retell: call and transcript webhooks, posted to one address, turned into events.

No confidences, no sequence numbers, no flag for what is final: `retell_speech` makes finals, corrections and interims
of lists that repeat the whole call. Messages overtake each other, and a call that was never connected is first heard
of when it has ended.

https://docs.retellai.com/features/webhook-overview
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from events import CallAnnounced, Event, Speaker, Status, StatusReported
from sources.retell_payload import Ignored, Item, Told, decode
from sources.retell_signature import sign, verify
from sources.retell_speech import Heard, heard

__all__ = ["Config", "State", "cleaned", "decode", "must_store", "normalise", "sign", "verify"]

REPEATS_REFUSED = False  # three times at most
CallEnded = None

_AUTHORITY = {"call_started": 0, "transcript_updated": 0, "call_ended": 1, "call_analyzed": 2}
_BEFORE = ("registered", "not_connected")  # what `call_status` says of a call that nobody answered
_NEVER_CONNECTED = {
    *("invalid_destination", "telephony_provider_permission_denied", "telephony_provider_unavailable"),
    *("sip_routing_error", "marked_as_spam", "network_blocked", "user_declined", "concurrency_limit_reached"),
    *("no_concurrency_fallback", "no_valid_payment", "credit_exhausted", "budget_reached", "scam_detected"),
    "registered_call_timeout",
}


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Who the one is to whom the assistant passed the call on: a person by default."""

    transfer_target: Speaker = "user"


class State(msgspec.Struct, frozen=True):
    """What one call has seen."""

    is_answered: bool = False
    is_over: bool = False
    has_alias: bool = False
    has_start: bool = False
    heard: Heard = Heard()


def normalise(payload: Told | Ignored, state: State | None, config: Config) -> tuple[list[Event], State | None]:
    """The events of one request, in the order to store them, and what the call has seen with it.

    Of a whole call: `[CallAnnounced, StatusReported("in-progress")]` once, transcripts, `[CallAnnounced,
    StatusReported]` once when it has ended. `call_analyzed` ends a call only where `call_ended` was lost; both fill in
    and correct what was said. Times of day are the server's: Retell tells only those of the audio.
    """
    if not isinstance(payload, Told):
        return [], state
    has_ended = payload.event in ("call_ended", "call_analyzed")
    if not has_ended and payload.event != "call_started" and payload.state in _BEFORE and not payload.items:
        return [], state
    known = state or State()
    said, now_heard = heard(
        payload.call_sid,
        payload.items,
        known.heard,
        {"agent": "assistant", "user": "user", "transfer_target": config.transfer_target},
        authority=_AUTHORITY[payload.event],
        # Some updates come when the call has ended: then there is no further word to wait for.
        is_over=has_ended or known.is_over or payload.state == "ended",
    )
    is_answered = known.is_answered or bool(said) or not has_ended
    ended = _ended(payload) if has_ended and not known.is_over else None
    is_known = known.is_answered or known.is_over
    never_ran = ended is not None and ended.status == "failed" and not is_answered
    started_at = None if never_ran else payload.started_at
    is_news = (payload.alias and not known.has_alias) or (started_at and not known.has_start and is_answered)
    events: list[Event] = []
    if not is_known or ended or is_news:
        events.append(_announced(payload, started_at))
    if not is_known and not ended:
        events.append(StatusReported(status="in-progress", at=payload.started_at))
    events += said
    if ended:
        events.append(ended)
    return events, State(
        is_answered=is_answered,
        is_over=known.is_over or has_ended,
        has_alias=known.has_alias or payload.alias is not None,
        has_start=known.has_start or started_at is not None,
        heard=now_heard,
    )


def cleaned(payload: Told | Ignored, clean: Callable[[str], str]) -> Told | Ignored:
    """Its turns: the state keeps no words, but checksums of them, from which a few digits could be found again."""
    if isinstance(payload, Told):
        turns = (Item(role=item.role, content=clean(item.content), words=item.words) for item in payload.items)
        return replace(payload, items=tuple(turns))
    return payload


def must_store(before: State | None, after: State | None) -> bool:
    """False: the next message repeats what an interim taught."""
    return False


def _announced(payload: Told, started_at: int | None) -> CallAnnounced:
    return CallAnnounced(
        provider="retell",
        direction=payload.direction,
        from_number=payload.from_number,
        to_number=payload.to_number,
        started_at=started_at,
        alias=payload.alias if payload.alias != payload.call_sid else None,
    )


def _ended(payload: Told) -> StatusReported:
    """Reasons that nobody knows yet are those of calls that ran."""
    reason = payload.reason
    if reason is None:
        has_failed = payload.state in _BEFORE
    else:
        has_failed = reason in _NEVER_CONNECTED or reason.startswith(("dial_", "error"))
    status: Status = "failed" if has_failed or payload.state == "error" else "completed"
    return StatusReported(status=status, reason=reason, at=payload.ended_at, duration=payload.duration)
