"""What is to be recorded of one call, and what came of it."""

from collections.abc import Mapping

import msgspec

from events import Call, Entry, Event, Refused, Transcript
from rules.alert import Alert


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
    hidden: Mapping[Transcript, Mapping[str, int]] | None = None  # redaction's labels in its finals, and how many


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it, for publishing and for the answer."""

    call: Call
    created: bool
    status_changed: bool
    entries: list[Entry]  # new in the log, in order
    outcomes: list["Outcome"]  # one for each Transcript among the events, in their order
    alias: str | None = None  # of the call, under which this was heard
    alerts: list[Alert] = []  # that were raised, or are now about a newer entry


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """Of one transcript: where it stands in the log, and whether it was there already; or why it was not taken."""

    segment_id: str
    seq: int = 0
    is_repeat: bool = False
    error: Refused | None = None
