"""The reader of logs that stands behind every test (log_reader.py): what it finds, and that a test fails by it."""

import logging
import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import CommandLine, environment
from log_reader import LogReader, is_secret, is_spoken, secrets_in
from models import rights

HERE = Path(__file__).parent
KEY = "cb_ab12CD34_" + "x" * 32
TELLING = {
    "an API key": f"GET /live-transcript/CA1?token={KEY}",
    "a ticket": "tk_" + "a1B2" * 10,
    "a session's cookie": "Cookie: callboard_session=abc",
    "a session's token": "ended Qw7" + "_-" * 20,
    "a generated password": "made 00112233445566778a for ann",
    "the set-up code": "enter ABCD-2345",
    "a secret": "password='my dog’s name'",
}


def record(message: str, *args, level: int = logging.INFO, name: str = "handlers.x", exc_info=None):
    return logging.LogRecord(name, level, __file__, 1, message, args, exc_info)


def read(*records) -> list[str]:
    reader = LogReader()
    for each in records:
        reader.handle(each)
    return reader.findings()


@pytest.mark.parametrize(("what", "line"), TELLING.items(), ids=list(TELLING))
def test_each_kind_of_secret_is_found_at_any_level_of_any_logger(what, line):
    is_secret("my dog’s name")
    for level, name in ((logging.DEBUG, "tornado.general"), (logging.ERROR, "asyncio"), (logging.INFO, "nobody.knows")):
        found = read(record("%s", line, level=level, name=name))
        assert found[0].startswith(what + ":") and line in found[-1]


def test_a_traceback_is_read_too():
    try:
        raise ValueError(f"bad token {KEY}")
    except ValueError as error:
        found = read(record("it failed", exc_info=(ValueError, error, error.__traceback__)))
    assert found and found[0] == f"an API key: {KEY}"


def test_words_of_a_call_may_be_logged_for_debugging_only():
    is_spoken("My card number is four two four two")
    told = "stored 'My card number is four two four two'"
    assert read(record(told, level=logging.DEBUG)) == []
    assert read(record(told, level=logging.INFO))[0] == "words of a call: My card number is four two four two"


def test_what_operators_need_is_no_secret():
    lines = (
        f"key {KEY[:11]} revoked",
        f"request {secrets.token_hex(16)} of call CA{secrets.token_hex(16)}",
        "GET /settings/users 200 1.2 ms",
        "test_a_key_without_the_scope_read_may_not_be",
        f"epoch {secrets.token_hex(4)} at 2026-01-19T12:00:05.123+00:00",
    )
    assert read(*(record(line) for line in lines)) == []


def test_what_shapes_are_looked_for_is_what_the_server_gives_out(house, io_loop):
    session = io_loop.run_sync(lambda: house.store.write(rights.create_session, house.clock(), house.user_id))
    grant = io_loop.run_sync(lambda: house.store.read(rights.session_grant, house.clock(), session))
    ticket = io_loop.run_sync(lambda: house.store.write(rights.create_ticket, house.clock(), grant, None))
    assert any(symbol.isdigit() for symbol in session)  # all but one session in a thousand
    for made in (house.key, session, ticket, house.services.set_up.code):
        assert secrets_in(made), made


def test_a_test_whose_server_logs_a_key_fails(tmp_path):
    """The whole way, in a suite of its own: conftest's fixture, the root logger, a level that nobody asked for."""
    path = tmp_path / "test_leaks.py"
    path.write_text(
        "import logging\n"
        f"def test_leaks(): logging.getLogger('handlers.gate').debug('%s', {KEY!r})\n"
        "def test_does_not(): logging.getLogger('handlers.gate').debug('nothing')\n"
    )
    words = [
        "-q",
        "--reruns",
        "0",
        "-p",
        "conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        str(HERE.parent / "pyproject.toml"),
        str(path),
    ]
    outcome = subprocess.run(
        [sys.executable, "-m", "pytest", "--rootdir", str(tmp_path), *words],
        env=environment(PYTHONPATH=os.pathsep.join((str(HERE), str(HERE.parent)))) | {"PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "the log tells" in outcome.stdout and "2 passed, 1 error" in outcome.stdout


def test_what_a_server_process_prints_is_read_as_its_log_is(sqlite_url):
    line = CommandLine(sqlite_url)
    with pytest.raises(AssertionError, match="a secret: hunter2hunter2"):
        line.try_("organization", "create", "x", "--hunter2hunter2", CALLBOARD_PASSWORD="hunter2hunter2")
