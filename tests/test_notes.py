"""Notes as they are stored: in order of time, bounded, changed by who may, and gone with their call."""

import pytest

from events import SECOND, CallAnnounced, Refused, Transcript
from models import accounts, calls, demo, notes, tables
from models.database import execute, migrate, open_database, write_transaction
from models.note_tables import Note as Row
from models.record import Heard, record

START = 1_770_000_000 * SECOND
ADA, SUE = "ada@example.com", "sue@example.com"


@pytest.fixture
def db(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        with write_transaction(db):
            organization = accounts.create_organization(db, START, "Larkspur")
            for email in (ADA, SUE):
                accounts.create_user(db, START, organization, email, "supervisor", "correct horse")
            execute(db, "INSERT INTO assistant (organization_id, name, created_at) VALUES (?, 'Front desk', 1)", 1)
            said = Transcript(segment_id="s1", speaker="user", content="Hello.", segment_start=5.5)
            told = [CallAnnounced(started_at=START, metadata=demo.METADATA), said]
            for call_sid in ("demo-1", "CA2"):
                record(db, lambda: START, Heard(organization_id=organization, call_sid=call_sid, events=told))
        yield db


def a_call(db, call_sid: str = "demo-1"):
    return calls.by_sid(db, 1, call_sid)


def add(db, second: int = 0, *, user: int = 1, **told) -> notes.Note:
    return notes.add(db, START + second * SECOND, a_call(db), user, {1: ADA, 2: SUE}[user], **told)


def test_notes_are_in_order_of_time_wherever_that_is_known_from(db):
    written = {
        "at a moment": add(db, 90, at_seconds=30.0, text="x" * 2000),
        "on a segment": add(db, 91, segment_id="s1"),
        "about nothing": add(db, 20, text="\U0001f6b2 שלום"),
        "on words that are not stored yet": add(db, 25, segment_id="later"),
    }
    order = ["on a segment", "about nothing", "on words that are not stored yet", "at a moment"]
    assert notes.of_call(db, a_call(db)) == [written[name] for name in order]
    assert (written["on a segment"].at_seconds, written["on a segment"].author) == (5.5, ADA)
    assert notes.of_call(db, a_call(db, "CA2")) == []


def test_only_the_author_or_an_administrator_changes_or_removes_a_note(db):
    note, call = add(db, text="Mine"), a_call(db)
    for work in (
        lambda: notes.change(db, START, call.id, note.id, 2, "Yours"),
        lambda: remove(db, call.id, note.id, 2),
    ):
        with pytest.raises(Refused) as refused:
            work()
        assert refused.value.code == "not_the_author"
    assert notes.of_call(db, call) == [note]
    changed = notes.change(db, START + 5, call.id, note.id, 1, "Still mine")
    assert (changed.text, changed.created_at, changed.updated_at) == ("Still mine", note.created_at, START + 5)
    assert notes.of_call(db, call) == [changed]
    assert notes.change(db, START + 6, call.id, note.id, None, "").text == ""
    assert remove(db, call.id, note.id, None).id == note.id
    assert Row.select().count(db) == 0
    for elsewhere in (call.id, a_call(db, "CA2").id):
        with pytest.raises(Refused, match="no such note"):
            remove(db, elsewhere, note.id, None)


def remove(db, *args) -> notes.Note:
    return notes.remove(db, *args)


def test_a_call_has_so_many_notes_and_no_more(db, monkeypatch):
    monkeypatch.setattr(notes, "MOST_NOTES", 3)
    first, *_ = [add(db, n) for n in range(3)]
    with pytest.raises(Refused, match="The call has 3 notes") as refused:
        add(db, 4)
    assert refused.value.code == "too_many"
    notes.remove(db, a_call(db).id, first.id, 1)
    add(db, 5)


def test_notes_go_with_their_call_whoever_erases_it(db):
    add(db, text="Of the demo")
    gone, stays = a_call(db), a_call(db, "CA2")
    notes.add(db, START, stays, 2, SUE, text="Of a real call")
    execute(db, "UPDATE account SET role = 'admin' WHERE id = 1")
    with write_transaction(db):
        demo.turn_on(db)
        demo.erase(db, lambda: START)
    assert [row.text for row in Row.select().execute(db)] == ["Of a real call"]
    with pytest.raises(Refused, match="no such call"):
        notes.add(db, START, gone, 1, ADA)
    for table in (tables.Entry, tables.StatusChange):
        table.delete().where(table.call == stays.id).execute(db)
    execute(db, 'DELETE FROM "call" WHERE id = ?', stays.id)  # the database itself sees to it
    assert Row.select().count(db) == 0
