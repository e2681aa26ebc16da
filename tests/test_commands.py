"""The administrative words: what each does, what it prints last, and what it refuses."""

import os
import re
import sqlite3
from urllib.parse import urlsplit

import pytest

from command_line import CommandLine, finish
from server import main

ACME = ("--organization", "Acme")


@pytest.fixture
def line(sqlite_url):
    return CommandLine(sqlite_url)


def rows(line, sql):
    connection = sqlite3.connect(urlsplit(line.variables["CALLBOARD_DATABASE_URL"]).path.removeprefix("/"))
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_every_word_makes_what_it_says_and_prints_it_last(line):
    assert line.do("organization", "create", " Acme ") == "1"
    assert line.do("organization", "create", "Other") == "2"
    assert line.do("assistant", "create", "Desk", *ACME) == "1"
    assert line.do("assistant", "create", "Desk", "--organization", "Other") == "2"
    password = line.do("user", "create", "Ann@Acme.example", *ACME, "--role", "admin")
    assert len(password) >= 16
    key = line.do("key", "create", "--user", "ann@acme.example", "--name", "crm", "--scopes", "read,ingest")
    assert re.fullmatch(r"cb_\w{8}_\w{32}", key)
    made = line.try_(
        *("source", "create", "twilio", "--assistant", "Desk", *ACME),
        CALLBOARD_SECRET="auth token",
        CALLBOARD_PUBLIC_URL="https://calls.acme.example/",
    )
    assert re.fullmatch(r"https://calls\.acme\.example/webhooks/twilio/[0-9a-f]{32}", made.last)
    assert f'statusCallbackUrl="{made.last}#' in made.out and "<Response>" in made.out
    assert "auth token" not in made.out + made.err
    unverified = line.try_("source", "create", "twilio", "--assistant", "Desk", *ACME)
    assert unverified.status == 0 and "nothing is verified" in unverified.err
    line.do("user", "create", "bob@acme.example", *ACME, "--role", "admin")
    assert line.do("user", "deactivate", "ANN@acme.example") == "ann@acme.example"
    assert rows(line, "SELECT email, role, is_active FROM account ORDER BY id") == [
        ("ann@acme.example", "admin", 0),
        ("bob@acme.example", "admin", 1),
    ]
    assert rows(line, "SELECT kind, organization_id, assistant_id, secret FROM source") == [
        ("twilio", 1, 1, "auth token"),
        ("twilio", 1, 1, None),
    ]


def test_names_that_are_taken_and_names_that_are_unknown_are_refused_in_one_line(line):
    line.do("organization", "create", "Acme")
    line.do("assistant", "create", "Desk", *ACME)
    line.do("user", "create", "ann@acme.example", *ACME, "--role", "admin")
    key = ("key", "create", "--name", "n", "--scopes", "read", "--user")
    source = ("source", "create", "twilio", "--secret", "s", "--assistant")
    for words, named in (
        (("organization", "create", "Acme"), "'Acme'"),
        (("assistant", "create", "Desk", *ACME), "'Desk'"),
        (("assistant", "create", "Desk", "--organization", "Nobody"), "'Nobody'"),
        (("user", "create", "ANN@acme.example", *ACME, "--role", "supervisor"), "'ann@acme.example'"),
        (("user", "create", "bob@acme.example", "--organization", "Nobody", "--role", "admin"), "'Nobody'"),
        (("user", "deactivate", "bob@acme.example"), "'bob@acme.example'"),
        (("user", "deactivate", "ann@acme.example"), "This is the last active administrator: make another one first."),
        ((*key, "bob@acme.example"), "'bob@acme.example'"),
        (("key", "revoke", "cb_12345678"), "no such key"),
        ((*source, "Nobody", *ACME), "'Nobody'"),
    ):
        outcome = line.try_(*words)
        assert (outcome.status, outcome.out) == (2, ""), words
        assert named in outcome.err and outcome.err.count("\n") == 1, outcome.err


NEW_USER = ("user", "create", "ann@acme.example", *ACME, "--role")
NEW_KEY = ("key", "create", "--user", "a@b", "--name", "n", "--scopes")


@pytest.mark.parametrize(
    "words, named",
    [
        ((), "WORD"),
        (("sing",), "WORD"),
        (("organization",), "WORD"),
        (("organization", "create"), "NAME"),
        (("organization", "create", " "), "NAME"),
        (("organization", "create", "a\nb"), "NAME"),
        (("organization", "create", "a\x1b[31m"), "NAME"),
        (("organization", "create", "x" * 256), "NAME"),
        (("organization", "create", b"a\xff"), "NAME"),
        (("organization", "create", "a", "b\nc"), r"'b\nc'"),
        (("organization", "create", "Acme", "--database", "sqlite:///x.db"), "--database"),
        (("organization", "create", "Acme", "--database-url", "sqlite:///:memory:"), "--database-url"),
        (("organization", "create", "Acme", "--database-url", "sqlite:////no/such/folder/board.db"), "--database-url"),
        (("organization", "create", "Acme", "--database-url", "postgresql://u:pw@127.0.0.1:1/b"), "--database-url"),
        (("assistant", "create", "a", "--organization", ""), "--organization"),
        ((*NEW_USER, "king"), "--role"),
        ((*NEW_USER, "admin", "--password", ""), "--password"),
        ((*NEW_USER, "admin", "--password", "-"), "--password"),
        (("user", "create", "ann\x07@acme.example", *ACME, "--role", "admin"), "EMAIL"),
        ((*NEW_KEY, "read,write"), "--scopes"),
        ((*NEW_KEY, ""), "--scopes"),
        ((*NEW_KEY, "read", "--expires", "0"), "--expires"),
        ((*NEW_KEY, "read", "--expires", "soon"), "--expires"),
        (("key", "revoke", "-"), "PREFIX_OR_KEY"),
        (("key", "revoke", "a\tb"), "PREFIX_OR_KEY"),
        (("source", "create", "carrier-pigeon", "--assistant", "a", *ACME), "KIND"),
        (("source", "create", "twilio", "--assistant", "a", *ACME, "--public-url", "calls"), "--public-url"),
        (("watch", "CA 1", "--token", "cb_x"), "CALL_SID"),
        (("watch", "CA1"), "--token"),
        (("watch", "CA1", "--token", "cb_\u00e9"), "--token"),
        (("watch", "CA1", "--token", "cb_x", "--url", "ftp://host"), "--url"),
        (("watch", "CA1", "--token", "cb_x", "--url", "http://host:70000"), "--url"),
        (("replay", "--token", "cb_x"), "FILE"),
        (("replay", "no/such/file.jsonl", "--token", "cb_x"), "FILE"),
        (("replay", "x.jsonl", "--token", "cb_x", "--speed", "nan"), "--speed"),
        (("serve", "--port", "65536"), "--port"),
        (("serve", "--port", "1", "--address", "no such host", "--log-level", "warning"), "--address"),
    ],
    ids=str,
)
def test_a_wrong_value_is_one_line_that_names_it_and_exit_2(words, named, sqlite_url, monkeypatch, capfd):
    """In this process, because there are so many."""
    monkeypatch.setenv("CALLBOARD_DATABASE_URL", sqlite_url)
    monkeypatch.setattr("sys.stdin", None)
    try:
        status = main([os.fsdecode(word) for word in words])
    except SystemExit as end:
        status = end.code
    said = capfd.readouterr()
    assert (status, said.out) == (2, "")
    assert named in said.err and "pw" not in said.err
    assert said.err.endswith("\n") and said.err[:-1].isprintable()


def test_a_wrong_variable_is_named(line):
    outcome = line.try_("key", "list", CALLBOARD_DATABASE_URL="mysql://ann:pw@host/board")
    assert outcome.status == 2
    assert outcome.err.startswith("CALLBOARD_DATABASE_URL: must be ") and "pw" not in outcome.err


def test_a_password_comes_from_standard_input_or_the_environment_and_is_not_shown(line):
    line.do("organization", "create", "Acme")
    first = line.try_(
        "user", "create", "a@acme.example", *ACME, "--role", "admin", "--password", "-", stdin="pass word 1\n"
    )
    second = line.try_("user", "create", "b@acme.example", *ACME, "--role", "admin", CALLBOARD_PASSWORD="pass word 2")
    assert (first.last, second.last) == ("a@acme.example", "b@acme.example")
    assert "pass word" not in first.out + first.err + second.out + second.err
    short = line.try_("user", "create", "c@acme.example", *ACME, "--role", "admin", CALLBOARD_PASSWORD="1234567")
    assert short.status == 2 and "8 characters" in short.err


def test_keys_are_listed_without_their_secret_and_revoked_by_prefix_or_key(line):
    first = line.do("setup")
    assert line.try_("key", "list").out.count("\n") == 1
    make = ("key", "create", "--user", "admin@localhost", "--scopes", "read", "--name")
    second, third = line.do(*make, "second", "--expires", "1"), line.do(*make, "third")
    assert line.do("key", "revoke", first[:11]) == first[:11]
    assert line.do("key", "revoke", "-", stdin=second + "\n") == second[:11]
    assert line.do("key", "revoke", second) == second[:11]  # once more
    listed = line.try_("key", "list").out
    assert not any(key in listed for key in (first, second, third))
    states = {fields[0]: fields[1].split()[0] for fields in (row.split("\t") for row in listed.splitlines())}
    assert states == {third[:11]: "active", second[:11]: "revoked", first[:11]: "revoked"}


def test_an_empty_list_is_said_beside_the_output(line):
    line.do("migrate")
    assert line.try_("key", "list") == (0, "", "There are no keys.\n")


def test_setup_prints_once_also_where_two_run_at_once(line):
    both = [line.start("setup"), line.start("setup")]
    outcomes = [finish(process) for process in both]
    assert [outcome.status for outcome in outcomes] == [0, 0]
    said = [outcome for outcome in outcomes if outcome.out]
    assert len(said) == 1
    for words in ("http://localhost:8000", "admin@localhost", "password"):
        assert words in said[0].out
    assert re.fullmatch(r"cb_\w{8}_\w{32}", said[0].last)
    assert line.try_("setup") == (0, "", "")
    assert rows(line, "SELECT name FROM assistant") == [("Assistant",)]


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("key", "list"), ("setup",)], ids=str)
def test_a_newer_database_is_refused_in_a_sentence(line, words):
    line.do("setup")
    path = urlsplit(line.variables["CALLBOARD_DATABASE_URL"]).path.removeprefix("/")
    connection = sqlite3.connect(path)
    (table,) = next(connection.execute("SELECT name FROM sqlite_master WHERE name LIKE '%migrat%' AND type = 'table'"))
    connection.execute(f"INSERT INTO {table} SELECT max(id) + 1, '9999_later', max(applied) FROM {table}")
    connection.commit()
    connection.close()
    assert line.try_(*words) == (
        2,
        "",
        "The database is newer than this Callboard (it has 9999_later): upgrade Callboard.\n",
    )


def test_a_second_server_on_the_same_file_is_refused_in_a_sentence(line):
    with line.serving() as url:
        second = line.try_("serve", "--port", "0")
        assert second.status == 2 and second.err.count("\n") == 1
        assert "Another Callboard already serves" in second.err
        port, other = url.split(":")[-1], CommandLine(line.variables["CALLBOARD_DATABASE_URL"] + "2")
        quiet = {"PYTHONWARNINGS": "ignore"}  # Tornado leaves the sockets to the garbage collector
        taken = other.try_("serve", "--port", port, "--log-level", "warning", **quiet)
        assert taken.status == 2 and taken.err.count("\n") == 1
        assert taken.err.startswith("--address, --port: cannot listen") and "[Errno" not in taken.err


def test_words_work_while_a_server_runs(line):
    with line.serving():
        key = line.do("setup")
        assert line.do("key", "revoke", key) == key[:11]
        assert line.do("organization", "create", "Acme") == "2"


def test_words_work_on_postgresql_too(new_postgres_database):
    line = CommandLine(new_postgres_database())
    key = line.do("setup")
    assert line.try_("setup") == (0, "", "")
    assert line.try_("organization", "create", "Callboard").status == 2
    assert line.do("key", "revoke", key) == key[:11]
    assert line.do("key", "list").startswith(key[:11] + "\trevoked ")
