"""`make chaos`, a short one; and ended before its time, it ends all that it started."""

import asyncio
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from command_line import HOME


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Where the account of PostgreSQL gets in, too."""
    with tempfile.TemporaryDirectory(prefix="callboard-chaos-test-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@asynccontextmanager
async def chaos_in(temporary: Path, seconds: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """It ends with the block, and so does all that it started."""
    chaos = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.chaos", "--seconds", str(seconds), "--seed", "1"),
        cwd=HOME,
        env=os.environ | {"PYTHONPATH": "tests", "TMPDIR": str(temporary)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield chaos
    finally:
        if chaos.returncode is None:
            chaos.terminate()
            await chaos.wait()
    assert started_in(temporary) == []


def started_in(folder: Path) -> list[str]:
    """The commands of processes that have this as the folder for temporary files: it, and all that it started."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}\0".encode() in (path / "environ").read_bytes():
                found.append((path / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue  # it has ended
    return found


async def test_a_few_faults_at_random_break_no_promise(postgres_url, redis_url, temporary):
    async with chaos_in(temporary, 15) as chaos:
        told = (await chaos.stdout.read()).decode()
        assert await chaos.wait() == 0 and "nothing lost" in told, told


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_whoever_ends_it_early_ends_all_that_it_started(postgres_url, redis_url, temporary, how):
    async with chaos_in(temporary, 120) as chaos:
        told = ""
        while "finals acknowledged" not in told:
            line = (await chaos.stdout.readline()).decode()
            assert line, told
            told += line
        assert len(started_in(temporary)) >= 6  # it, PostgreSQL, the proxy, the nodes
        chaos.send_signal(how)
        told += (await chaos.stdout.read()).decode()
        assert await chaos.wait() == 1 and "ended before its time" in told, told
