"""`run`, `serve` and `demo erase` as processes on one database."""

import json
import re
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from command_line import CommandLine, complaints, finish
from models.database import administered, execute
from patience import PATIENCE_S
from server import main, make_parser
from settings import read_settings

RUN = ("run", "--port", "0", "--address", "127.0.0.1", "--log-level", "warning", "--shutdown-grace", "0")


class Instance:
    def __init__(self, url: str, key: str):
        self.url, self.key = url, key

    def calls(self) -> list[dict]:
        request = urllib.request.Request(self.url + "/api/v1/calls", headers={"Authorization": f"Bearer {self.key}"})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return json.load(answer)["items"]

    def running(self) -> list[dict]:
        return [call for call in self.calls() if call["status"] == "in-progress"]

    def until(self, holds) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds(self):
            assert time.monotonic() < deadline, self.calls()
            time.sleep(0.05)


def remembered(line: CommandLine) -> list[str]:
    """What the database knows of the demo."""
    with administered(line.variables["CALLBOARD_DATABASE_URL"]) as db:
        return [value for (value,) in execute(db, "SELECT value FROM meta WHERE name = 'demo'").fetchall()]


def ids(calls: list[dict]) -> set[int]:
    return {call["id"] for call in calls}


@pytest.fixture
def line(sqlite_url):
    return CommandLine(sqlite_url)


@contextmanager
def started(line: CommandLine, *words: str, key: str = "", stop: int = signal.SIGTERM) -> Iterator[Instance]:
    """A `run` that is stopped in good order, and the key that it printed or the given one."""
    process = line.start(*words)
    try:
        for raw in process.stdout:
            said = raw.decode().strip()
            key = said if re.fullmatch(r"cb_\w+", said) else key
            if said.startswith("Callboard is on "):
                break
        else:
            raise AssertionError(finish(process))
        yield Instance(said.removeprefix("Callboard is on "), key)
    finally:
        process.send_signal(stop)
        outcome = finish(process)
    assert (outcome.status, complaints(outcome.err)) == (0, [])


def test_a_newcomer_sees_calls_within_seconds_and_again_after_a_restart_until_they_are_erased(line, capsys):
    process = line.start(*RUN)
    said = [next(process.stdout).decode().strip() for _ in range(7)]
    key = next(text for text in said if re.fullmatch(r"cb_\w+", text))
    Instance(said[-1].removeprefix("Callboard is on "), key).until(Instance.running)
    process.kill()
    finish(process)
    before = remembered(line)
    with started(line, "serve", *RUN[1:], key=key) as instance:
        left = instance.running()
        assert left[-1]["call_sid"].startswith("demo-") and left[-1]["metadata"]["demo"] is True
        assert left[-1]["assistant_name"].endswith("(demo)")
    assert remembered(line) == before, "a player would have begun with a key of its own"
    with started(line, *RUN, key=key, stop=signal.SIGINT) as instance:
        instance.until(lambda instance: ids(instance.running()) - ids(left))
        assert not ids(instance.running()) & ids(left)
        url = line.variables["CALLBOARD_DATABASE_URL"]
        assert main(["demo", "erase", "--database-url", url]) == 0
        assert capsys.readouterr().out == "There are no demo calls any more.\n"
        assert instance.calls() == []
    assert main(["key", "list", "--database-url", url]) == 0
    assert "demo" not in capsys.readouterr().out


def test_who_wants_no_demo_gets_none_now_and_later(line):
    with started(line, *RUN, "--no-demo") as instance:
        assert instance.calls() == []
    with started(line, *RUN, key=instance.key) as instance:
        assert instance.calls() == []


@pytest.mark.parametrize(
    "flags, variables, plays",
    [
        ((), {}, True),
        ((), {"CALLBOARD_DEMO": "0"}, False),
        (("--demo",), {"CALLBOARD_DEMO": "0"}, True),
        (("--no-demo",), {"CALLBOARD_DEMO": "1"}, False),
        (("--demo", "0"), {}, False),
    ],
)
def test_a_flag_or_a_variable_turns_it_off(flags, variables, plays):
    assert read_settings(make_parser().parse_args(["run", *flags]), variables).demo is plays


def test_serve_has_no_such_flag(capsys):
    with pytest.raises(SystemExit):
        make_parser().parse_args(["serve", "--demo"])
    assert "--demo" in capsys.readouterr().err


def test_erasing_where_there_is_no_demo_does_nothing(sqlite_url):
    assert main(["migrate", "--database-url", sqlite_url]) == 0
    assert main(["demo", "erase", "--database-url", sqlite_url]) == 0
