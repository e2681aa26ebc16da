"""Writing the log: what was heard of many calls becomes entries, status changes and changed calls, in one go.

Runs in the writer thread inside its transaction. This is the one place that gives out `seq`. What the database knows
is read once for the whole batch, everything is decided in memory, one thing heard after the other, and written with
one statement for each table: a statement per event would cost most of the time that an event takes.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
from peewee import Database

from events import (
    Call,
    CallAnnounced,
    Entry,
    Event,
    Refused,
    StatusReported,
    Transcript,
    TranscriptionStopped,
)
from models import assistants, calls, metadata, redaction_settings
from models.aliases import Key, Names
from models.bulk import insert_rows, update_rows
from models.database import execute
from models.decide import StatusLine, Stored, announced, appended, status_changed
from models.heard import Heard, Outcome, Recorded, SourceStep, StateConflict

__all__ = ["Heard", "Outcome", "Recorded", "SourceStep", "StateConflict", "record", "record_all"]

_ENTRY = (
    *("call_id", "seq", "segment_id", "revision", "speaker", "content", "confidence", "language"),
    *("segment_start", "segment_end", "created_at", "stored_at"),
)
_HEAD = ("head_seq", "transcript_count", "last_entry_at", "heard_at", "updated_at")
_WHOLE = tuple(n for n in calls.COLUMNS if n not in ("id", "organization_id", "call_sid", "created_at", "updated_at"))
_UPDATE = 'UPDATE "call" SET {}, heard_at = ?, updated_at = ? WHERE id = ?'.format(
    ", ".join(f"{n} = ?" for n in _WHOLE)
)


def record(db: Database, clock: Callable[[], int], heard: Heard) -> Recorded:
    """Store `heard` and say what it changed. Raises Refused, StateConflict; then nothing of it is stored."""
    (result,) = record_all(db, [heard], clock=clock)
    if isinstance(result, Exception):
        raise result
    return result


def record_all(db: Database, heards: list[Heard], *, clock: Callable[[], int]) -> list[Recorded | Exception]:
    """`record` for each, in order, as if one came after the other; what it would raise stands in its place."""
    batch = _Batch(db, heards)
    results: list[Recorded | Exception] = []
    for heard in heards:
        try:
            results.append(batch.hear(clock(), heard))
        except (Refused, StateConflict) as refused:
            results.append(refused)
    batch.write()
    return results


class _Batch:
    """What is known of the calls of a batch, and what is to be written."""

    def __init__(self, db: Database, heards: list[Heard]):
        self._db, self._heards = db, heards
        keys = {(heard.organization_id, heard.call_sid) for heard in heards}
        self._calls = calls.by_sids(db, keys)  # by their own ids
        self._names = Names(db)
        if len(self._calls) < len(keys):
            own = self._names.learn(keys - self._calls.keys(), heards)
            if missing := own - self._calls.keys():
                self._calls |= calls.by_sids(db, missing)
        self._segments: dict[tuple[int, str], list[Stored]] = {}
        self._load_segments(heards)
        self._states = self._load_states(heards)
        self._touched: dict[int, Call] = {}
        self._told_of: set[int] = set()  # those of which more was heard than words: more may change than their heads
        self._stopped_at: dict[int, int] = {}
        self._entries: list[tuple] = []
        self._hidden: Counter[redaction_settings.Count] = Counter()
        self._lines: list[StatusLine] = []

    def hear(self, now: int, heard: Heard) -> Recorded:
        """Decide one. What may be refused comes first: until then nothing has changed."""
        key = heard.organization_id, heard.call_sid
        call, created = self._calls.get(self._names.own.get(key, key)), False
        named = [self._assistant(heard, event) for event in heard.events]
        if call is None and (announced_key := self._names.announced(heard)):
            call = self._load(announced_key)
        self._check(call, heard)
        if call is None:
            call, created = self._create(now, heard)
        elif call.call_sid != heard.call_sid and self._names.give(key, call):
            self._has_name(key)
        under_alias = call.call_sid != heard.call_sid
        before, entries, outcomes = call, [], []
        for event, assistant in zip(heard.events, named, strict=True):
            if isinstance(event, Transcript):
                segment = self._segments.setdefault((call.id, event.segment_id), [])
                call, outcome, entry = appended(now, call, segment, event)
                outcomes.append(outcome)
                if entry is not None:
                    entries.append(entry)
                    self._entries.append(_row(call.id, entry))
            elif isinstance(event, StatusReported):
                call, line = status_changed(now, call, event)
                self._lines += [line] if line else []
            elif isinstance(event, CallAnnounced):
                call = announced(call, event, assistant, under_alias=under_alias)
                if event.alias is not None and self._names.take((heard.organization_id, event.alias), call):
                    self._has_name((heard.organization_id, event.alias))
            elif isinstance(event, TranscriptionStopped):
                self._stopped_at[call.id] = now
        if len(outcomes) < len(heard.events):
            self._told_of.add(call.id)
        if heard.hidden:
            self._hidden += redaction_settings.counted(heard, outcomes, now)
        if heard.step is not None:
            self._save_state(call.id, heard.call_sid, heard.step)
        call = msgspec.structs.replace(call, updated_at=now)
        self._calls[call.organization_id, call.call_sid] = self._touched[call.id] = call
        return Recorded(
            call=call,
            created=created,
            status_changed=created or call.status_version != before.status_version,
            entries=entries,
            outcomes=outcomes,
            alias=heard.call_sid if under_alias else None,
        )

    def write(self) -> None:
        """Write what was decided."""
        db = self._db
        insert_rows(db, "entry", _ENTRY, self._entries)
        insert_rows(db, "status_change", StatusLine._fields, self._lines)
        if self._hidden:
            redaction_settings.add_counts(db, self._hidden)
        heads = []
        for call in self._touched.values():
            if call.last_entry_at is not None and call.id not in self._told_of:
                numbers = call.head_seq, call.transcript_count, call.last_entry_at
                heads.append((call.id, *numbers, call.updated_at, call.updated_at))
            else:
                values: list[Any] = [getattr(call, name) for name in _WHOLE]
                values[_WHOLE.index("metadata")] = msgspec.json.encode(call.metadata).decode()
                execute(db, _UPDATE, *values, call.updated_at, call.updated_at, call.id)
        update_rows(db, "call", _HEAD, heads)
        for call_id, at in self._stopped_at.items():
            execute(db, 'UPDATE "call" SET stopped_at = ? WHERE id = ?', at, call_id)

    # ── what the database knows ──────────────────────────────────────────────────────────────────────────────

    def _load_segments(self, heards: list[Heard]) -> None:
        wanted = set()
        for heard in heards:
            if call := self._call(heard):
                wanted |= {(call.id, event.segment_id) for event in heard.events if isinstance(event, Transcript)}
        wanted -= self._segments.keys()
        for call_id, segment_id, *stored in calls.segments(self._db, wanted) if wanted else ():
            self._segments.setdefault((call_id, segment_id), []).append(Stored(*stored))

    def _load_states(self, heards: list[Heard]) -> dict[tuple[int, str], int]:
        pairs = {(heard.step.source_id, heard.call_sid) for heard in heards if heard.step and self._call(heard)}
        return calls.state_versions(self._db, pairs) if pairs else {}

    def _assistant(self, heard: Heard, event: Event) -> tuple[int, str] | None:
        """Id and name of the assistant that is told, if one is. Raises Refused."""
        if not isinstance(event, CallAnnounced) or event.assistant is None:
            return None
        return assistants.find(self._db, heard.organization_id, event.assistant)

    def _check(self, call: Call | None, heard: Heard) -> None:
        """Raises Refused, StateConflict, for what cannot be taken."""
        known = call.metadata if call else {}
        for event in heard.events:
            if isinstance(event, CallAnnounced) and event.metadata:
                known = metadata.merged(known, event.metadata)
        step = heard.step
        if step is not None and step.version != self._states.get((step.source_id, heard.call_sid), 0):
            raise StateConflict

    def _save_state(self, call_id: int, sid: str, step: SourceStep) -> None:
        """The call's row is locked, so nobody else has stored one since it was checked."""
        self._states[step.source_id, sid] = step.version + 1
        execute(
            self._db,
            "INSERT INTO source_state (source_id, call_id, sid, version, state) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (source_id, sid) DO UPDATE SET version = excluded.version, state = excluded.state",
            *(step.source_id, call_id, sid, step.version + 1, step.state),
        )

    def _call(self, heard: Heard) -> Call | None:
        key = heard.organization_id, heard.call_sid
        return self._calls.get(self._names.own.get(key, key))

    def _load(self, key: Key) -> Call:
        """The call with this id of its own, which the database has."""
        if key not in self._calls:
            self._calls[key] = calls.by_sids(self._db, {key})[key]
        return self._calls[key]

    def _has_name(self, key: Key) -> None:
        """A call has got this name: what is heard under it is about the segments of that call."""
        self._load_segments([heard for heard in self._heards if (heard.organization_id, heard.call_sid) == key])

    def _create(self, now: int, heard: Heard) -> tuple[Call, bool]:
        """A call heard of for the first time, and True; False where another node was quicker, which is as good."""
        db = self._db
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
        key = heard.organization_id, heard.call_sid
        call = self._load(key)
        created = inserted.rowcount == 1
        if created:
            self._lines.append(StatusLine(call.id, "in-progress", None, started_at or now, now))
        else:
            of_it = [other for other in self._heards if (other.organization_id, other.call_sid) == key]
            self._load_segments(of_it)
            self._states |= self._load_states(of_it)
            self._check(call, heard)
        return call, created


def _row(call_id: int, entry: Entry) -> tuple:
    said = entry.transcript
    return (
        *(call_id, entry.seq, said.segment_id, said.revision, said.speaker, said.content, said.confidence),
        *(said.language, said.segment_start, said.segment_end, said.created_at, entry.stored_at),
    )
