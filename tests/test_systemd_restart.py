"""A restart under load, on listening sockets that are handed from one server to the next: nobody is refused."""

import asyncio
import json
import shutil
import socket
import sys

import pytest
import websockets

from command_line import HOME, complaints, environment
from log_reader import is_spoken
from patience import PATIENCE_S
from postgres import free_port

AT_ONCE, KEPT_OPEN, WATCHING = 20, 4, 6
ANSWERED, MEANWHILE = 150, 60  # requests before the restart, and again after it; while nobody serves

# Takes the descriptor's number and a command, which it becomes, as systemd does.
HAND_OVER = """import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
os.execv(sys.argv[2], sys.argv[2:])"""


class Load:
    """Programs that post words to one call, and people who watch it; all of them come again and again."""

    def __init__(self, address, key):
        self.address, self.key, self.call_sid = address, key, "CA1"
        self.asked, self.seqs, self.codes = 0, [], []  # requests; what was answered; how sockets ended
        self.progress = asyncio.Event()
        self.is_over = False

    def request(self, connection):
        self.asked += 1
        self.progress.set()
        body = {"segment_id": f"s{self.asked}", "content": f"word {self.asked}", "speaker": "user"}
        is_spoken(body["content"])
        text = json.dumps(body)
        return (
            f"POST /api/v1/calls/sid/{self.call_sid}/transcripts HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\n"
            f"Authorization: Bearer {self.key}\r\nContent-Length: {len(text)}\r\n\r\n{text}"
        ).encode()

    async def ask(self, reader, writer, connection):
        """The headers of the answer, which must be a good one."""
        writer.write(self.request(connection))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 201 "), head
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: "))
        body = json.loads(await reader.readexactly(int(length.split()[1])))
        self.seqs.append(body["accepted"][0]["seq"])
        self.progress.set()
        return head.lower()

    async def come_anew(self):
        """A connection for each request."""
        while not self.is_over:
            await self.come_once()

    async def come_once(self):
        reader, writer = await asyncio.open_connection(*self.address)
        await self.ask(reader, writer, "close")
        writer.close()

    async def stay(self):
        """As a proxy does: a connection is kept until the server ends it, and asking on one that it has just ended is
        no fault of anybody's, so the request is made anew (RFC 9112 §9.6)."""
        while not self.is_over:
            reader, writer = await asyncio.open_connection(*self.address)
            head, served = b"", 0
            try:
                while not self.is_over and b"connection: close" not in head:
                    head = await self.ask(reader, writer, "keep-alive")
                    served += 1
                    await asyncio.sleep(0.01)
            except (ConnectionError, asyncio.IncompleteReadError):
                assert served, "a new connection is answered"
            writer.close()

    async def watch(self, seen):
        """From where it was, each time; what it sees without gap or repeat is in `seen`."""
        while not self.is_over:
            after = f"&after={seen[-1]}" if seen else ""
            url = f"ws://{self.address[0]}:{self.address[1]}/live-transcript/{self.call_sid}?token={self.key}{after}"
            async with websockets.connect(url, open_timeout=PATIENCE_S) as socket:
                async for text in socket:
                    message = json.loads(text)
                    if message["type"] == "connection_established":
                        assert message["recovered"]
                    elif message["type"] == "transcript":
                        seen.append(message["seq"])
                        self.progress.set()
            self.codes.append(socket.close_code)

    async def until(self, holds):
        while not holds():
            self.progress.clear()
            await asyncio.wait_for(self.progress.wait(), PATIENCE_S)


async def started(listening, database_url):
    words = [sys.executable, "-c", HAND_OVER, str(listening.fileno()), sys.executable, str(HOME / "server.py"), "serve"]
    process = await asyncio.create_subprocess_exec(
        *words,
        *("--database-url", database_url, "--port", "1", "--log-level", "warning", "--messages-per-second", "10000"),
        env=environment(),
        pass_fds=[listening.fileno()],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_S)
    said = f"Callboard is on http://localhost:{listening.getsockname()[1]}\n"
    assert line == said.encode(), (line, await process.stderr.read())
    return process


async def stop(process):
    process.terminate()
    _, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, complaints(errors.decode())) == (0, [])


async def test_a_restart_under_load_refuses_nobody_and_those_who_watch_miss_nothing(sqlite_url, furniture):
    template, furnished = furniture
    shutil.copy(template, sqlite_url.removeprefix("sqlite:///"))
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        load = Load(listening.getsockname(), furnished.key)
        seen = [[] for _ in range(WATCHING)]
        first = await started(listening, sqlite_url)
        await load.come_once()  # so that there is a call to watch
        programs = [load.come_anew] * AT_ONCE + [load.stay] * KEPT_OPEN
        async with asyncio.TaskGroup() as watching:
            for each in seen:
                watching.create_task(load.watch(each))
            async with asyncio.TaskGroup() as asking:
                for program in programs:
                    asking.create_task(program())
                await load.until(lambda: len(load.seqs) > ANSWERED)
                await stop(first)
                answered, asked = len(load.seqs), load.asked
                for _ in range(MEANWHILE):
                    asking.create_task(load.come_once())
                await load.until(lambda: load.asked >= asked + MEANWHILE)
                assert len(load.seqs) == answered, "nobody serves"
                second = await started(listening, sqlite_url)
                await load.until(lambda: len(load.seqs) > answered + MEANWHILE + ANSWERED)
                load.is_over = True
            await load.until(lambda: all(each[-1:] == [len(load.seqs)] for each in seen))
            await stop(second)
    assert sorted(load.seqs) == list(range(1, len(load.seqs) + 1)), "each was stored once"
    assert all(each == sorted(load.seqs) for each in seen)
    assert load.codes == [1001, 1001] * WATCHING


@pytest.mark.skipif(not shutil.which("systemd-socket-activate"), reason="systemd is not installed")
async def test_systemd_itself_hands_over_both_ports_and_is_told_of_the_beginning_and_the_end(sqlite_url, tmp_path):
    ports = free_port(), free_port()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(tmp_path / "notify"))
        told.setblocking(False)
        process = await asyncio.create_subprocess_exec(
            *(
                "systemd-socket-activate",
                "--fdname=callboard.socket:metrics",
                f"--setenv=NOTIFY_SOCKET={tmp_path}/notify",
            ),
            *(f"--listen=127.0.0.1:{port}" for port in ports),
            *(sys.executable, str(HOME / "server.py"), "serve", "--database-url", sqlite_url, "--log-level", "warning"),
            env=environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        for port, path, says in zip(ports, ("/readyz", "/metrics"), (b'"ready"', b"callboard_ready 1"), strict=True):
            reader, writer = await comes_in(port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            assert says in await asyncio.wait_for(reader.read(), PATIENCE_S)
            writer.close()
        loop = asyncio.get_running_loop()
        assert await asyncio.wait_for(loop.sock_recv(told, 100), PATIENCE_S) == b"READY=1"
        process.terminate()
        out, _ = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert await asyncio.wait_for(loop.sock_recv(told, 100), PATIENCE_S) == b"STOPPING=1"
    assert process.returncode == 0 and out.startswith(f"Callboard is on http://localhost:{ports[0]}\n".encode())


async def comes_in(port):
    """A connection, as soon as systemd listens there."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.02)
