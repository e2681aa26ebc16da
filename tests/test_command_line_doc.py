"""docs/command-line.md and the pages of sources are true: each command does what it says, as it is printed.

A program `pass` stands in for the reader's, and the address of the reader's server becomes ours."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import HOME, CommandLine, environment
from handlers.source_kinds import SOURCE_KINDS
from patience import PATIENCE_S
from provider_line import SECRETS
from sources import KINDS

PAGE = (HOME / "docs" / "command-line.md").read_text()
RUNNING = ("serve", "run")  # until they are told to stop
OF_THE_DATA = ("backup", "restore", "new-epoch", "retention", "erase", "compact", "migrate")  # of a board that is there
ONLINE = ("watch", "replay")


def commands(page: str) -> list[str]:
    """Every command of a page, in order; one that goes on in a second line is one."""
    found = re.findall(r"^    (.*\.venv/bin/python server\.py (?:.*\\\n)*.*)$", page, re.MULTILINE)
    return [command for command in found if "WORD" not in command]


def word(command: str) -> str:
    return re.search(r"server\.py ([a-z-]+)", command)[1]


class Shell:
    """Runs a command as it is printed, on one database, in a folder of its own."""

    def __init__(self, url: str, folder: Path, **variables: str):
        self._folder, programs = folder, folder / "bin"
        for made in (programs, folder / "backups"):
            made.mkdir(exist_ok=True)
        (programs / "pass").write_text(
            '#!/bin/sh\nif [ "$2" = number ]; then echo "+1 555 0147"; else echo "$SAID"; fi\n'
        )
        (programs / "pass").chmod(0o700)
        path = f"{programs}:{os.environ['PATH']}"
        self._environment = environment(CALLBOARD_DATABASE_URL=url, PATH=path, **variables)

    def __call__(self, command: str, said: str = "a long enough secret") -> str:
        script = command.replace(".venv/bin/python server.py", f'"{sys.executable}" "{HOME}/server.py"')
        script = script.replace("/var/backups", str(self._folder / "backups"))
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self._folder,
            env=self._environment | {"SAID": said},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, (command, done.stderr)
        return done.stdout


def test_every_command_of_the_page_runs_as_it_is_printed(sqlite_url, tmp_path):
    shell, line = Shell(sqlite_url, tmp_path), CommandLine(sqlite_url)
    every = [command for command in commands(PAGE) if word(command) not in RUNNING]
    *offline, watch, replay = sorted(every, key=lambda command: word(command) in OF_THE_DATA + ONLINE)
    assert len(offline) >= 18 and (word(watch), word(replay)) == ONLINE
    key = shell(offline.pop(0)).splitlines()[-1]
    reader, unused = (
        line.do("key", "create", "--user", "admin@localhost", "--name", name, "--scopes", "read") for name in "ru"
    )
    for command in offline:
        place = Shell(f"sqlite:///{tmp_path}/restored.db", tmp_path) if word(command) == "restore" else shell
        place(command.replace("cb_ab12CD34", unused[:11]))
    (tmp_path / "monday").mkdir()
    (tmp_path / "monday" / "call.jsonl").write_text(re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)[1])
    with line.serving() as url:
        done = shell(replay.replace("http://localhost:8000", url), key).splitlines()[-1]
        assert done == "calls=1 messages=4 acknowledged=4"
        assert "Hello?" in shell(watch.replace("https://calls.harper.example", url), reader)


def test_the_words_that_serve_are_printed_as_they_are_understood():
    for command in commands(PAGE):
        if word(command) in RUNNING:
            asked = subprocess.run(
                [sys.executable, HOME / "server.py", *command.split("server.py ")[1].split(), "--help"],
                capture_output=True,
                check=False,
            )
            assert asked.returncode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_of_a_source_makes_it_in_what_make_run_has_made(kind, sqlite_url, tmp_path):
    (command,) = commands((HOME / "docs" / "sources" / f"{kind}.md").read_text())
    shell = Shell(sqlite_url, tmp_path, CALLBOARD_PUBLIC_URL="https://calls.example.com")
    shell(commands(PAGE)[1])
    command = command.replace("AC…", "AC" + "0123456789abcdef" * 2)
    out = shell(re.sub(r"CALLBOARD_SECRET=\S*…", f"CALLBOARD_SECRET='{SECRETS.get(kind) or 'a' * 32}'", command))
    address = out.splitlines()[-1]
    assert re.fullmatch(rf"https://calls\.example\.com/webhooks/{kind}/[0-9a-f]{{32}}.*", address)
    assert SOURCE_KINDS[kind].paste(address.partition("?")[0]) in out


PARTS = (
    r"# \w+ in five minutes\n",
    r"\n1\. ",
    r"\n2\. ",
    r"\nOn the command line, the (?:key|secret) from the environment:\n",
    r"\n\| Callboard \| of \w+ \|\n",
    r"\n\| call id \| ",
    r"\n\| who speaks \| ",
    r"\n\| words",
    r"\n\| confidence \| ",
    r"\n\| times \| ",
    r"\n\| in progress \| ",
    r"\n\| completed",
    r"\n## Settings\n",
    r"\n## What is checked, and what is not supported\n",
)


@pytest.mark.parametrize("kind", KINDS)
def test_the_pages_of_sources_have_the_same_parts_in_the_same_order(kind):
    page = (HOME / "docs" / "sources" / f"{kind}.md").read_text()
    found = [re.search(part, page) for part in PARTS]
    assert [part for part, match in zip(PARTS, found, strict=True) if match is None] == []
    places = [match.start() for match in found]
    assert places == sorted(places)
    assert re.findall(r"^## .*", page, re.MULTILINE) == ["## Settings", "## What is checked, and what is not supported"]
