"""A call under several ids in one batch: what is heard knows what was before; calls without pay next to nothing."""

import pytest

from alias_board import opened, told
from events import StatusReported
from test_record import said


@pytest.fixture
def board(database_url):
    yield from opened(database_url)


def test_a_batch_sees_one_call_under_all_of_its_ids(board):
    results = board.together(
        ("CA1", said("a")),
        ("VA1", told("CA1"), said("b")),
        ("CA1", said("c"), said("b")),
        ("VA1", said("a"), said("d"), StatusReported(status="completed")),
        ("CA1", StatusReported(status="failed"), said("e")),
    )
    assert {result.call.call_sid for result in results} == {"CA1"}
    assert [[(o.seq, o.is_repeat) for o in result.outcomes] for result in results] == [
        [(1, False)],
        [(2, False)],
        [(3, False), (2, True)],
        [(1, True), (4, False)],
        [(5, False)],
    ]
    assert results[-1].call == board.call("VA1")
    assert (board.call("CA1").status, board.spoken("VA1")) == ("completed", ["a", "b", "c", "d", "e"])


def test_a_batch_in_which_an_id_becomes_one_of_a_stored_call_knows_its_segments(board):
    board.hear("CA1", said("a"), said("b"))
    results = board.together(
        ("CA1", said("c")),
        ("VA1", told("CA1"), said("a"), said("c"), said("d")),
        ("VA1", said("b")),
    )
    assert [[o.seq for o in result.outcomes] for result in results] == [[3], [1, 3, 4], [2]]
    assert board.spoken("CA1") == ["a", "b", "c", "d"]


def test_a_batch_in_which_a_stored_call_takes_an_alias_knows_its_segments(board):
    board.hear("VA1", said("a"))
    results = board.together(("VA1", told("CA1")), ("CA1", said("a"), said("b")))
    assert [o.is_repeat for o in results[1].outcomes] == [True, False]
    assert board.all_calls() == ["VA1"]


def test_what_is_refused_gives_no_alias(board):
    board.hear("CA1", said("a"))
    refused, taken = board.together(("VA1", told("CA1", assistant="Nobody")), ("VA1", said("b")))
    assert refused.code == "unknown_assistant"
    assert (taken.created, taken.call.call_sid) == (True, "VA1")
    assert board.others("CA1") == ([], [])


def test_calls_without_aliases_cost_one_look_up_for_all_that_are_new_in_a_batch(board):
    board.hear("CA0", said("z"))
    asked, send = [], board.db.execute_sql

    def counted(sql, params=None):
        asked.append(sql)
        return send(sql, params)

    def questions_about_aliases(*told) -> int:
        asked.clear()
        board.together(*told)
        return len([sql for sql in asked if "call_alias" in sql])

    known = [("CA0", said(f"s{n}"), told(provider="twilio")) for n in range(20)]
    new = [(f"CA{n}", said("a"), told(provider="twilio")) for n in range(1, 20)]
    board.db.execute_sql = counted
    try:
        assert questions_about_aliases(*known) == 0
        assert questions_about_aliases(*known, *new) == 1
        assert questions_about_aliases(("VA9", told("CA9"), said("a"))) > 1
    finally:
        del board.db.execute_sql
