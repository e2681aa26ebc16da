"""The log of a call as frames: pages follow each other, whole ones are kept, and none outlives what it was made of."""

import pytest

from handlers.history import History
from hub.viewer import MAX_UNSENT_BYTES
from models import entries
from models.database import execute, migrate, open_database
from models.entries import PAGE
from test_record import Board, said


@pytest.fixture
def board(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield Board(db)


def read(history: History, db, call, cursor: int = 0) -> list:
    """All pages after the cursor."""
    pages = [history.page(db, call.id, call.call_sid, cursor, True, 0)]
    while not pages[-1].is_last:
        pages.append(history.page(db, call.id, call.call_sid, pages[-1].last_seq, True, 0))
    return pages


@pytest.mark.parametrize("cursor", [0, 1, PAGE - 1, PAGE, PAGE + 7, 2 * PAGE + 3])
def test_pages_follow_each_other_from_any_cursor_and_say_the_same_when_kept(board, cursor):
    call = board.hear("CA1", *(said(f"s{n}") for n in range(2 * PAGE + 3))).call
    history = History()
    once, again = read(history, board.db, call, cursor), read(history, board.db, call, cursor)
    for pages in (once, again):
        assert sum(page.count for page in pages) == 2 * PAGE + 3 - cursor
        assert pages[-1].last_seq == 2 * PAGE + 3
        assert b"".join(page.frames for page in pages).count(b'"seq"') == 2 * PAGE + 3 - cursor
    assert b"".join(page.frames for page in once) == b"".join(page.frames for page in again)


def test_pages_that_are_kept_come_several_at_once_but_no_more_than_a_viewer_may_have_unsent(board):
    call = board.hear("CA1", *(said(f"s{n}", content="x" * 200) for n in range(9 * PAGE + 3))).call
    history = History()
    once = read(history, board.db, call)
    assert [page.count for page in once] == [PAGE] * 9 + [3]
    at_once = min(9, MAX_UNSENT_BYTES // max(len(page.frames) for page in once))
    assert at_once > 1
    again = read(history, board.db, call)
    assert again[0].count >= at_once * PAGE and len(again[0].frames) <= MAX_UNSENT_BYTES
    assert again[-1] == once[-1]
    assert b"".join(page.frames for page in again) == b"".join(page.frames for page in once)
    assert all(kept is page for kept, page in zip(read(history, board.db, call)[:-1], again[:-1], strict=True))


def test_what_is_kept_in_one_piece_goes_on_with_what_came_later_and_nobody_else_s_beginning_is_kept(board):
    call = board.hear("CA1", *(said(f"s{n}") for n in range(2 * PAGE))).call
    history = History()
    for _ in range(2):
        assert sum(page.count for page in read(history, board.db, call, PAGE - 1)) == PAGE + 1
        read(history, board.db, call)
    board.hear("CA1", *(said(f"t{n}") for n in range(PAGE)))
    assert [page.count for page in read(history, board.db, call)] == [2 * PAGE, PAGE, 0]
    assert [page.count for page in read(history, board.db, call)] == [3 * PAGE, 0]
    assert {cursor for cursor, _ in history._pages} == {0, PAGE, 2 * PAGE}
    assert history._bytes == sum(len(page.frames) for page in history._pages.values())


def test_only_whole_pages_are_kept_so_what_comes_later_is_seen(board):
    call = board.hear("CA1", *(said(f"s{n}") for n in range(PAGE - 1))).call
    history = History()
    assert [page.count for page in read(history, board.db, call)] == [PAGE - 1]
    board.hear("CA1", said("later"), said("last"))
    first, second = read(history, board.db, call)
    assert (first.count, second.count) == (PAGE, 1)
    assert b"later" in first.frames and b"last" in second.frames


def test_a_kept_page_is_not_asked_of_the_database_again_but_its_last_entry_is(board, monkeypatch):
    call = board.hear("CA1", *(said(f"s{n}") for n in range(PAGE))).call
    history = History()
    kept = history.page(board.db, call.id, "CA1", 0, True, 0)
    monkeypatch.setattr(entries, "after", None)
    assert history.page(board.db, call.id, "CA1", 0, True, 0) is kept


def test_what_was_erased_is_not_shown_from_memory_even_where_another_call_took_its_place(board):
    call = board.hear("CA1", *(said(f"s{n}", content="secret") for n in range(PAGE))).call
    history = History()
    assert b"secret" in read(history, board.db, call)[0].frames
    execute(board.db, "DELETE FROM entry WHERE call_id = ?", call.id)
    assert read(history, board.db, call)[0].frames == b""
    execute(board.db, 'UPDATE "call" SET head_seq = 0 WHERE id = ?', call.id)
    board.hear("CA1", *(said(f"t{n}", content="other") for n in range(PAGE)))
    assert b"secret" not in read(history, board.db, call)[0].frames


def test_no_more_is_kept_than_it_may_hold(board):
    calls = [board.hear(f"CA{n}", *(said(f"s{m}") for m in range(PAGE))).call for n in range(4)]
    size = len(History().page(board.db, calls[0].id, "CA0", 0, True, 0).frames)
    history = History(kept_bytes=2 * size + size // 2)
    for call in calls:
        read(history, board.db, call)
    assert [how.call_sid for _, how in history._pages] == ["CA2", "CA3"]
    assert history._bytes == sum(len(page.frames) for page in history._pages.values())
