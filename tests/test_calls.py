"""Calls as they are asked for: filters, pages, numbers, and which of them have gone quiet."""

import pytest

from events import SECOND, CallAnnounced, StatusReported, TranscriptionStopped
from models import assistants, calls
from models.calls import CallFilter, CallStats
from models.database import migrate, open_database
from test_record import START, Board, said

HOUR = 3600 * SECOND


@pytest.fixture
def board(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield Board(db)


def furnish(board) -> None:
    """Ten calls, CA0 to CA9, an hour apart; all that filters ask for differs among them. And one of somebody else."""
    for name in ("Front desk", "Sales"):
        assistants.create(board.db, board.now, board.organization_id, name)
    for n in range(10):
        facts = CallAnnounced(
            assistant=("Front desk", "Sales")[n % 2],
            direction=("inbound", "outbound", None)[n % 3],
            from_number=f"+1{n % 4}",
            to_number=f"+1{n % 5}",
            started_at=START + n * HOUR,
        )
        board.hear(f"CA{n}", facts, *(said(f"s{m}") for m in range(n)))
        if n % 4:
            status = ("completed", "failed")[n % 2]
            board.hear(f"CA{n}", StatusReported(status=status, duration=n * 10 if n != 5 else None, at=START))
    board.hear("CA5", organization_id=board.organization("Other"))


FILTERS = [
    ({}, lambda c: True),
    ({"status": "in-progress"}, lambda c: c.status == "in-progress"),
    ({"status": "completed"}, lambda c: c.status == "completed"),
    ({"status": "failed"}, lambda c: c.status == "failed"),
    ({"assistant_id": 2}, lambda c: c.assistant_id == 2),
    ({"assistant_id": 99}, lambda c: False),
    ({"customer_phone": "+11"}, lambda c: c.customer_number == "+11"),
    ({"date_from": START + 3 * HOUR}, lambda c: c.started_at >= START + 3 * HOUR),
    ({"date_to": START + 3 * HOUR}, lambda c: c.started_at <= START + 3 * HOUR),
    ({"date_from": START + 5 * HOUR, "date_to": START + 5 * HOUR}, lambda c: c.started_at == START + 5 * HOUR),
    ({"min_duration": 20}, lambda c: c.duration is not None and c.duration >= 20),
    ({"max_duration": 60}, lambda c: c.duration is not None and c.duration <= 60),
    (
        {"status": "failed", "assistant_id": 2, "min_duration": 30, "date_to": START + 8 * HOUR},
        lambda c: c.status == "failed" and c.duration >= 30 and c.started_at <= START + 8 * HOUR,
    ),
]


def test_every_filter_gives_its_calls_newest_first_and_the_count_is_that_of_the_pages(board):
    furnish(board)
    everything = [board.call(f"CA{n}") for n in reversed(range(10))]
    for asked, is_wanted in FILTERS:
        where = CallFilter(**asked)
        wanted = [call for call in everything if is_wanted(call)]
        assert calls.page(board.db, board.organization_id, where, skip=0, limit=None) == wanted, asked
        assert calls.count(board.db, board.organization_id, where) == len(wanted), asked
        pages = [calls.page(board.db, board.organization_id, where, skip=n, limit=3) for n in range(0, 12, 3)]
        assert [call for page in pages for call in page] == wanted, asked


def test_a_call_without_a_known_start_is_dated_by_its_first_event(board):
    call = board.hear("CA1", StatusReported(status="failed", reason="busy")).call
    assert call.started_at is None
    where = CallFilter(date_from=call.created_at, date_to=call.created_at)
    assert calls.page(board.db, board.organization_id, where, skip=0, limit=1) == [call]


def test_the_customers_number_depends_on_the_direction(board):
    for direction, customer, platform in (("inbound", "+1", "+2"), ("outbound", "+2", "+1"), (None, "+1", "+2")):
        call = board.hear(f"C{direction}", CallAnnounced(direction=direction, from_number="+1", to_number="+2")).call
        assert (call.customer_number, call.platform_number) == (customer, platform)


def test_the_numbers_of_an_organisation_are_of_its_own_calls(board):
    furnish(board)
    assert calls.stats(board.db, board.organization_id) == CallStats(
        total_calls=10,
        ongoing_calls=3,
        completed_calls=2,
        failed_calls=5,
        average_duration=40.0,
        total_duration=280,
    )


def test_an_organisation_without_calls_has_numbers_too(board):
    nothing = dict.fromkeys(("total_calls", "ongoing_calls", "completed_calls", "failed_calls", "total_duration"), 0)
    assert calls.stats(board.db, board.organization_id) == CallStats(**nothing, average_duration=None)
    assert calls.last_ended(board.db, board.organization_id) is None
    assert calls.in_progress(board.db, board.organization_id) == []


def test_running_calls_and_the_one_that_ended_last_are_found(board):
    furnish(board)
    assert [call.call_sid for call in calls.in_progress(board.db, board.organization_id)] == ["CA8", "CA4", "CA0"]
    board.hear("CA4", StatusReported(status="completed"))
    assert calls.last_ended(board.db, board.organization_id).call_sid == "CA4"


def test_a_call_is_found_by_number_and_by_id_in_its_organisation_only(board):
    call = board.hear("CA1").call
    other = board.organization("Other")
    assert calls.by_id(board.db, board.organization_id, call.id) == call
    assert calls.by_sid(board.db, board.organization_id, "CA1") == call
    assert calls.by_id(board.db, other, call.id) is calls.by_sid(board.db, other, "CA1") is None
    assert calls.by_id(board.db, board.organization_id, 10**18 - 1) is None


def test_quiet_are_running_calls_of_which_nothing_was_stored_for_long(board):
    for call_sid, events in {
        "talking": [said("a")],
        "stopped": [TranscriptionStopped()],
        "ended": [StatusReported(status="completed")],
    }.items():
        board.hear(call_sid, *events)
    heard_at = board.now
    quiet = calls.quiet(board.db, heard_at - 60, heard_at)
    assert [(call.call_sid, call.is_stopped) for call in quiet] == [("stopped", True)]
    assert {call.call_sid for call in calls.quiet(board.db, heard_at, heard_at - 60)} == {"talking", "stopped"}
    board.hear("talking", said("a"))
    assert [call.call_sid for call in calls.quiet(board.db, heard_at, 0)] == ["stopped"], "a repeat is a sign of life"
