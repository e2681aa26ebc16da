"""A real Redis (or Valkey) for tests: on a free port, with nothing on disk, ended and frozen as a test likes.

It also stands in for what a network does to one: stopped it refuses connections, frozen it takes them and says nothing.
"""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from certificates import Certificate
from patience import PATIENCE_S
from postgres import free_port


def redis_program() -> str | None:
    """Where it is, whatever it is called."""
    return shutil.which("redis-server") or shutil.which("valkey-server")


class RedisServer:
    """A server that may be ended and started again at the same address, empty each time. `before` are the words of a
    command that runs it, as `ip netns exec name`. With a certificate it speaks TLS, too, at `tls_url`."""

    def __init__(self, folder: str, address: str, before: Sequence[str], certificate: Certificate | None):
        self._folder, self._address, self._before = folder, (address, free_port()), before
        self._tls: tuple[str, ...] = ()
        if certificate is not None:
            files = ("--tls-cert-file", certificate.certificate, "--tls-key-file", certificate.key)
            port = str(free_port())
            self._tls = ("--tls-port", port, *map(str, files), "--tls-auth-clients", "no")
            self.tls_url = f"rediss://{address}:{port}/0"
        self._process: subprocess.Popen | None = None
        self.url = "redis://{}:{}/0".format(*self._address)

    def start(self) -> None:
        """Return once it answers."""
        address, port = self._address
        where = ("--port", str(port), "--bind", address, "--dir", self._folder)
        kept = ("--save", "", "--appendonly", "no", "--protected-mode", "no")  # protected: no other address
        self._process = subprocess.Popen(
            [*self._before, redis_program(), *where, *kept, *self._tls], stdout=subprocess.DEVNULL
        )
        until = time.monotonic() + PATIENCE_S
        while self.ask("PING") != b"+PONG\r\n":
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("Redis did not start")
            time.sleep(0.02)

    def stop(self) -> None:
        """In good order: whoever is connected is told."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """It takes connections from now on, and answers nobody."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def ask(self, command: str) -> bytes:
        """The first bytes of its answer; none where it doesn't give one."""
        try:
            with socket.create_connection(self._address, 5) as redis:
                redis.sendall(command.encode() + b"\r\n")
                return redis.recv(4096)
        except OSError:
            return b""

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE_S)
            self._process = None


@contextmanager
def running_redis(
    address: str = "127.0.0.1", before: Sequence[str] = (), certificate: Certificate | None = None
) -> Iterator[RedisServer]:
    """A server that runs, and ends with the block."""
    with tempfile.TemporaryDirectory(prefix="callboard-redis-") as folder:
        server = RedisServer(folder, address, before, certificate)
        try:
            server.start()
            yield server
        finally:
            server.kill()
