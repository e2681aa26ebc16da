"""What the command line changes is in the audit log too."""

import pytest

from audit_log import read_all
from command_line import CommandLine
from events import encode
from models import demo
from models.database import administered, open_database

ACME = ("--organization", "Acme")


@pytest.fixture
def line(sqlite_url):
    return CommandLine(sqlite_url)


def log(url: str):
    db = open_database(url)
    with db.connection_context():
        return read_all(db, 1)


def test_every_word_that_changes_something_leaves_one_entry(line, sqlite_url):
    line.do("organization", "create", "Acme")
    line.do("assistant", "create", "Desk", *ACME)
    line.do("user", "create", "Ann@Acme.example", *ACME, "--role", "admin", "--password", "-", stdin="a password\n")
    line.do("user", "create", "bob@acme.example", *ACME, "--role", "supervisor")
    line.do("user", "deactivate", "Bob@acme.example")
    key = line.do("key", "create", "--user", "ann@acme.example", "--name", "crm", "--scopes", "read,ingest")
    line.do("key", "revoke", key)
    made = line.try_("source", "create", "twilio", "--assistant", "Desk", *ACME, CALLBOARD_SECRET="auth token")
    assert made.status == 0
    assert line.try_("user", "deactivate", "nobody@acme.example").status == 2
    assert line.try_("organization", "create", "Acme").status == 2
    entries = log(sqlite_url)
    assert [(one.action, one.target) for one in entries] == [
        ("organization.created", "Acme"),
        ("assistant.created", "Desk"),
        ("user.created", "ann@acme.example"),
        ("user.created", "bob@acme.example"),
        ("user.deactivated", "bob@acme.example"),
        ("key.created", key[:11]),
        ("key.revoked", key[:11]),
        ("source.created", "1"),
    ]
    assert {(one.actor, one.user_id, one.address) for one in entries} == {("command line", None, None)}
    text = encode(entries).decode()
    endpoint = made.last.rpartition("/")[2]
    assert not [secret for secret in (key, "a password", "auth token", endpoint) if secret in text]


def test_setup_and_the_end_of_the_demo_are_in_it(line, sqlite_url):
    key = line.do("setup")
    with administered(sqlite_url) as db:
        demo.turn_on(db)
    for _ in range(2):
        line.try_("demo", "erase")
    entries = log(sqlite_url)
    assert [(one.action, one.target) for one in entries] == [
        ("user.created", "admin@localhost"),
        ("key.created", key[:11]),
        ("demo.erased", None),
    ]
