"""What is stored before a migration is there after it."""

import shutil

import pytest

from models import calls, rights, sources, tables
from models.database import MIGRATIONS, execute, migrate, open_database, write_transaction
from models.record import Heard, SourceStep, record


@pytest.fixture
def db_before(monkeypatch, tmp_path, database_url):
    """A database as Callboard made it before a migration."""

    def make(name: str):
        for path in MIGRATIONS.glob("[0-9]*.py"):
            if path.stem < name:
                shutil.copy(path, tmp_path)
        db = open_database(database_url)
        with monkeypatch.context() as patched:
            patched.setattr("models.database.MIGRATIONS", tmp_path)
            assert migrate(db)
        return db

    return make


def test_what_sources_remember_of_calls_is_found_once_it_has_another_key(db_before):
    db = db_before("0005")
    for sql in (
        "INSERT INTO organization (id, name, created_at) VALUES (1, 'Larkspur', 1)",
        "INSERT INTO assistant (id, organization_id, name, created_at) VALUES (1, 1, 'Front desk', 1)",
        'INSERT INTO "call" (id, organization_id, assistant_id, call_sid, status, status_version, metadata, head_seq,'
        " transcript_count, heard_at, created_at, updated_at)"
        " VALUES (7, 1, 1, 'CA1', 'in-progress', 1, '{}', 0, 0, 1, 1, 1)",
        "INSERT INTO source (id, organization_id, assistant_id, kind, endpoint, config, created_at)"
        " VALUES (1, 1, 1, 'twilio', 'e', '{}', 1)",
        "INSERT INTO source_state (source_id, call_id, version, state) VALUES (1, 7, 3, '{\"n\":3}')",
    ):
        execute(db, sql)
    assert "0005_aliases" in migrate(db)
    source = sources.by_endpoint(db, "twilio", "e")
    assert sources.state(db, source, "CA1") == sources.KnownState(3, '{"n":3}')
    with write_transaction(db):
        heard = Heard(organization_id=1, call_sid="CA1", events=[], step=SourceStep(1, 3, '{"n":4}'))
        record(db, lambda: 2, heard)
    assert sources.state(db, source, "CA1") == sources.KnownState(4, '{"n":4}')
    assert (tables.SourceState.select().count(db), calls.by_sid(db, 1, "CA1").id) == (1, 7)
    db.close()


def test_sessions_and_their_tickets_stay_and_the_id_of_one_that_ended_is_never_given_again(db_before):
    db = db_before("0011")
    for sql in (
        "INSERT INTO organization (id, name, created_at) VALUES (1, 'Larkspur', 1)",
        "INSERT INTO account (id, organization_id, email, password_hash, role, is_active, created_at)"
        " VALUES (1, 1, 'ada@example.com', 'none', 'admin', TRUE, 1)",
        "INSERT INTO session (user_id, token_hash, created_at, expires_at) VALUES (1, 'a', 1, 9), (1, 'b', 1, 9)",
        "INSERT INTO ticket (ticket_hash, user_id, session_id, expires_at) VALUES ('t', 1, 2, 9)",
    ):
        execute(db, sql)
    assert "0011_session_ids" in migrate(db)
    session = tables.Session
    kept = session.select(session.id, session.token_hash, session.expires_at).order_by(session.id).tuples().execute(db)
    assert (list(kept), tables.Ticket.select().count(db)) == ([(1, "a", 9), (2, "b", 9)], 1)
    rights.end_sessions(db, session.user_id == 1)
    assert tables.Ticket.select().count(db) == 0
    rights.create_session(db, 2, 1)
    assert [row.id for row in session.select(session.id).execute(db)] == [3]
    db.close()
