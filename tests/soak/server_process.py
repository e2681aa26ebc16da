"""The watched server from outside."""

import asyncio
import json
import sys
from pathlib import Path

from tests.crash.server_process import HOME, ServerProcess


class WatchedProcess(ServerProcess):
    def __init__(self, database_url: str, port: int, errors: Path):
        super().__init__(database_url, port, errors)
        self._words = ["-m", "tests.soak.watched", database_url, str(port)]

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._words,
            cwd=HOME,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._errors,
            limit=1 << 20,
            start_new_session=True,  # Ctrl-C is not for it
        )

    def tell(self, word: str) -> None:
        self._process.stdin.write(word.encode() + b"\n")

    async def ask(self, word: str) -> dict:
        """Its answer. Raises RuntimeError where it has ended instead."""
        self.tell(word)
        if not (line := await self._process.stdout.readline()):
            raise RuntimeError(f"the server has ended; {self._said} says why")
        return json.loads(line)

    async def stop(self) -> int:
        """Its exit status, after everything was stored and closed in good order."""
        self._process.stdin.close()
        return await asyncio.wait_for(self._process.wait(), 60)
