"""A list of calls as CSV: what a search found, or all that passed the history's filters."""

from collections.abc import Sequence

from events import Call, Entry, rfc3339
from exports.csv_cells import cell, first_row, row, seconds
from exports.plain import name_of

COLUMNS = (
    *("call_sid", "status", "reason", "direction", "customer", "assistant", "provider"),
    *("started_at", "ended_at", "duration", "segments", "segment_start", "name", "content"),
)


def begin() -> str:
    return first_row(COLUMNS)


def listed(call: Call, said: Sequence[Entry]) -> str:
    """A row for each segment that was found in it, one without words where nothing was searched for; durations in whole
    seconds, empty while it runs."""
    facts = (
        *(cell(call.call_sid), call.status, cell(call.end_reason or ""), call.direction or ""),
        *(cell(call.customer_number or ""), cell(call.assistant_name), cell(call.provider or "")),
        *(rfc3339(call.started_at), rfc3339(call.ended_at), call.duration, call.transcript_count),
    )
    words = [(entry.transcript, name_of(call, entry.transcript.speaker)) for entry in said]
    found = [(seconds(it.segment_start), cell(name), cell(it.content)) for it, name in words]
    return "".join(row((*facts, *about)) for about in found or [("", "", "")])
