"""The command line as its users have it: real processes, and real servers to point them at."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from log_reader import SHAPES, is_secret, secrets_in
from patience import PATIENCE_S

HOME = Path(__file__).parent.parent


def environment(**variables: str) -> dict[str, str]:
    """This process's, without settings of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLBOARD_")}
    return kept | {"PYTHONWARNINGS": "error", "PYTHONUNBUFFERED": "1", "COLUMNS": "80", "LINES": "24"} | variables


class Outcome(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def last(self) -> str:
        return self.out.splitlines()[-1]


class CommandLine:
    """Runs words on one database."""

    def __init__(self, database_url: str):
        self.variables = {"CALLBOARD_DATABASE_URL": database_url}

    def start(self, *words: str, stdout: int = subprocess.PIPE, **variables: str) -> subprocess.Popen:
        """The running process; its pipes are unbuffered, so that `finish` gets what was not read before."""
        is_secret(*(variables.get("CALLBOARD_" + name) for name in ("PASSWORD", "SECRET", "TOKEN")))
        return subprocess.Popen(
            [sys.executable, str(HOME / "server.py"), *words],
            env=environment(**self.variables | variables),
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            bufsize=0,
        )

    def try_(self, *words: str, stdin: str = "", **variables: str) -> Outcome:
        return finish(self.start(*words, **variables), stdin)

    def do(self, *words: str, stdin: str = "", **variables: str) -> str:
        """The last line of a command that must succeed."""
        outcome = self.try_(*words, stdin=stdin, **variables)
        assert outcome.status == 0, outcome.err
        return outcome.last

    @contextmanager
    def serving(self, port: int = 0, *, log_level: str = "warning") -> Iterator[str]:
        """The URL of a server on this database, which has nothing to log but that the machine is slow; it is stopped in
        good order."""
        server = self.start("serve", "--port", str(port), "--log-level", log_level)
        try:
            line = server.stdout.readline().decode()
            assert line.startswith("Callboard is on "), finish(server).err
            yield line.removeprefix("Callboard is on ").strip()
        finally:
            server.send_signal(signal.SIGTERM)
            outcome = finish(server)
        assert (outcome.status, complaints(outcome.err)) == (0, []), outcome.err


def complaints(logged: str) -> list[str]:
    """The lines of a server that are not only about how slow the machine is."""
    return [line for line in logged.splitlines() if " was slow: " not in line]


def finish(process: subprocess.Popen, stdin: str = "") -> Outcome:
    """What a process said until its end, which must come."""
    try:
        out, err = process.communicate(stdin.encode(), timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        raise AssertionError(f"{process.args} does not end; it said {out!r} {err!r}") from None
    outcome = Outcome(process.returncode, (out or b"").decode(), (err or b"").decode())
    logged = outcome.err + (outcome.out if "serve" in process.args else "")  # others print what they have just made
    assert not (told := secrets_in(logged, shapes=SHAPES)), told
    return outcome
