"""Real proxies before a Callboard, by the files of deploy/: only addresses, ports, paths and the account differ."""

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from certificates import Certificate
from command_line import HOME
from house import House
from patience import PATIENCE_S
from postgres import free_port

NAMES = ("nginx", "haproxy")
FILES = {"nginx": HOME / "deploy" / "nginx.conf", "haproxy": HOME / "deploy" / "haproxy.cfg"}
PATIENT = {"nginx": "proxy_read_timeout", "haproxy": "timeout tunnel"}  # how long with a silent WebSocket
IDLE_S = 2  # of patience, where a test waits for its end


def program(name: str) -> str | None:
    """Where it is; Debian has it where only root looks."""
    return shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin")


class Proxy:
    """One proxy on free ports of 127.0.0.1: https on `port`, plain http on `plain_port`. Callboard is expected on
    `behind`, which nobody need listen on yet."""

    def __init__(self, name: str, folder: Path, certificate: Certificate):
        self.name, self.certificate, self._folder = name, certificate, folder
        self.port, self.plain_port, self.behind = free_port(), free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        self.file = FILES[name].read_text()
        self._log = folder / "log"
        self._process: subprocess.Popen | None = None

    def change(self, *changes: tuple[str, str]) -> None:
        """Exchange texts of the file, each of which must be there."""
        for shipped, other in changes:
            assert shipped in self.file, f"deploy/: {self.name} has no {shipped!r}"
            self.file = self.file.replace(shipped, other)

    def start(self) -> None:
        """Return once it listens; `before` calls it where nobody has."""
        command = self._nginx() if self.name == "nginx" else self._haproxy()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE_S
        while not _listens(self.port):
            assert self._process.poll() is None and time.monotonic() < until, self.log
            time.sleep(0.01)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(PATIENCE_S)

    @property
    def log(self) -> str:
        """All that it has written down, errors too."""
        return "".join(path.read_text() for path in sorted(self._folder.glob("*log")))

    @asynccontextmanager
    async def before(
        self, open_: Callable[..., AbstractAsyncContextManager[House]], **settings: Any
    ) -> AsyncIterator[House]:
        """A house that everyone reaches through the proxy; `open_` opens it with settings."""
        own = {"port": self.behind, "public_url": self.url, "trusted_proxies": "127.0.0.1"}
        async with open_(**own | settings) as house:
            house.url, house.websocket = self.url, partial(house.websocket, ssl=self.certificate.client_context)
            if self._process is None:
                self.start()
            async with asyncio.timeout(PATIENCE_S):
                while (await house.fetch("GET", "/readyz", key=None)).code != 200:
                    await asyncio.sleep(0.05)  # it has yet to notice that the house is there
            yield house

    def _nginx(self) -> list[str]:
        """Debian's own nginx.conf includes the file into its `http` in the same way."""
        self.change(
            ("listen [::]:80;", ""),
            ("listen [::]:443 ssl http2;", ""),
            ("listen 80;", f"listen 127.0.0.1:{self.plain_port};"),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("127.0.0.1:8000", f"127.0.0.1:{self.behind}"),
            ("/etc/letsencrypt/live/callboard.example.com/fullchain.pem", str(self.certificate.certificate)),
            ("/etc/letsencrypt/live/callboard.example.com/privkey.pem", str(self.certificate.key)),
            ("https://callboard.example.com", self.url),
            ("callboard.example.com", "127.0.0.1"),
            ("/var/log/nginx/callboard", f"{self._folder}/callboard"),
            ("-error.log", "-errors-log"),
            ("callboard.log ", "callboard-log "),
        )
        (self._folder / "callboard.conf").write_text(self.file)
        held = "".join(f"{kind}_temp_path {kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        user = "user root;" if os.getuid() == 0 else ""  # the temporary folders of tests are their owner's alone
        whole = self._folder / "nginx.conf"
        whole.write_text(
            f"{user} daemon off; pid pid; error_log stderr; events {{}} http {{ {held} include callboard.conf; }}\n"
        )
        return [program("nginx"), "-e", "stderr", "-p", str(self._folder), "-c", str(whole)]

    def _haproxy(self) -> list[str]:
        both = self._folder / "callboard.pem"
        both.write_text(self.certificate.certificate.read_text() + self.certificate.key.read_text())
        self.change(
            ("bind :::80 v4v6", f"bind 127.0.0.1:{self.plain_port}"),
            ("bind :::443 v4v6", f"bind 127.0.0.1:{self.port}"),
            ("/etc/haproxy/callboard.pem", str(both)),
            ("127.0.0.1:8000", f"127.0.0.1:{self.behind}"),
        )
        if os.getuid() != 0:
            self.change(("chroot /var/lib/haproxy", ""), ("user haproxy", ""), ("group haproxy", ""))
        whole = self._folder / "haproxy.cfg"
        whole.write_text(self.file)
        return [program("haproxy"), "-db", "-f", str(whole)]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
