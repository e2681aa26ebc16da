"""What a thing heard changes of its call: its place in the log, whether it is a repeat, which status holds. Pure."""

from typing import Any, NamedTuple

import msgspec

from events import SECOND, Call, CallAnnounced, Entry, Refused, StatusReported, Transcript
from models import metadata
from models.heard import Outcome

LAST_REVISION = 2**31 - 1  # what an INTEGER column holds on PostgreSQL


class Stored(NamedTuple):
    """An entry of a segment, as far as repeats and corrections need it."""

    seq: int
    revision: int
    content: str


class StatusLine(NamedTuple):
    """A row of `status_change`."""

    call_id: int
    status: str
    reason: str | None
    at: int  # µs
    stored_at: int


def announced(call: Call, told: CallAnnounced, assistant: tuple[int, str] | None, *, under_alias: bool = False) -> Call:
    """The call with these facts; `assistant` is the id and name of the one that is told.

    Where two providers tell of one call, the facts of the one whose id the call has stand, whoever comes first or last:
    of those that another tells `under_alias` only what nobody told yet is taken.
    """
    only_missing = under_alias and told.provider is not None and call.provider not in (None, told.provider)
    changes: dict[str, Any] = {
        name: value
        for name in ("direction", "from_number", "to_number", "provider")
        if (value := getattr(told, name)) is not None and not (only_missing and getattr(call, name) is not None)
    }
    if assistant is not None:
        changes["assistant_id"], changes["assistant_name"] = assistant
    if told.started_at is not None:
        changes["started_at"] = min(told.started_at, call.started_at or told.started_at)
    if told.metadata:
        changes["metadata"] = metadata.merged(call.metadata, told.metadata)
    return msgspec.structs.replace(call, **changes)


def status_changed(now: int, call: Call, told: StatusReported) -> tuple[Call, StatusLine | None]:
    """A terminal status is never undone, and a status heard again changes nothing."""
    if call.is_over or told.status == call.status:
        return call, None
    ended_at = told.at or now
    duration = told.duration
    if duration is None and call.started_at is not None:
        duration = max(0, (ended_at - call.started_at) // SECOND)
    changed = msgspec.structs.replace(
        call,
        status=told.status,
        status_version=call.status_version + 1,
        end_reason=told.reason,
        ended_at=ended_at,
        duration=duration,
        terminal_at=now,
    )
    return changed, StatusLine(call.id, told.status, told.reason, ended_at, now)


def appended(now: int, call: Call, stored: list[Stored], said: Transcript) -> tuple[Call, Outcome, Entry | None]:
    """The next place in the log for `said`, unless the log has it already. `stored` has the entries of its segment, by
    revision, and gets the new one.

    Same segment and same content is a repeat, also of an entry that was corrected since: what a producer re-sends
    after a lost connection is stored once. An explicit revision older than the newest stored is a repeat too: it was
    superseded before it arrived, and storing it last would make the old words win.
    """
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
    call = msgspec.structs.replace(
        call, head_seq=seq, transcript_count=call.transcript_count + (not stored), last_entry_at=now
    )
    stored.append(Stored(seq, said.revision, said.content))
    return call, Outcome(said.segment_id, seq), Entry(seq=seq, stored_at=now, transcript=said)
