"""The machine of a run: processes pinned to a core, spoken to in lines, and what they have used of CPU and memory."""

import contextlib
import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE_S = 120  # for one line; opening 10,000 viewers takes half a minute on a slow machine
NANOSECOND = 1e-9


class Used(NamedTuple):
    """CPU since the process began, s."""

    all: float
    kernel: float  # in steps of 10 ms
    waited: float  # for a core that somebody else had


class Process:
    """One that says lines of JSON, and ends when it is spoken to no more. It leads a session of its own."""

    def __init__(self, child: subprocess.Popen):
        self._child = child
        self.pid = child.pid

    def hear(self) -> dict[str, Any]:
        """Its next line. Raises Failed where none comes."""
        if not select.select([self._child.stdout], [], [], PATIENCE_S)[0]:
            raise Failed(f"nothing was heard for {PATIENCE_S} s")
        line = self._child.stdout.readline()
        if not line:
            raise Failed(f"ended with {self._child.wait(PATIENCE_S)}")
        return json.loads(line)

    def tell(self, word: str) -> None:
        self._child.stdin.write(word + "\n")
        self._child.stdin.flush()

    def finish(self) -> dict[str, Any] | None:
        """Its last line, once it is told that nothing more comes."""
        self._child.stdin.close()
        lines = self._child.stdout.read().splitlines()
        return json.loads(lines[-1]) if lines else None

    def used(self) -> Used:
        """By all processes of its session."""
        ns = waited_ns = kernel = 0
        for pid in self._session():
            with contextlib.suppress(OSError):
                for task in os.listdir(f"/proc/{pid}/task"):
                    ran, waited, _ = Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()
                    ns, waited_ns = ns + int(ran), waited_ns + int(waited)
                kernel += int(_stat(pid)[12])
        return Used(ns * NANOSECOND, kernel / os.sysconf("SC_CLK_TCK"), waited_ns * NANOSECOND)

    def memory_kib(self) -> int:
        """Of all processes of its session, what they share counted once (PSS)."""
        kib = 0
        for pid in self._session():
            with contextlib.suppress(OSError):
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                kib += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return kib

    def _session(self) -> list[int]:
        found = []
        for name in os.listdir("/proc"):
            if name.isdecimal():
                with contextlib.suppress(OSError):
                    if int(_stat(name)[3]) == self.pid:
                        found.append(int(name))
        return found


class Failed(Exception):
    """A process of the benchmark did not do what it should."""


def _stat(pid: int | str) -> list[str]:
    """The fields of /proc/PID/stat from the third on: state, parent, group, session …"""
    text = Path(f"/proc/{pid}/stat").read_text()
    return text[text.rindex(")") + 2 :].split()


@contextmanager
def started(
    command: Sequence[str | Path], core: int, environment: Mapping[str, str] | None = None
) -> Iterator[Process]:
    """The process, pinned to this core of those that we have; it and its children end with the block."""
    cores = sorted(os.sched_getaffinity(0))
    child = subprocess.Popen(
        [str(word) for word in command],
        env=os.environ | (environment or {}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {cores[core % len(cores)]}),
    )
    try:
        yield Process(child)
    finally:
        with contextlib.suppress(OSError):
            child.stdin.close()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        child.stdout.close()
