"""Reading the log of a call: pages after a cursor, the order in which people spoke, and entries by their place."""

import pytest

from models import entries
from models.database import migrate, open_database
from test_record import Board, said


@pytest.fixture
def board(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield Board(db)


def spoken(board, *events, speaker=None) -> list[str]:
    """Segment ids in speaking order, of a call where these were said."""
    call = board.hear("CA1", *events).call
    seqs = entries.speaking_order(board.db, call.id, speaker)
    latest = entries.by_seq(board.db, call.id, seqs)
    assert entries.latest(board.db, call.id, speaker) == latest
    return [entry.transcript.segment_id for entry in latest]


def test_pages_after_a_cursor_follow_each_other_without_gap_or_repeat(board):
    call = board.hear("CA1", *(said(f"s{n}") for n in range(1, 450))).call
    board.hear("CA2", said("of another call"))
    cursor, seen = 0, []
    while True:
        page = entries.after(board.db, call.id, cursor)
        assert len(page) <= entries.PAGE
        seen += [entry.seq for entry in page]
        if len(page) < entries.PAGE:
            break
        cursor = page[-1].seq
    assert seen == list(range(1, 450))
    assert [entry.seq for entry in entries.after(board.db, call.id, 447)] == [448, 449]
    assert entries.after(board.db, call.id, 449) == entries.after(board.db, call.id, 2**62) == []


def test_a_page_is_of_one_speaker_where_asked(board):
    call = board.hear("CA1", *(said(f"s{n}", speaker=("user", "assistant")[n % 2]) for n in range(1, 8))).call
    assert [entry.seq for entry in entries.after(board.db, call.id, 0, 2, "user")] == [2, 4]
    assert [entry.seq for entry in entries.after(board.db, call.id, 4, 2, "user")] == [6]
    assert [entry.seq for entry in entries.after(board.db, call.id, 3, None, "assistant")] == [5, 7]


def test_the_speaking_order_is_that_of_the_starts(board):
    late = [said("c", segment_start=3.0), said("a", segment_start=1.0), said("b", segment_start=1.0)]
    assert spoken(board, *late) == ["a", "b", "c"], "at one time, in the order of storing"


def test_a_segment_without_a_start_stands_behind_what_was_stored_before_it(board):
    events = [said("n0"), said("d", segment_start=9.0), said("a", segment_start=0.5), said("n1"), said("n2")]
    later = [said("b", segment_start=4.0), said("z", segment_start=9.5)]
    assert spoken(board, *events, *later) == ["n0", "a", "b", "d", "n1", "n2", "z"]


def test_a_correction_stands_where_its_segment_stood(board):
    board.hear("CA1", said("a", "one", segment_start=1.0), said("b", segment_start=2.0), said("n"))
    assert spoken(board, said("a", "two", segment_start=1.0)) == ["a", "b", "n"]
    assert spoken(board, said("a", "three")) == ["a", "b", "n"], "one without a start has not moved"
    assert spoken(board, said("n", "corrected")) == ["a", "b", "n"]
    assert spoken(board, said("a", "four", segment_start=2.5)) == ["b", "a", "n"], "a better start moves it"


def test_a_correction_without_a_start_keeps_the_place_among_late_ones(board):
    board.hear("CA1", said("a", segment_start=12.0), said("b", segment_start=10.0))
    assert spoken(board, said("a", "corrected")) == ["b", "a"]


def test_the_speaking_order_of_one_speaker_is_part_of_that_of_all(board):
    events = [
        said("u1", segment_start=5.0),
        said("a1", segment_start=7.0, speaker="assistant"),
        said("u2"),
        said("u3", segment_start=6.0),
    ]
    assert spoken(board, *events) == ["u1", "u3", "a1", "u2"]
    assert spoken(board, speaker="user") == ["u1", "u3", "u2"]
    assert spoken(board, speaker="assistant") == ["a1"]


def test_the_latest_of_each_segment_is_shown_and_limited_in_speaking_order(board):
    call = board.hear("CA1", said("b", "old", segment_start=2.0), said("a", segment_start=1.0), said("b", "new")).call
    assert [entry.transcript.content for entry in entries.latest(board.db, call.id)] == ["words", "new"]
    assert [entry.seq for entry in entries.latest(board.db, call.id, limit=1)] == [2]


def test_entries_come_in_the_order_asked_for(board):
    call = board.hear("CA1", said("a"), said("b"), said("c")).call
    assert [entry.seq for entry in entries.by_seq(board.db, call.id, [3, 1])] == [3, 1]
    assert entries.by_seq(board.db, call.id, []) == []
    assert entries.speaking_order(board.db, call.id + 1) == []
