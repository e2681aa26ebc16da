"""Writing what is said of a call itself: its facts, whose it is, and what a status report changes."""

import pytest

from events import SECOND, CallAnnounced, Refused, StatusReported
from models import assistants, calls, tables
from models.database import migrate, open_database
from test_record import START, Board, said


@pytest.fixture
def board(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield Board(db)


@pytest.mark.parametrize(
    ("words", "status", "version"),
    [
        (["in-progress"], "in-progress", 1),
        (["in-progress", "in-progress"], "in-progress", 1),
        (["completed"], "completed", 2),
        (["in-progress", "completed", "completed"], "completed", 2),
        (["completed", "failed"], "completed", 2),
        (["failed", "completed", "in-progress"], "failed", 2),
    ],
)
def test_a_terminal_status_is_never_undone(board, words, status, version):
    changed = [board.hear("CA1", StatusReported(status=word, reason=word)).status_changed for word in words]
    call = board.call("CA1")
    assert (call.status, call.status_version) == (status, version)
    assert call.end_reason == (status if call.is_over else None)
    assert changed[0]
    assert sum(changed) == version - (words[0] != "in-progress"), "one report can create and end"


def test_the_end_is_the_providers_time_and_the_duration_follows_from_it(board):
    board.hear("CA1", CallAnnounced(started_at=START), StatusReported(status="in-progress", at=START))
    ended = board.hear("CA1", StatusReported(status="failed", reason="busy", at=START + 42_900_000)).call
    assert (ended.ended_at, ended.duration, ended.end_reason) == (START + 42_900_000, 42, "busy")
    assert ended.terminal_at == board.now, "the grace period counts from when it was stored"
    told = board.hear("CA2", StatusReported(status="completed", duration=7)).call
    assert (told.duration, told.started_at, told.ended_at) == (7, None, board.now)
    unknown = board.hear("CA3", StatusReported(status="completed")).call
    assert (unknown.duration, unknown.seconds(board.now)) == (None, None)
    early = board.hear("CA4", CallAnnounced(started_at=START), StatusReported(status="completed", at=START - 1)).call
    assert early.duration == 0


def test_what_is_heard_after_the_end_is_stored(board):
    ended = board.hear("CA1", said("a"), StatusReported(status="completed")).call
    late = board.hear("CA1", said("b"))
    assert late.call.status == "completed"
    assert late.call.last_entry_at > ended.terminal_at
    assert [seq for seq, *_ in board.log("CA1")] == [1, 2]


def test_the_earliest_start_ever_heard_is_kept(board):
    guessed = board.hear("CA1", said("a")).call.started_at
    assert guessed == board.now, "a call first heard of while it runs has started now"
    assert board.hear("CA1", CallAnnounced(started_at=START - SECOND)).call.started_at == START - SECOND
    assert board.hear("CA1", CallAnnounced(started_at=START)).call.started_at == START - SECOND
    assert board.hear("CA2", CallAnnounced(started_at=START - 9)).call.started_at == START - 9
    both = board.hear("CA3", CallAnnounced(started_at=START), CallAnnounced(started_at=START - 5))
    assert both.call.started_at == START - 5


def test_metadata_is_merged_key_by_key_and_none_changes_nothing(board):
    board.hear("CA1", CallAnnounced(metadata={"a": 1, "b": {"x": 1}}, from_number="+1", direction="inbound"))
    board.hear("CA1", CallAnnounced(metadata={"b": {"y": [None, "\\u0000"]}, "c": None}, to_number="+2"))
    board.hear("CA1", CallAnnounced(metadata={}), CallAnnounced())
    call = board.call("CA1")
    assert call.metadata == {"a": 1, "b": {"y": [None, "\\u0000"]}, "c": None}
    assert (call.direction, call.from_number, call.to_number) == ("inbound", "+1", "+2")


def test_a_call_is_of_the_organisations_first_assistant_unless_its_source_says_another(board):
    assert board.hear("CA0").call.assistant_name == assistants.DEFAULT_NAME, "made where there is none"
    second = assistants.create(board.db, board.now, board.organization_id, "Zoe")
    assert board.hear("CA1").call.assistant_name == assistants.DEFAULT_NAME
    assert board.hear("CA2", assistant_id=second).call.assistant_name == "Zoe"
    assert board.hear("CA2").call.assistant_name == "Zoe"
    assert board.hear("CA3", CallAnnounced(assistant="Zoe")).call.assistant_id == second
    assert board.hear("CA0", CallAnnounced(assistant=second)).call.assistant_name == "Zoe"


def test_an_assistant_unknown_to_the_organisation_creates_nothing(board):
    foreign = assistants.create(board.db, board.now, board.organization("Other"), "Theirs")
    for wanted in ("Nobody", "Theirs", foreign, 2**31 - 1):
        with pytest.raises(Refused) as refused:
            board.hear("CA1", said("a"), CallAnnounced(assistant=wanted))
        assert (refused.value.code, refused.value.field) == ("unknown_assistant", "assistant")
    assert board.call("CA1") is None


def test_two_organisations_may_have_the_same_call_id(board):
    other = board.organization("Other")
    board.hear("CA1", said("a", "ours"))
    theirs = board.hear("CA1", said("a", "theirs"), organization_id=other)
    assert (theirs.created, theirs.entries[0].seq) == (True, 1)
    assert [content for *_, content in board.log("CA1")] == ["ours"]
    assert calls.by_id(board.db, board.organization_id, theirs.call.id) is None


def test_every_status_is_logged_once(board):
    board.hear("CA1", CallAnnounced(started_at=START))
    board.hear("CA1", StatusReported(status="failed", reason="busy", at=START + 1))
    board.hear("CA1", StatusReported(status="completed"))
    log = tables.StatusChange.select().order_by(tables.StatusChange.id).execute(board.db)
    assert [(change.status, change.reason, change.at) for change in log] == [
        ("in-progress", None, START),
        ("failed", "busy", START + 1),
    ]
