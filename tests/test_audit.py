"""The audit log's table: entries go in with the change they are about, and nothing takes or alters one."""

import ast
import re
from pathlib import Path

import pytest
from peewee import IntegrityError, PeeweeException

from audit_log import entry, read_all
from events import Refused
from models import accounts, audit
from models.audit import MOST_COUNTED, AuditFilter, by_command_line, recorded
from models.database import execute, migrate, open_database, write_transaction

HOME = Path(__file__).parent.parent
NOW = 1_770_000_000_000_000


@pytest.fixture
def db(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        for name in ("Larkspur", "Other"):
            accounts.create_organization(db, NOW, name)
        yield db


def actions(db, **where) -> list[str]:
    found = audit.page(db, 1, AuditFilter(**where), before=None, skip=0, limit=100)
    return [one.action for one in found]


def test_an_entry_comes_back_as_it_went_in(db):
    full = entry(
        user_id=7, actor="ada@example.com", key_prefix="cb_a", address="::1", target="CA1", detail={"n": "é", "x": None}
    )
    audit.add(db, [full, by_command_line(NOW, 1, "key.revoked", "cb_b", name="crm")])
    first, second = read_all(db, 1)
    assert (first.id, second.id) == (1, 2)
    assert first == entry(**{name: getattr(full, name) for name in full.__struct_fields__} | {"id": 1})
    assert (second.actor, second.user_id, second.address, second.detail) == (
        "command line",
        None,
        None,
        {"name": "crm"},
    )


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_entry SET action = 'x'", "DELETE FROM audit_entry", "DELETE FROM audit_entry WHERE id = 1"],
)
def test_the_database_refuses_to_alter_or_delete_an_entry(db, statement):
    audit.add(db, [entry()])
    with pytest.raises(PeeweeException, match="append-only"), write_transaction(db):
        execute(db, statement)
    assert read_all(db, 1) == [entry(id=1)]


def test_no_code_alters_or_deletes_an_entry():
    """Only one file knows the table, and it only adds and selects."""
    folders = ("models", "handlers", "hub", "commands", "sources")
    files = [path for folder in folders for path in (HOME / folder).rglob("*.py")] + list(HOME.glob("*.py"))
    texts = {str(path.relative_to(HOME)): path.read_text() for path in files}
    assert {name for name, text in texts.items() if "tables.AuditEntry" in text} == {"models/audit.py"}
    assert {name for name, text in texts.items() if "audit_entry" in text} == {"models/migrations/0003_audit.py"}
    called = {node.attr for node in ast.walk(ast.parse(texts["models/audit.py"])) if isinstance(node, ast.Attribute)}
    assert "select" in called and "INSERT INTO" in texts["models/audit.py"]
    assert not re.search("UPDATE|DELETE|REPLACE|TRUNCATE|DROP", texts["models/audit.py"])
    assert not called & {"update", "delete", "delete_instance", "save", "replace", "replace_many", "on_conflict", "raw"}
    assert not called & {"bulk_update", "set_by_id", "delete_by_id", "truncate_table", "drop_table", "insert_many"}


def test_a_change_and_its_entry_are_stored_together_or_not_at_all(db):
    make = (accounts.create_organization, NOW)
    assert recorded(db, lambda made: entry(made, target="New"), *make, "New") == 3
    assert [one.target for one in read_all(db, 3)] == ["New"]
    with pytest.raises(Refused), write_transaction(db):
        recorded(db, entry(), *make, "New")
    with pytest.raises(IntegrityError), write_transaction(db):
        recorded(db, entry(action=None), *make, "Unrecorded")
    assert recorded(db, None, *make, "Quiet") and recorded(db, lambda _: None, *make, "Quieter")
    names = {name for (name,) in execute(db, "SELECT name FROM organization").fetchall()}
    assert names == {"Larkspur", "Other", "New", "Quiet", "Quieter"} and not read_all(db, 1)


def test_filters_ask_for_action_actor_target_and_time(db):
    audit.add(
        db,
        [
            entry(at=NOW, action="signed_in", actor="ada@example.com"),
            entry(at=NOW + 1, action="call.read", actor="ada@example.com", target="CA1"),
            entry(at=NOW + 2, action="call.watched", actor="bob@example.com", target="CA1"),
            entry(2, at=NOW + 2, action="theirs", actor="ada@example.com", target="CA1"),
        ],
    )
    assert actions(db) == ["call.watched", "call.read", "signed_in"]
    assert actions(db, action="call.read") == ["call.read"]
    assert actions(db, actor="ada@example.com") == ["call.read", "signed_in"]
    assert actions(db, target="CA1") == ["call.watched", "call.read"]
    assert actions(db, date_from=NOW + 1, date_to=NOW + 1) == ["call.read"]
    assert actions(db, actor="ada@example.com", target="CA2") == []
    assert audit.count(db, 1, AuditFilter(target="CA1")) == 2


def test_counting_ends_where_a_number_tells_nobody_more(sqlite_url):
    db = open_database(sqlite_url)
    with db.connection_context():
        migrate(db)
        accounts.create_organization(db, NOW, "Larkspur")
        for _ in range(MOST_COUNTED // 500 + 1):
            audit.add(db, [entry()] * 500)
        assert audit.count(db, 1, AuditFilter()) == MOST_COUNTED
