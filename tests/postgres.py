"""A real PostgreSQL for a test session, on the loopback address, whoever runs it.

`CALLBOARD_TEST_POSTGRES_URL` (a server on which databases may be created) if given, else a server of the system's own
packages started in a temporary folder: as the user `postgres` where we are root, because it refuses to run as root.
"""

import os
import shutil
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


@contextmanager
def running_postgres() -> Iterator[str]:
    """The URL of a server's `postgres` database; the server ends with the block."""
    if url := os.environ.get("CALLBOARD_TEST_POSTGRES_URL"):
        yield url
        return
    programs = installed()
    folder = tempfile.mkdtemp(prefix="callboard-postgres-")
    as_user: dict = {}
    if os.getuid() == 0:
        os.chmod(folder, 0o755)
        shutil.chown(folder, "postgres", "postgres")
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    port = free_port()
    data = f"{folder}/data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        check=True,
        cwd=folder,
        stdout=subprocess.DEVNULL,
        **as_user,
    )
    with open(f"{folder}/log", "wb") as log:
        server = subprocess.Popen(
            [
                *(programs / "postgres", "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1"),
                *("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=100"),
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
            **as_user,
        )
    try:
        _wait_until_ready(programs, port, server)
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(5)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(programs: Path, port: int, server: subprocess.Popen) -> None:
    for _ in range(400):
        ready = subprocess.run([programs / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False)
        if ready.returncode == 0:
            return
        if server.poll() is not None:
            raise RuntimeError("PostgreSQL ended while starting")
        time.sleep(0.05)
    raise RuntimeError("PostgreSQL did not start within 20 s")
