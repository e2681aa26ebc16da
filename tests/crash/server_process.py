"""A real server in a process of its own, which can be killed and started again at the same address."""

import asyncio
import sys
from pathlib import Path

HOME = Path(__file__).parent.parent.parent
START_S = 60  # on a busy machine


class ServerProcess:
    def __init__(self, database_url: str, port: int, errors: Path):
        self.url = f"http://127.0.0.1:{port}"
        self._words = [str(HOME / "server.py"), "serve", "--port", str(port), "--address", "127.0.0.1"]
        self._words += ["--database-url", database_url, "--public-url", self.url, "--log-level", "warning"]
        self._errors = errors.open("ab")
        self._said = errors
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, *self._words, stdout=asyncio.subprocess.PIPE, stderr=self._errors
        )

    async def is_up(self) -> None:
        """Return once it listens. Raises RuntimeError where it ends instead."""
        line = await asyncio.wait_for(self._process.stdout.readline(), START_S)
        if not line.startswith(b"Callboard is on "):
            raise RuntimeError(f"the server did not start; {self._said} says why")

    async def kill(self) -> None:
        """SIGKILL: it can do nothing about it."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM; its exit status."""
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), START_S)

    def close(self) -> None:
        self._errors.close()
