"""`source create` for each provider: what it prints, what it stores, what it refuses in one line."""

import re

import pytest

from command_line import CommandLine
from sources import KINDS
from test_commands import ACME, rows

MADE = "SELECT kind, account, config FROM source ORDER BY id"


@pytest.fixture
def desk(sqlite_url):
    line = CommandLine(sqlite_url)
    line.do("organization", "create", "Acme")
    line.do("assistant", "create", "Desk", *ACME)
    return line


def create(line, kind: str, *more: str):
    words = ("source", "create", kind, "--assistant", "Desk", *ACME, *more)
    return line.try_(*words, CALLBOARD_SECRET="s3cret", CALLBOARD_PUBLIC_URL="https://calls.acme.example")


PASTED = {
    "twilio": "<Response>",
    "vapi": '"serverMessages"',
    "retell": '"transcript_updated"',
    "telnyx": '"transcription_tracks"',
    "deepgram": "callback=https://callboard:SECRET@calls.acme.example/",
}


def test_each_kind_is_made_and_told_what_to_paste(desk):
    assert set(PASTED) == set(KINDS)
    for kind, pasted in PASTED.items():
        made = create(desk, kind)
        assert made.status == 0 and made.err == ""
        address = rf"https://calls\.acme\.example/webhooks/{kind}/[0-9a-f]{{32}}"
        assert re.fullmatch(address + (r"\?call_sid=CALL_SID" if kind == "deepgram" else ""), made.last)
        assert pasted in made.out and "s3cret" not in made.out


def test_settings_are_given_one_by_one(desk):
    settings = ("--set", "inbound=assistant", "--set", "call_id=call_session_id")
    assert create(desk, "telnyx", "--account", "12345", *settings).status == 0
    ((kind, account, config),) = rows(desk, MADE)
    assert (kind, account) == ("telnyx", "12345")
    assert '"inbound":"assistant"' in config and '"call_id":"call_session_id"' in config


REFUSED = [
    ("telnyx", ("--set", "inbound"), "NAME=VALUE"),
    ("telnyx", ("--set", "=user"), "NAME=VALUE"),
    ("telnyx", ("--set", "inbound=nobody"), "must be one of user, assistant"),
    ("telnyx", ("--set", "colour=red"), "'colour'; there are call_id"),
    ("vapi", ("--set", "inbound=user"), "Vapi has no setting 'inbound'; there are none"),
    ("retell", ("--account", "acme"), "does not tell an account"),
]


def test_what_a_kind_does_not_have_is_refused_in_one_line_and_nothing_is_made(desk):
    for kind, words, named in REFUSED:
        outcome = create(desk, kind, *words)
        assert (outcome.status, outcome.out) == (2, "")
        assert named in outcome.err and outcome.err.count("\n") == 1
    assert rows(desk, MADE) == []
