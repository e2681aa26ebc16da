"""Writing the log: what was heard about one call becomes entries, status changes and a changed call, in one go.

Runs in the writer thread inside its transaction. This is the one place that gives out `seq`, tells a repeat from a
correction, and decides what a status report changes. SQL is written out: this is the hot path, and the ORM's
per-row cost would be most of it.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from peewee import Database

from events import SECOND, Call, CallAnnounced, Entry, Event, Refused, StatusReported, Transcript, TranscriptionStopped
from models import assistants, calls, metadata
from models.database import execute

LAST_REVISION = 2**31 - 1  # what an INTEGER column holds on PostgreSQL


class StateConflict(Exception):
    """Another node stored a newer state of this call at this source: normalise again with `state`."""


class SourceStep(msgspec.Struct, frozen=True):
    """The adapter's state after these events, stored with them if nobody stored another since `version`."""

    source_id: int
    version: int  # of the state that the events were made with; 0: there was none
    state: str  # JSON


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What to record about one call. `assistant_id` is for a call not yet known; None is the organisation's default."""

    organization_id: int
    call_sid: str
    events: list[Event]
    assistant_id: int | None = None
    step: SourceStep | None = None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, for publishing and for the answer."""

    call: Call
    created: bool
    status_changed: bool
    entries: list[Entry]  # new in the log, in order
    outcomes: list["Outcome"]  # one for each Transcript among the events, in their order


class Outcome(msgspec.Struct, frozen=True):
    """Of one transcript: where it stands in the log, and whether it was there already; or why it was not taken."""

    segment_id: str
    seq: int = 0
    is_repeat: bool = False
    error: Refused | None = None


def record(db: Database, clock: Callable[[], int], heard: Heard) -> Recorded:
    """Store `heard` and say what it changed. Raises Refused, StateConflict; then nothing of it is stored."""
    now = clock()
    call = calls.by_sid(db, heard.organization_id, heard.call_sid, for_update=True)
    created = False
    if call is None:
        call, created = _create(db, now, heard)
    before, entries, outcomes = call, [], []
    for event in heard.events:
        if isinstance(event, Transcript):
            call, outcome, entry = _append(db, now, call, event)
            outcomes.append(outcome)
            if entry is not None:
                entries.append(entry)
        elif isinstance(event, StatusReported):
            call = _change_status(db, now, call, event)
        elif isinstance(event, CallAnnounced):
            call = _announce(db, call, event)
    is_stopped = any(isinstance(event, TranscriptionStopped) for event in heard.events)
    call = _save(db, now, before, call, is_stopped=is_stopped)
    if heard.step is not None:
        _save_state(db, call.id, heard.step)
    return Recorded(
        call=call,
        created=created,
        status_changed=created or call.status_version != before.status_version,
        entries=entries,
        outcomes=outcomes,
    )


def _create(db: Database, now: int, heard: Heard) -> tuple[Call, bool]:
    """A call heard of for the first time, and True; False where another node was quicker, which is as good."""
    assistant_id = heard.assistant_id or assistants.default(db, now, heard.organization_id)
    # A call that is first heard of while it runs is taken to have started now, unless its source knows better.
    announced = next((e for e in heard.events if isinstance(e, CallAnnounced) and e.started_at is not None), None)
    ended = any(isinstance(e, StatusReported) and e.status != "in-progress" for e in heard.events)
    started_at = announced.started_at if announced else None if ended else now
    inserted = execute(
        db,
        'INSERT INTO "call" (organization_id, assistant_id, call_sid, status, status_version, metadata, head_seq,'
        " transcript_count, started_at, heard_at, created_at, updated_at)"
        " VALUES (?, ?, ?, 'in-progress', 1, '{}', 0, 0, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        *(heard.organization_id, assistant_id, heard.call_sid, started_at, now, now, now),
    )
    call = calls.by_sid(db, heard.organization_id, heard.call_sid, for_update=True)
    created = inserted.rowcount == 1
    if created:
        _log_status(db, now, call.id, "in-progress", None, started_at or now)
    return call, created


def _announce(db: Database, call: Call, told: CallAnnounced) -> Call:
    changes: dict[str, Any] = {
        name: value
        for name in ("direction", "from_number", "to_number", "provider")
        if (value := getattr(told, name)) is not None
    }
    if told.assistant is not None:
        changes["assistant_id"], changes["assistant_name"] = assistants.find(db, call.organization_id, told.assistant)
    if told.started_at is not None:
        changes["started_at"] = min(told.started_at, call.started_at or told.started_at)
    if told.metadata:
        changes["metadata"] = metadata.merged(call.metadata, told.metadata)
    return msgspec.structs.replace(call, **changes)


def _change_status(db: Database, now: int, call: Call, told: StatusReported) -> Call:
    """A terminal status is never undone, and a status heard again changes nothing."""
    if call.is_over or told.status == call.status:
        return call
    ended_at = told.at or now
    duration = told.duration
    if duration is None and call.started_at is not None:
        duration = max(0, (ended_at - call.started_at) // SECOND)
    _log_status(db, now, call.id, told.status, told.reason, ended_at)
    return msgspec.structs.replace(
        call,
        status=told.status,
        status_version=call.status_version + 1,
        end_reason=told.reason,
        ended_at=ended_at,
        duration=duration,
        terminal_at=now,
    )


def _append(db: Database, now: int, call: Call, said: Transcript) -> tuple[Call, Outcome, Entry | None]:
    """The next place in the log for `said`, unless the log has it already.

    Same segment and same content is a repeat, also of an entry that was corrected since: what a producer re-sends
    after a lost connection is stored once. An explicit revision older than the newest stored is a repeat too: it was
    superseded before it arrived, and storing it last would make the old words win.
    """
    stored = execute(
        db,
        "SELECT seq, revision, content FROM entry WHERE call_id = ? AND segment_id = ? ORDER BY revision",
        *(call.id, said.segment_id),
    ).fetchall()
    for seq, revision, content in stored:
        if said.revision is None and content == said.content:
            return call, Outcome(said.segment_id, seq, is_repeat=True), None
        if said.revision == revision:
            if content == said.content:
                return call, Outcome(said.segment_id, seq, is_repeat=True), None
            message = f"Revision {revision} of segment {said.segment_id!r} is stored with other content."
            error = Refused("revision_conflict", message, "revision")
            return call, Outcome(said.segment_id, error=error), None
    newest = stored[-1] if stored else (0, 0, "")
    if said.revision is not None and said.revision < newest[1]:
        return call, Outcome(said.segment_id, newest[0], is_repeat=True), None
    if said.revision is None and newest[1] == LAST_REVISION:
        error = Refused("revision_conflict", f"No revision of segment {said.segment_id!r} is left.", "revision")
        return call, Outcome(said.segment_id, error=error), None
    said = msgspec.structs.replace(
        said,
        revision=newest[1] + 1 if said.revision is None else said.revision,
        created_at=now if said.created_at is None else said.created_at,
    )
    seq = call.head_seq + 1
    execute(
        db,
        "INSERT INTO entry (call_id, seq, segment_id, revision, speaker, content, confidence, language,"
        " segment_start, segment_end, created_at, stored_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        *(call.id, seq, said.segment_id, said.revision, said.speaker, said.content, said.confidence, said.language),
        *(said.segment_start, said.segment_end, said.created_at, now),
    )
    call = msgspec.structs.replace(
        call, head_seq=seq, transcript_count=call.transcript_count + (not stored), last_entry_at=now
    )
    return call, Outcome(said.segment_id, seq), Entry(seq=seq, stored_at=now, transcript=said)


_UPDATED = tuple(
    name for name in calls.COLUMNS if name not in ("id", "organization_id", "call_sid", "created_at", "updated_at")
)
_UPDATE = 'UPDATE "call" SET {}, heard_at = ?, updated_at = ? WHERE id = ?'.format(
    ", ".join(f"{name} = ?" for name in _UPDATED)
)
_UPDATE_HEAD = (
    'UPDATE "call" SET head_seq = ?, transcript_count = ?, last_entry_at = ?, heard_at = ?, updated_at = ? WHERE id = ?'
)


def _save(db: Database, now: int, before: Call, call: Call, *, is_stopped: bool) -> Call:
    """The call as it is now stored."""
    only_the_head = msgspec.structs.replace(
        before, head_seq=call.head_seq, transcript_count=call.transcript_count, last_entry_at=call.last_entry_at
    )
    if call == only_the_head:
        execute(db, _UPDATE_HEAD, call.head_seq, call.transcript_count, call.last_entry_at, now, now, call.id)
    else:
        values = [getattr(call, name) for name in _UPDATED]
        values[_UPDATED.index("metadata")] = msgspec.json.encode(call.metadata).decode()
        execute(db, _UPDATE, *values, now, now, call.id)
    if is_stopped:
        execute(db, 'UPDATE "call" SET stopped_at = ? WHERE id = ?', now, call.id)
    return msgspec.structs.replace(call, updated_at=now)


def _log_status(db: Database, now: int, call_id: int, status: str, reason: str | None, at: int) -> None:
    execute(
        db,
        "INSERT INTO status_change (call_id, status, reason, at, stored_at) VALUES (?, ?, ?, ?, ?)",
        *(call_id, status, reason, at, now),
    )


def _save_state(db: Database, call_id: int, step: SourceStep) -> None:
    if step.version == 0:
        saved = execute(
            db,
            "INSERT INTO source_state (source_id, call_id, version, state) VALUES (?, ?, 1, ?) ON CONFLICT DO NOTHING",
            *(step.source_id, call_id, step.state),
        )
    else:
        saved = execute(
            db,
            "UPDATE source_state SET version = version + 1, state = ?"
            " WHERE source_id = ? AND call_id = ? AND version = ?",
            *(step.state, step.source_id, call_id, step.version),
        )
    if saved.rowcount != 1:
        raise StateConflict
