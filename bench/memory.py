"""What viewers cost the server in memory, and what those cost that do not read: `make bench-memory`.

Starts a server of its own on the loopback address with a new SQLite database, and reads how much of its memory is
resident (Linux) as viewers come: idle ones first, then ones that never read again after the history, while one call
after another is spoken on as fast as the server stores. A viewer that does read says whether it was kept waiting.
"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import NamedTuple

import websockets

ROOT = Path(__file__).parent.parent
FINAL = "word " * 60  # 300 bytes
INTERIMS = 4  # before each final


class Served(NamedTuple):
    """A server process, a key for everything, and the password of the key's user, bench@example.com."""

    url: str
    key: str
    pid: int
    password: str

    @property
    def resident_kib(self) -> int:
        return self._status("VmRSS:")

    @property
    def most_resident_kib(self) -> int:
        return self._status("VmHWM:")

    @property
    def kernel_kib(self) -> int:
        """In the kernel's buffers of all TCP sockets of this machine."""
        line = next(line for line in Path("/proc/net/sockstat").read_text().splitlines() if line.startswith("TCP:"))
        return int(line.rpartition("mem ")[2]) * os.sysconf("SC_PAGE_SIZE") // 1024

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(name)).split()[1])

    @contextlib.asynccontextmanager
    async def connected(self, path: str, receive_bytes: int = 0) -> AsyncIterator[websockets.ClientConnection]:
        """A client; with `receive_bytes` its kernel takes no more than about that of what it does not read."""
        host, _, port = self.url.removeprefix("http://").partition(":")
        sock = socket.socket()
        if receive_bytes:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, (host, int(port)))
        headers = {"Authorization": f"Bearer {self.key}"}
        options = {"max_queue": 1, "ping_interval": None, "compression": None, "close_timeout": 0.1}
        address = "ws" + self.url.removeprefix("http") + path
        async with websockets.connect(address, sock=sock, additional_headers=headers, **options) as client:
            yield client

    async def watching(self, stack: contextlib.AsyncExitStack, call_sid: str, receive_bytes: int = 0):
        """A viewer that has read its history."""
        viewer = await stack.enter_async_context(self.connected(f"/live-transcript/{call_sid}", receive_bytes))
        while json.loads(await viewer.recv())["type"] != "history_complete":
            pass
        return viewer


@contextlib.contextmanager
def serving(viewers_per_call: int = 200) -> Iterator[Served]:
    with tempfile.TemporaryDirectory(prefix="callboard-bench-") as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("CALLBOARD_")}
        environment = kept | {"CALLBOARD_DATABASE_URL": f"sqlite:///{folder}/board.db"}

        def command(*words: str) -> str:
            run = subprocess.run(
                [sys.executable, "server.py", *words], cwd=ROOT, env=environment, capture_output=True, text=True
            )
            if run.returncode:
                raise SystemExit(run.stderr)
            return run.stdout.strip().splitlines()[-1]

        command("organization", "create", "Bench")
        password = command("user", "create", "bench@example.com", "--organization", "Bench", "--role", "admin")
        key = command("key", "create", "--user", "bench@example.com", "--name", "bench", "--scopes", "read,ingest")
        flags = ("--port", "0", "--address", "127.0.0.1", "--viewers-per-call", str(viewers_per_call))
        flags += ("--log-level", "warning")
        server = subprocess.Popen(
            [sys.executable, "server.py", "serve", *flags], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            yield Served(server.stdout.readline().split()[-1], key, server.pid, password)
        finally:
            server.terminate()
            server.wait(15)
            server.stdout.close()


async def speak(served: Served, calls: list[str], first: int, last: int) -> None:
    """Finals `first` to `last` on each call, with interims before each, as fast as they are stored."""
    async with served.connected("/ingest") as producer:

        async def acknowledged() -> None:
            while json.loads(await producer.recv()).get("id") != f"{calls[-1]}/{last}":
                pass

        acks = asyncio.ensure_future(acknowledged())
        for n in range(first, last + 1):
            for call in calls:
                data = {"segment_id": f"s{n}", "speaker": "user", "content": FINAL}
                for words in range(1, INTERIMS + 1):
                    partial = data | {"is_final": False, "content": FINAL[: words * 50]}
                    await producer.send(json.dumps({"type": "transcript", "call_sid": call, "data": partial}))
                message = {"type": "transcript", "id": f"{call}/{n}", "call_sid": call, "data": data}
                await producer.send(json.dumps(message))
        await acks


class Reader(NamedTuple):
    """What a viewer got: its `seq`s, and the longest it waited between two messages, s."""

    seqs: list[int]
    longest_s: float


async def read(viewer: websockets.ClientConnection, last: int) -> Reader:
    """Until the final with the `seq` `last` has come."""
    seqs, longest_s, before = [], 0.0, None
    while not seqs or seqs[-1] < last:
        message = json.loads(await viewer.recv())
        now = time.monotonic()
        longest_s, before = max(longest_s, now - (before or now)), now
        if "seq" in message:
            seqs.append(message["seq"])
    return Reader(seqs, longest_s)


class Cost(NamedTuple):
    """Of dead viewers: the server's memory before and after they were spoken to, and at most, KiB; and the reader's."""

    before_kib: int
    after_kib: int
    most_kib: int
    kernel_kib: int
    reader: Reader
    woken: Reader


async def dead_viewers(served: Served, calls: list[str], each: int, finals: int) -> Cost:
    """`each` viewers of every call sleep while it is spoken on; one of them wakes up at the end."""
    await speak(served, calls, 1, 1)
    async with contextlib.AsyncExitStack() as stack:
        sleepers = [await served.watching(stack, call, 4096) for call in calls for _ in range(each)]
        awake = await served.watching(stack, calls[0])
        before_kib, kernel_kib = served.resident_kib, served.kernel_kib
        reading = asyncio.ensure_future(read(awake, finals))
        await speak(served, calls, 2, finals)
        reader = await reading
        after_kib, kernel_kib = served.resident_kib, served.kernel_kib - kernel_kib
        woken = await read(sleepers[0], finals)
        for sleeper in sleepers:
            sleeper.transport.abort()
    return Cost(before_kib, after_kib, served.most_resident_kib, kernel_kib, reader, woken)


async def idle_viewers(served: Served, number: int) -> float:
    """KiB for each, ten of every call."""
    calls = [f"IDLE{n}" for n in range(number // 10)]
    await speak(served, calls, 1, 1)
    async with contextlib.AsyncExitStack() as stack:
        await served.watching(stack, calls[0])
        before_kib = served.resident_kib
        for call in calls:
            for _ in range(10 if call != calls[0] else 9):
                await served.watching(stack, call)
        return (served.resident_kib - before_kib) / (number - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--idle", type=int, default=500)
    parser.add_argument("--dead", type=int, default=200)
    parser.add_argument("--finals", type=int, default=1000, help="said while the dead do not read")
    options = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    print(f"{'':34} {'resident':>10} {'at most':>10} {'per viewer':>11}  kernel's buffers")
    with serving(options.dead + 1) as served:
        print(f"{'a server that nobody uses':34} {served.resident_kib / 1024:6.1f} MiB")
        each_kib = asyncio.run(idle_viewers(served, options.idle))
        print(f"{f'{options.idle} viewers, reading':34} {served.resident_kib / 1024:6.1f} MiB {each_kib:18.1f} KiB")
    for calls in (1, max(1, options.dead // 10)):
        names = [f"CA{n}" for n in range(calls)]
        finals = max(250, options.finals // calls)
        with serving(options.dead + 1) as served:
            cost = asyncio.run(dead_viewers(served, names, options.dead // calls, finals))
        row = f"{options.dead} that never read, at {calls} call{'s' * (calls > 1)}"
        each_kib = (cost.after_kib - cost.before_kib) / options.dead
        print(
            f"{row:34} {cost.after_kib / 1024:6.1f} MiB {cost.most_kib / 1024:6.1f} MiB {each_kib:7.1f} KiB"
            f"  {cost.kernel_kib / 1024:.1f} MiB; one that reads waited {cost.reader.longest_s * 1000:.0f} ms at most"
        )
        for who, reader in (("reads", cost.reader), ("wakes up", cost.woken)):
            if reader.seqs != list(range(2, finals + 1)):
                raise SystemExit(f"who {who} has not got every final once, in order")


if __name__ == "__main__":
    main()
