"""However what is heard is split into batches, the log, the answers and what is published are as one by one."""

from itertools import count
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict

from events import CallAnnounced, Refused, StatusReported, Transcript, TranscriptionStopped
from models import accounts, assistants, sources, tables
from models.database import execute, migrate, open_database, write_transaction
from models.record import Heard, Recorded, SourceStep, StateConflict, record_all

START = 1_770_000_000_000_000
ORGANIZATIONS, CALLS = 2, 3
_names = count(1)

SPOKEN = st.builds(
    Transcript,
    segment_id=st.sampled_from(["a", "b", "c"]),
    speaker=st.sampled_from(["user", "assistant"]),
    content=st.sampled_from(["one", "two", "three"]),
    revision=st.sampled_from([None, None, None, 0, 1, 2, 5, 2**31 - 1]),
    segment_start=st.sampled_from([None, 1.5]),
)
TOLD = st.builds(
    CallAnnounced,
    assistant=st.sampled_from([None, None, "Sales", "Nobody"]),
    direction=st.sampled_from([None, "outbound"]),
    from_number=st.sampled_from([None, "+15550101", "+15550102"]),
    started_at=st.sampled_from([None, START - 5, START + 5]),
    metadata=st.sampled_from([None, {"a": 1}, {"b": {"c": None}}]),
)
STATUS = st.builds(
    StatusReported, status=st.sampled_from(["in-progress", "completed", "failed"]), duration=st.sampled_from([None, 7])
)
EVENTS = st.lists(st.one_of(SPOKEN, SPOKEN, SPOKEN, TOLD, STATUS, st.just(TranscriptionStopped())), max_size=4)


class Item(msgspec.Struct, frozen=True):
    """A thing heard, with numbers in the place of what is different in each database."""

    organization: int
    call: int
    events: list
    names_assistant: bool
    version: int | None  # of the state that it comes with
    is_last: bool  # of its batch


ITEMS = st.lists(
    st.builds(
        Item,
        organization=st.integers(0, ORGANIZATIONS - 1),
        call=st.integers(0, CALLS - 1),
        events=EVENTS,
        names_assistant=st.booleans(),
        version=st.sampled_from([None, None, None, 0, 1, 2]),
        is_last=st.booleans(),
    ),
    max_size=14,
)


class Place:
    """Two organisations of their own in one database, and what is heard of their calls."""

    def __init__(self, db):
        self.db, self.now = db, START
        with write_transaction(db):
            self.ids = [accounts.create_organization(db, 1, f"Organisation {next(_names)}") for _ in range(2)]
            self.assistants = [
                [assistants.create(db, 1, id_, name) for name in ("Front", "Sales")][1] for id_ in self.ids
            ]
            self.sources = []
            for id_, assistant in zip(self.ids, self.assistants, strict=True):
                endpoint = sources.create(db, 1, id_, assistant, "twilio", None, None)
                self.sources.append(sources.by_endpoint(db, "twilio", endpoint))

    def clock(self) -> int:
        self.now += 1
        return self.now

    def hear(self, items: list[Item], *, one_by_one: bool) -> list:
        """What comes of each, without what is different in each database."""
        results, batch = [], []
        for item in items:
            batch.append(self._heard(item))
            if one_by_one or item.is_last:
                results += self._record(batch)
                batch = []
        return [_comparable(result) for result in results + self._record(batch)]

    def _record(self, batch: list[Heard]) -> list[Recorded | Exception]:
        with write_transaction(self.db):
            return record_all(self.db, batch, clock=self.clock)

    def _heard(self, item: Item) -> Heard:
        step = None
        if item.version is not None:
            step = SourceStep(self.sources[item.organization].id, item.version, f"[{item.version}]")
        return Heard(
            organization_id=self.ids[item.organization],
            call_sid=f"CA{item.call}",
            events=item.events,
            assistant_id=self.assistants[item.organization] if item.names_assistant else None,
            step=step,
        )

    def stored(self) -> list[list[tuple]]:
        """Every row about these calls, without ids."""
        names = ("status", "status_version", "end_reason", "direction", "from_number", "metadata", "head_seq")
        names += ("transcript_count", "started_at", "ended_at", "duration", "terminal_at", "last_entry_at")
        names += ("stopped_at", "heard_at", "created_at", "updated_at")
        row = ", ".join(f'"call".{name}' for name in names)
        about = 'JOIN "call" ON "call".id = call_id WHERE organization_id = ?'
        entry = [field for field in tables.Entry._meta.columns if field not in ("id", "call_id")]
        questions = (
            f'SELECT call_sid, assistant.name, {row} FROM "call" JOIN assistant ON assistant.id = assistant_id'
            ' WHERE "call".organization_id = ? ORDER BY call_sid',
            f"SELECT call_sid, {', '.join(f'entry.{n}' for n in entry)} FROM entry {about} ORDER BY call_sid, seq",
            "SELECT call_sid, status_change.status, reason, at, stored_at FROM status_change"
            f" {about} ORDER BY call_sid, stored_at",
            f"SELECT call_sid, version, state FROM source_state {about} ORDER BY call_sid",
        )
        return [execute(self.db, question, id_).fetchall() for id_ in self.ids for question in questions]


def _comparable(result: Recorded | Exception) -> Any:
    if isinstance(result, Refused):
        return result.code, result.message, result.field
    if isinstance(result, StateConflict):
        return "conflict"
    call = {name: value for name, value in asdict(result.call).items() if not name.endswith("id") or name == "call_sid"}
    outcomes = [(o.segment_id, o.seq, o.is_repeat, o.error and o.error.code) for o in result.outcomes]
    return call, result.created, result.status_changed, result.entries, outcomes


@pytest.fixture
def db(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield db


@settings(max_examples=80)
@given(items=ITEMS)
def test_any_split_into_batches_is_as_one_by_one(db, items):
    single, split = Place(db), Place(db)
    assert split.hear(items, one_by_one=False) == single.hear(items, one_by_one=True)
    assert split.stored() == single.stored()
