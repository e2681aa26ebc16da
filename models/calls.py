"""Calls as they are asked for: one by its id, a filtered page of them, their numbers. Nothing here changes a call."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from peewee import SQL, Case, Database, ModelSelect, fn

from events import Call
from models import tables
from models.bulk import one_of, wanted
from models.database import execute, is_sqlite

COLUMNS = tuple(name for name in Call.__struct_fields__ if name != "assistant_name")
_FIELDS = (*COLUMNS, "assistant_name")
_METADATA = COLUMNS.index("metadata")
_SELECT = 'SELECT {}, assistant.name FROM "call" JOIN assistant ON assistant.id = "call".assistant_id WHERE '.format(
    ", ".join(f'"call".{name}' for name in COLUMNS)
)
_BY_SID = _SELECT + '"call".organization_id = ? AND "call".call_sid = ?'
_BY_ALIAS = _SELECT + '"call".id = (SELECT call_id FROM call_alias WHERE organization_id = ? AND alias = ?)'
# CROSS JOIN: SQLite keeps the order of the tables then, and looks each wanted row up by an index
_BY_SIDS = _SELECT.replace(' FROM "call" JOIN', ' FROM {} CROSS JOIN "call" JOIN') + (
    '"call".organization_id = wanted.a AND "call".call_sid = wanted.b'
)
_SEGMENTS = (
    "SELECT entry.call_id, entry.segment_id, entry.seq, entry.revision, entry.content FROM {} CROSS JOIN entry"
    " WHERE entry.call_id = wanted.a AND entry.segment_id = wanted.b ORDER BY entry.call_id, entry.revision"
)
_STATES = (
    "SELECT source_state.source_id, source_state.sid, source_state.version FROM {} CROSS JOIN source_state"
    " WHERE source_state.source_id = wanted.a AND source_state.sid = wanted.b"
)


class CallFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which calls of an organisation; None asks nothing. Times in µs, durations in whole seconds."""

    status: str | None = None
    assistant_id: int | None = None
    customer_phone: str | None = None
    date_from: int | None = None
    date_to: int | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    direction: str | None = None
    number: str | None = None  # a part of the customer's


class CallStats(msgspec.Struct, frozen=True, kw_only=True):
    """Numbers over all calls of an organisation; durations in seconds, of ended calls whose duration is known."""

    total_calls: int
    ongoing_calls: int
    completed_calls: int
    failed_calls: int
    average_duration: float | None
    total_duration: int


def by_sid(db: Database, organization_id: int, call_sid: str) -> Call | None:
    """The call with this id, which may be another provider's; its own is in what comes back."""
    row = execute(db, _BY_SID, organization_id, call_sid).fetchone()
    row = row or execute(db, _BY_ALIAS, organization_id, call_sid).fetchone()
    return _call(row) if row else None


def by_sids(db: Database, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], Call]:
    """Those that there are of these calls, by organisation and call_sid; their rows are locked until the transaction
    ends, in the order of their ids, so that two nodes with the same calls wait for each other in one direction only."""
    source, params = wanted(db, keys, "text")
    lock = ' ORDER BY "call".id FOR UPDATE OF "call"' if db.for_update else ""  # SQLite has one writer anyway
    rows = execute(db, _BY_SIDS.format(source) + lock, *params).fetchall()
    return {(call.organization_id, call.call_sid): call for call in map(_call, rows)}


def segments(db: Database, wanted_segments: Iterable[tuple[int, str]]) -> list[tuple[int, str, int, int, str]]:
    """(call id, segment_id, seq, revision, content) of every entry of these segments (call id, segment_id), those of
    each segment by revision."""
    source, params = wanted(db, wanted_segments, "text")
    return execute(db, _SEGMENTS.format(source), *params).fetchall()


def state_versions(db: Database, pairs: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """The versions of what sources (by id) remember of calls (by what they call them), where they remember anything."""
    source, params = wanted(db, pairs, "text")
    rows = execute(db, _STATES.format(source), *params).fetchall()
    return {(source_id, sid): version for source_id, sid, version in rows}


def by_id(db: Database, organization_id: int, call_id: int) -> Call | None:
    row = execute(db, _SELECT + '"call".organization_id = ? AND "call".id = ?', organization_id, call_id).fetchone()
    return _call(row) if row else None


def in_progress(db: Database, organization_id: int) -> list[Call]:
    """Every running call of the organisation, the one that began last first."""
    running = page(db, organization_id, CallFilter(status="in-progress"), skip=0, limit=None)
    return sorted(running, key=lambda call: call.started_at or call.created_at, reverse=True)


def last_ended(db: Database, organization_id: int) -> Call | None:
    """The call that ended last, None where none ever did."""
    ended = '"call".organization_id = ? AND "call".terminal_at IS NOT NULL ORDER BY "call".terminal_at DESC LIMIT 1'
    row = execute(db, _SELECT + ended, organization_id).fetchone()
    return _call(row) if row else None


def page(db: Database, organization_id: int, where: CallFilter, *, skip: int, limit: int | None) -> list[Call]:
    """The calls that `where` asks for, newest first."""
    columns = [getattr(tables.Call, column) for column in COLUMNS]
    query = _where(tables.Call.select(*columns, tables.Assistant.name), organization_id, where)
    query = query.join(tables.Assistant).order_by(tables.Call.id.desc()).offset(skip or None).limit(limit)
    return [_call(row) for row in query.tuples().execute(db)]


def those(db: Database, organization_id: int, where: CallFilter, ids: Iterable[int]) -> list[int]:
    """Those of these calls that are the organisation's and that `where` asks for."""
    source, params = one_of(db, ids)
    among = SQL(source if is_sqlite(db) else source.replace("?", "%s"), params)
    query = _where(tables.Call.select(tables.Call.id), organization_id, where).where(tables.Call.id.in_(among))
    return [id_ for (id_,) in query.tuples().execute(db)]


def by_ids(db: Database, organization_id: int, ids: Iterable[int]) -> dict[int, Call]:
    """Those of these calls that are the organisation's."""
    source, params = one_of(db, ids)
    sql = _SELECT + f'"call".organization_id = ? AND "call".id IN {source}'
    return {call.id: call for call in map(_call, execute(db, sql, organization_id, *params).fetchall())}


def count(db: Database, organization_id: int, where: CallFilter) -> int:
    return _where(tables.Call.select(fn.COUNT(1)), organization_id, where).tuples().execute(db)[0][0]


def stats(db: Database, organization_id: int) -> CallStats:
    rows = (
        tables.Call.select(
            tables.Call.status, fn.COUNT(1), fn.COUNT(tables.Call.duration), fn.SUM(tables.Call.duration)
        )
        .where(tables.Call.organization_id == organization_id)
        .group_by(tables.Call.status)
        .tuples()
        .execute(db)
    )
    calls = {status: number for status, number, _, _ in rows}
    timed = sum(timed for _, _, timed, _ in rows)
    seconds = int(sum(seconds or 0 for _, _, _, seconds in rows))
    return CallStats(
        total_calls=sum(calls.values()),
        ongoing_calls=calls.get("in-progress", 0),
        completed_calls=calls.get("completed", 0),
        failed_calls=calls.get("failed", 0),
        average_duration=round(seconds / timed, 1) if timed else None,
        total_duration=seconds,
    )


class QuietCall(NamedTuple):
    """A running call of which nothing was stored for a while."""

    organization_id: int
    call_sid: str
    heard_at: int  # µs, the last thing stored
    is_stopped: bool  # its provider said that it stopped transcribing


def quiet(db: Database, heard_before: int, stopped_before: int) -> list[QuietCall]:
    """Running calls last heard of before the one time or, with their transcription stopped, before the other (µs)."""
    call = tables.Call
    is_stopped = call.stopped_at.is_null(False)
    query = call.select(call.organization_id, call.call_sid, call.heard_at, is_stopped).where(
        call.status == "in-progress",
        (call.heard_at < heard_before) | (is_stopped & (call.heard_at < stopped_before)),
    )
    return [QuietCall(*row) for row in query.tuples().execute(db)]


def _call(row: tuple) -> Call:
    values: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
    values["metadata"] = {} if row[_METADATA] == "{}" else msgspec.json.decode(row[_METADATA])
    return Call(**values)


def _where(query: ModelSelect, organization_id: int, where: CallFilter) -> ModelSelect:
    call = tables.Call
    started = fn.COALESCE(call.started_at, call.created_at)
    customer = Case(call.direction, (("outbound", call.to_number),), call.from_number)  # as Call.customer_number
    query = query.where(call.organization_id == organization_id)
    for value, condition in (
        (where.status, call.status == where.status),
        (where.assistant_id, call.assistant_id == where.assistant_id),
        (where.customer_phone, customer == where.customer_phone),
        (where.date_from, started >= where.date_from),
        (where.date_to, started <= where.date_to),
        (where.min_duration, call.duration >= where.min_duration),
        (where.max_duration, call.duration <= where.max_duration),
        (where.direction, call.direction == where.direction),
        (where.number, customer.contains(where.number or "")),
    ):
        if value is not None:
            query = query.where(condition)
    return query
