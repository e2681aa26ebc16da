"""A real server in a process of its own, which can be killed, frozen, and started again at the same address."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

HOME = Path(__file__).parent.parent.parent
START_S = 100  # on a busy machine


class ServerProcess:
    """`settings` by their names; `before` are the words of a command that runs it, as `ip netns exec name`."""

    def __init__(
        self,
        database_url: str,
        port: int,
        errors: Path,
        *,
        address: str = "127.0.0.1",
        before: Sequence[str] = (),
        **settings: object,
    ):
        self.url = f"http://{address}:{port}"
        self._before, self._words = before, [str(HOME / "server.py"), "serve"]
        settings = {"public_url": self.url, "log_level": "warning"} | settings
        settings |= {"port": port, "address": address, "database_url": database_url}
        for name, value in settings.items():
            self._words += [f"--{name.replace('_', '-')}", str(value)]
        self._errors = errors.open("ab")
        self._said = errors
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._before, sys.executable, *self._words, stdout=asyncio.subprocess.PIPE, stderr=self._errors
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

    def freeze(self) -> None:
        """SIGSTOP: its sockets stay open, and nothing answers."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def faults(self) -> list[str]:
        """What it logged that must not happen at all."""
        lines = self._said.read_text().splitlines()
        return [line for line in lines if " ERROR " in line or "CRITICAL" in line or "Traceback" in line]

    async def stop(self) -> int:
        """SIGTERM; its exit status."""
        self._process.terminate()
        return await asyncio.wait_for(self._process.wait(), START_S)

    def close(self) -> None:
        self._errors.close()
