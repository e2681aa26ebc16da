"""A server in a process of its own, spoken to as one in the test's process; perhaps with little room on its disk."""

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from command_line import HOME, environment, finish
from house import Furniture, House

MOUNTED = 'mount -t tmpfs -o size=3m tmpfs "$1" && cp "$2" "$1/board.db" && shift 2 && exec "$@"'
LIMITED = 'cp "$2" "$1/board.db" && shift 2 && exec "$@"'


class Remote(House):
    def __init__(self, url: str, key: str):
        self.url, self.furniture = url, Furniture(key=key)


class SmallDisk:
    """A furnished server whose database has a few MB of room: on a file system of its own where that can be had, else
    by a limit on the size of files. `fill` takes the room away, `clear` gives it back."""

    def __init__(self, process: subprocess.Popen, folder: Path, remote: Remote, is_mounted: bool):
        self._process, self.remote, self._is_mounted = process, remote, is_mounted
        self._ballast = Path(f"/proc/{process.pid}/root{folder}/ballast")  # as the server sees the folder

    def fill(self) -> None:
        if not self._is_mounted:
            self._limit(1 << 20)
            return
        with self._ballast.open("wb", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(bytes(4096))
            except OSError:
                return

    def clear(self) -> None:
        if self._is_mounted:
            self._ballast.unlink()
        else:
            self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)[1]
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, hard))


@cache
def may_mount() -> bool:
    if os.getuid() != 0 or not shutil.which("unshare"):
        return False
    return subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=False).returncode == 0


@contextmanager
def small_disk(folder: Path, template: Path, key: str, *, mounts: bool) -> Iterator[SmallDisk]:
    mounts = mounts and may_mount()
    server = [sys.executable, str(HOME / "server.py"), "serve", "--port", "0", "--log-level", "warning"]
    server += ["--database-url", f"sqlite:///{folder}/board.db"]
    prefix = ["unshare", "-m", "sh", "-c", MOUNTED] if mounts else ["sh", "-c", LIMITED]
    process = subprocess.Popen(
        [*prefix, "sh", str(folder), str(template), *server],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        url = process.stdout.readline().decode().removeprefix("Callboard is on ").strip()
        yield SmallDisk(process, folder, Remote(url, key), mounts)
    finally:
        process.send_signal(signal.SIGTERM)
        outcome = finish(process)
    assert outcome.status == 0
