"""A real PostgreSQL for a test session, on the loopback address, whoever runs it.

`CALLBOARD_TEST_POSTGRES_URL` (a server on which databases may be created) if given, else a server of the system's own
packages started in a temporary folder: as the user `postgres` where we are root, because it refuses to run as root.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def installed() -> Path | None:
    """The folder of the newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if found:
        return found[-1].parent
    program = shutil.which("initdb")
    return Path(program).resolve().parent if program else None


class Postgres:
    """A server of its own, which may be ended and started again; it listens on 127.0.0.1 and these addresses."""

    options = ("-c", "fsync=off", "-c", "full_page_writes=off")  # a test's rows need not outlive the machine

    def __init__(self, folder: str, *addresses: str):
        self._programs, self._folder, self._port = installed(), folder, free_port()
        self._addresses = ("127.0.0.1", *addresses)
        self._as_user: dict = {}
        self._server: subprocess.Popen | None = None
        self.url = self.url_at("127.0.0.1")
        if os.getuid() == 0:
            os.chmod(folder, 0o755)
            shutil.chown(folder, "postgres", "postgres")
            self._as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        subprocess.run(
            [
                *(self._programs / "initdb", "-D", f"{folder}/data", "-U", "postgres", "-A", "trust"),
                *("-E", "UTF8", "--locale=C", "--no-sync"),
            ],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **self._as_user,
        )
        if addresses:
            with open(f"{folder}/data/pg_hba.conf", "a") as let_in:
                let_in.write("host all all samenet trust\n")

    def url_at(self, address: str) -> str:
        return f"postgresql://postgres@{address}:{self._port}/postgres"

    def start(self) -> None:
        where = ("-D", f"{self._folder}/data", "-p", str(self._port), "-k", self._folder)
        with open(f"{self._folder}/log", "ab") as log:
            self._server = subprocess.Popen(
                [
                    *(self._programs / "postgres", *where, "-h", ",".join(self._addresses)),
                    *("-c", "max_connections=100", *self.options),
                ],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                **self._as_user,
            )
        _wait_until_ready(self._programs, self._port, self._server)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends every connection in good order; with SIGQUIT it dies on the spot, and recovers when it starts."""
        self._server.send_signal(how)
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait(5)


@contextmanager
def own_postgres(*addresses: str) -> Iterator[Postgres]:
    """A server that runs, and ends with the block."""
    with tempfile.TemporaryDirectory(prefix="callboard-postgres-", ignore_cleanup_errors=True) as folder:
        server = Postgres(folder, *addresses)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of a server's `postgres` database; the server ends with the block."""
    if url := os.environ.get("CALLBOARD_TEST_POSTGRES_URL"):
        yield url
        return
    with own_postgres() as server:
        yield server.url


def _wait_until_ready(programs: Path, port: int, server: subprocess.Popen) -> None:
    for _ in range(400):
        ready = subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False)
        if ready.returncode == 0:
            return
        if server.poll() is not None:
            raise RuntimeError("PostgreSQL ended while starting")
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start within 20 s")
