"""The vocabulary: what can happen on a call, and how it looks on the wire to a viewer. Pure; no I/O, no clock.

Read this first. A source turns its provider's payload into *events* (`CallAnnounced`, `Transcript`,
`StatusReported`, `TranscriptionStopped`); the store turns what must be kept into *entries* and a new `Call`;
the hub hands the *messages* at the end of this file to viewers.

Times are integers, microseconds since the Unix epoch (UTC), so that both databases keep them exactly;
media times are seconds from the answer of the call, float; None is unknown, never a guess.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal

import msgspec

# `gc=False` on what there is much of: nothing here can be part of a cycle, and the collector need not look at it.

Speaker = Literal["user", "assistant"]
Status = Literal["in-progress", "completed", "failed"]
TERMINAL: frozenset[str] = frozenset({"completed", "failed"})

CALL_SID = re.compile(r"[A-Za-z0-9_.:-]{1,128}\Z")
CONTENT_BYTES = 32 * 1024  # the longest speech turn seen is under 4 KiB; beyond this it is not a turn
METADATA_BYTES = 16 * 1024  # of a call as JSON: every look at the call reads all of it
SECOND = 1_000_000  # µs
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Refused(Exception):
    """Input that cannot be taken: `code` is stable, for programs; `message` is for people; `field` names the part."""

    def __init__(self, code: str, message: str, field: str | None = None):
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


class Unavailable(Exception):
    """The store cannot take or answer this now (queue full, commit too slow, database away): try again in a moment."""


# ── what a source hears ──────────────────────────────────────────────────────────────────────────────────────


class CallAnnounced(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Facts about a call, as far as they are known; None says nothing and changes nothing already known."""

    assistant: str | int | None = None  # name, or id; None is the source's or the organisation's default
    direction: Literal["inbound", "outbound"] | None = None
    from_number: str | None = None
    to_number: str | None = None
    provider: str | None = None  # "twilio", "vapi" …
    alias: str | None = None  # another provider's id of the same call, as CALL_SID: it may tell of it under that one
    started_at: int | None = None  # µs, the answer; the earliest that was ever heard is kept
    metadata: dict[str, Any] | None = None  # merged into what is there, key by key


class Transcript(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One piece of speech. Interims pass through; finals are stored and so become entries."""

    segment_id: str
    speaker: Speaker
    content: str  # "" withdraws an interim
    is_final: bool = True
    revision: int | None = None  # None: the server counts
    confidence: float | None = None  # 0.0–1.0
    segment_start: float | None = None  # s from the answer
    segment_end: float | None = None
    language: str | None = None  # BCP 47
    created_at: int | None = None  # µs, when the provider made it; None: when stored


class StatusReported(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The call's state according to its source. A terminal state is never undone by a later one."""

    status: Status
    reason: str | None = None  # why it failed or ended: busy, no-answer, timeout …
    at: int | None = None  # µs, the provider's time; None: when stored
    duration: int | None = None  # whole s; None: from `started_at` and `at`


class TranscriptionStopped(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The provider stopped listening. Not the end of the call, but after five quiet minutes taken as one."""

    at: int | None = None


class AlertRaised(msgspec.Struct, frozen=True, kw_only=True):
    """A rule of the organisation fits unfinished words or a silence; no source tells this, rules/ does."""

    rule_id: int
    rule_name: str
    at: int  # µs
    segment_id: str | None = None  # None: a silence
    spans: list[tuple[int, int]] | None = None  # what fits, as in rules/alert.py
    since: int | None = None  # µs, when the silence began


Event = CallAnnounced | Transcript | StatusReported | TranscriptionStopped | AlertRaised


# ── what the store keeps ─────────────────────────────────────────────────────────────────────────────────────


class Call(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A call as stored, with everything that its messages and pages need."""

    id: int
    organization_id: int
    call_sid: str
    assistant_id: int
    assistant_name: str
    status: Status
    status_version: int  # grows by one with each change of `status`
    end_reason: str | None
    direction: str | None
    from_number: str | None
    to_number: str | None
    provider: str | None
    metadata: dict[str, Any]
    head_seq: int  # the last `seq` given out; 0 before the first
    transcript_count: int  # segments, each counted once however often corrected
    started_at: int | None
    ended_at: int | None
    duration: int | None  # whole s, once ended
    terminal_at: int | None  # µs when the terminal status was stored: the grace period counts from here
    last_entry_at: int | None  # µs when the newest entry was stored
    created_at: int
    updated_at: int

    @property
    def is_over(self) -> bool:
        return self.status in TERMINAL

    @property
    def customer_number(self) -> str | None:
        return self.to_number if self.direction == "outbound" else self.from_number

    @property
    def platform_number(self) -> str | None:
        return self.from_number if self.direction == "outbound" else self.to_number

    def seconds(self, now: int) -> int | None:
        """Whole seconds it lasted, or has lasted at `now` (µs); None while its start is unknown."""
        if self.duration is not None or self.started_at is None or self.is_over:
            return self.duration
        return max(0, (now - self.started_at) // SECOND)


class Entry(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A stored final in its place in the call's log."""

    seq: int  # 1, 2, 3 … per call, without holes
    stored_at: int  # µs
    transcript: Transcript  # with `revision` and `created_at` filled in
    id: int | None = None  # None where it comes fresh from the writer


# ── how it looks on the wire ─────────────────────────────────────────────────────────────────────────────────


_MILLISECONDS = tuple(f".{ms:03}+00:00" for ms in range(1000))  # formatting one costs more than all else of a time


def rfc3339(at: int | None) -> str | None:
    """Milliseconds and a numeric offset, `2026-01-19T12:00:05.123+00:00`: older clients cannot read a `Z`."""
    if at is None:
        return None
    second = at // SECOND
    return _second(second) + _MILLISECONDS[(at - second * SECOND) // 1000]


@lru_cache(64)
def _second(second: int) -> str:
    """Most of what is written is of the same few seconds, and this part is most of the work."""
    return (_EPOCH + timedelta(seconds=second)).isoformat()[:19]


def microseconds(text: str) -> int:
    """The instant in an RFC 3339 or ISO 8601 text, µs; one without an offset is UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


encode = msgspec.json.Encoder().encode


class TranscriptData(msgspec.Struct, frozen=True, gc=False):
    """The `data` of a transcript message, which is also what producers send."""

    content: str
    speaker: str
    is_final: bool
    confidence: float | None
    segment_start: float | None
    segment_end: float | None
    created_at: str | None
    segment_id: str
    revision: int | None
    language: str | None


class _TranscriptMessage(msgspec.Struct, frozen=True, gc=False, tag_field="type", tag="transcript"):
    call_sid: str
    timestamp: str
    seq: int | msgspec.UnsetType
    replayed: bool
    data: TranscriptData


def transcript_data(said: Transcript) -> TranscriptData:
    return TranscriptData(
        *(said.content, said.speaker, said.is_final, said.confidence, said.segment_start, said.segment_end),
        *(rfc3339(said.created_at), said.segment_id, said.revision, said.language),
    )


def entry_message(call_sid: str, entry: Entry, *, replayed: bool) -> bytes:
    data = transcript_data(entry.transcript)
    return encode(_TranscriptMessage(call_sid, rfc3339(entry.stored_at), entry.seq, replayed, data))


def interim_message(call_sid: str, interim: Transcript, now: int) -> bytes:
    """A transcript message without `seq`: it has no place in the log."""
    return encode(_TranscriptMessage(call_sid, rfc3339(now), msgspec.UNSET, False, transcript_data(interim)))


def status_metadata(call: Call, now: int) -> dict[str, Any]:
    return {
        "assistant_id": call.assistant_id,
        "assistant_name": call.assistant_name,
        "call_type": call.direction,
        "started_at": rfc3339(call.started_at),
        "ended_at": rfc3339(call.ended_at),
        "duration": call.seconds(now),
        "to_phone_number": call.to_number,
        "customer_phone_number": call.customer_number,
        "reason": call.end_reason,
    }


def status_message(call: Call, now: int) -> bytes:
    about = {"status": call.status, "metadata": status_metadata(call, now)}
    return encode({"type": "call_status", "call_sid": call.call_sid, "timestamp": rfc3339(now)} | about)
