"""Writing the log of a call: what gets a place in it, what is a repeat, and what a status report changes."""

import threading
import time

import pytest

from events import CallAnnounced, StatusReported, Transcript, TranscriptionStopped
from models import accounts, assistants, calls, entries, sources, tables
from models.database import migrate, open_database, write_transaction
from models.record import Heard, Recorded, SourceStep, StateConflict, record

START = 1_770_000_000_000_000


class Board:
    """A database with one organisation, and what is heard of its calls."""

    def __init__(self, db, now=START):
        self.db, self.now = db, now
        self.organization_id = self.organization("Larkspur")

    def clock(self) -> int:
        self.now += 1
        return self.now

    def organization(self, name: str) -> int:
        return accounts.create_organization(self.db, self.clock(), name)

    def hear(self, call_sid: str, *events, organization_id: int | None = None, **more) -> Recorded:
        organization = organization_id or self.organization_id
        heard = Heard(organization_id=organization, call_sid=call_sid, events=list(events), **more)
        with write_transaction(self.db):
            return record(self.db, self.clock, heard)

    def call(self, call_sid: str, organization_id: int | None = None):
        return calls.by_sid(self.db, organization_id or self.organization_id, call_sid)

    def log(self, call_sid: str) -> list[tuple]:
        log = entries.after(self.db, self.call(call_sid).id, 0, None)
        return [(e.seq, e.transcript.segment_id, e.transcript.revision, e.transcript.content) for e in log]


def said(segment_id: str, content: str = "words", **more) -> Transcript:
    return Transcript(segment_id=segment_id, content=content, **{"speaker": "user"} | more)


@pytest.fixture
def board(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield Board(db)


def test_finals_get_the_next_place_without_holes(board):
    first = board.hear("CA1", said("a"), said("b"))
    second = board.hear("CA1", said("c"))
    assert [entry.seq for entry in first.entries + second.entries] == [1, 2, 3]
    assert [outcome.seq for outcome in first.outcomes] == [1, 2]
    assert (first.created, first.status_changed) == (True, True)
    assert (second.created, second.status_changed) == (False, False)
    assert (second.call.head_seq, second.call.transcript_count) == (3, 3)
    assert [seq for seq, *_ in board.log("CA1")] == [1, 2, 3]


def test_everything_said_of_a_final_comes_back_as_it_was(board):
    given = said(
        "ü-1", "Grüße 🙂\n", speaker="assistant", revision=7, confidence=0.1, segment_start=0.1, segment_end=1e9
    )
    given = Transcript(**{name: getattr(given, name) for name in given.__struct_fields__} | {"language": "de-AT"})
    stored = board.hear("CA1", given).entries[0]
    (read,) = entries.after(board.db, board.call("CA1").id, 0)
    assert read.transcript == stored.transcript
    assert (read.seq, read.stored_at) == (stored.seq, stored.stored_at)
    assert read.transcript.created_at == read.stored_at, "made when stored, where nobody says"
    expected = {name: getattr(given, name) for name in given.__struct_fields__ if name != "created_at"}
    assert {name: getattr(read.transcript, name) for name in expected} == expected


def test_a_repeat_is_told_its_place_and_stores_nothing(board):
    board.hear("CA1", said("a"), said("b", revision=4))
    again = board.hear("CA1", said("b"), said("a"), said("b", revision=4), said("c"))
    assert [(outcome.seq, outcome.is_repeat) for outcome in again.outcomes] == [
        (2, True),
        (1, True),
        (2, True),
        (3, False),
    ]
    assert [entry.seq for entry in again.entries] == [3]


def test_other_content_is_a_correction_with_its_own_place(board):
    board.hear("CA1", said("a", "one"))
    corrected = board.hear("CA1", said("a", "two"), said("a", "three", revision=9), said("a", "four"))
    assert board.log("CA1") == [(1, "a", 1, "one"), (2, "a", 2, "two"), (3, "a", 9, "three"), (4, "a", 10, "four")]
    assert (corrected.call.head_seq, corrected.call.transcript_count) == (4, 1)


def test_what_was_corrected_since_is_still_a_repeat(board):
    board.hear("CA1", said("a", "one"), said("a", "two"))
    again = board.hear("CA1", said("a", "one"))
    assert (again.outcomes[0].seq, again.outcomes[0].is_repeat, again.entries) == (1, True, [])


def test_a_revision_stored_with_other_content_is_a_conflict_that_spoils_only_itself(board):
    board.hear("CA1", said("a", "one", revision=3))
    mixed = board.hear("CA1", said("b"), said("a", "two", revision=3), said("c"))
    assert [(o.seq, o.error and (o.error.code, o.error.field)) for o in mixed.outcomes] == [
        (2, None),
        (0, ("revision_conflict", "revision")),
        (3, None),
    ]
    assert [content for *_, content in board.log("CA1")] == ["one", "words", "words"]


def test_a_revision_superseded_before_it_came_never_wins(board):
    board.hear("CA1", said("a", "new", revision=5))
    late = board.hear("CA1", said("a", "old", revision=4))
    assert (late.outcomes[0].seq, late.outcomes[0].is_repeat, late.entries) == (1, True, [])
    assert board.log("CA1") == [(1, "a", 5, "new")]


def test_revision_zero_counts_as_one(board):
    board.hear("CA1", said("a", "zero", revision=0), said("a", "one"))
    assert board.log("CA1") == [(1, "a", 0, "zero"), (2, "a", 1, "one")]


def test_a_segment_whose_revisions_are_used_up_takes_no_correction(board):
    board.hear("CA1", said("a", "last", revision=2**31 - 1))
    more = board.hear("CA1", said("a", "one more"), said("b"))
    assert (more.outcomes[0].error.code, more.outcomes[0].error.field) == ("revision_conflict", "revision")
    assert [content for *_, content in board.log("CA1")] == ["last", "words"]


EVENTS = [
    [],
    [said("a")],
    [CallAnnounced(metadata={"a": 1}, provider="twilio")],
    [StatusReported(status="failed", reason="timeout")],
    [TranscriptionStopped()],
    [CallAnnounced(direction="outbound", started_at=START), said("z"), StatusReported(status="completed")],
]


@pytest.mark.parametrize("events", EVENTS)
def test_what_is_published_is_the_call_as_stored(board, events):
    assert board.hear("CA1", *events).call == board.call("CA1")
    before = board.call("CA1")
    assert board.hear("CA1", *events, said("b")).call == board.call("CA1")
    assert board.call("CA1").updated_at > before.updated_at


def test_a_state_is_stored_with_its_events_unless_another_was_first(board):
    db, organization = board.db, board.organization_id
    assistant = assistants.create(db, board.now, organization, "Front desk")
    endpoint = sources.create(db, board.now, organization, assistant, "twilio", None, None)
    source = sources.by_endpoint(db, "twilio", endpoint)
    board.hear("CA1", said("a"), step=SourceStep(source.id, 0, '{"n":1}'))
    board.hear("CA1", said("b"), step=SourceStep(source.id, 1, '{"n":2}'))
    assert sources.state(db, source, "CA1") == sources.KnownState(2, '{"n":2}')
    assert sources.state(db, source, "CA2") == sources.KnownState()
    for version in (0, 1, 3):
        with pytest.raises(StateConflict):
            board.hear("CA1", said("c"), step=SourceStep(source.id, version, "{}"))
    assert [segment for _, segment, *_ in board.log("CA1")] == ["a", "b"]
    assert sources.state(db, source, "CA1").version == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer
def test_of_two_nodes_that_create_one_call_only_one_has_created_it(board, database_url):
    board.hear("CA0")  # so that both find the default assistant
    other, results = open_database(database_url), []

    def second_node():
        heard = Heard(organization_id=board.organization_id, call_sid="CA1", events=[said("b")])
        with other.connection_context(), write_transaction(other):
            results.append(record(other, board.clock, heard))

    thread = threading.Thread(target=second_node)
    with write_transaction(board.db):
        heard = Heard(organization_id=board.organization_id, call_sid="CA1", events=[said("a")])
        assert record(board.db, board.clock, heard).created
        thread.start()
        while not board.db.execute_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone()[0]:
            time.sleep(0.01)  # another session's wait sends no event
    thread.join()
    assert (results[0].created, results[0].status_changed, results[0].entries[0].seq) == (False, False, 2)
    assert tables.StatusChange.select().where(tables.StatusChange.call == results[0].call.id).count(board.db) == 1
