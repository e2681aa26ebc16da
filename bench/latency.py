"""How long a word takes from its producer to a viewer, with many calls at once: `make bench-latency`.

Starts a server of its own on the loopback address with a new SQLite database, opens CALLS calls with VIEWERS viewers
each, and speaks on all of them through producer sockets: interims word by word, then the final, at the pace of people.
Each piece carries the time at which it was sent; a viewer subtracts it from the time at which it arrives. Prints the
percentiles in ms, of interims (passed through) and of finals (committed to disk first). Stops by itself.
"""

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import websockets

ROOT = Path(__file__).parent.parent
WORDS_PER_SECOND = 2.5  # of a speaker, about what people speak
WORDS_PER_FINAL = 8


class Load:
    def __init__(self, url: str, key: str, calls: int, viewers: int, seconds: float):
        self.url, self.key = "ws" + url.removeprefix("http"), key
        self.calls, self.viewers, self.seconds = calls, viewers, seconds
        self.delays: dict[bool, list[float]] = {True: [], False: []}  # by is_final, s
        self.sent = self.expected_finals = 0

    async def run(self) -> None:
        headers = {"Authorization": f"Bearer {self.key}"}
        producers = [await websockets.connect(f"{self.url}/ingest", additional_headers=headers) for _ in range(4)]
        draining = [asyncio.create_task(self._drain(producer)) for producer in producers]
        for n in range(self.calls):
            call = {"type": "call", "call_sid": f"CA{n}", "data": {"direction": "inbound"}}
            await producers[n % 4].send(json.dumps(call))
        await asyncio.sleep(1)  # all are stored
        watching = []
        for n in range(self.calls):
            for _ in range(self.viewers):
                viewer = await websockets.connect(f"{self.url}/live-transcript/CA{n}", additional_headers=headers)
                watching.append(asyncio.create_task(self._watch(viewer)))
        stop = time.monotonic() + self.seconds
        await asyncio.gather(*(self._speak(f"CA{n}", producers[n % 4], stop) for n in range(self.calls)))
        await asyncio.sleep(1)  # the last ones arrive
        for task in watching + draining:
            task.cancel()
        await asyncio.gather(*watching, *draining, return_exceptions=True)

    async def _speak(self, call_sid: str, producer, stop: float) -> None:
        await asyncio.sleep(random.random() / WORDS_PER_SECOND)  # not all in the same instant
        words = 0
        while time.monotonic() < stop:
            words += 1
            is_final = words % WORDS_PER_FINAL == 0
            segment = (words - 1) // WORDS_PER_FINAL
            data = {"segment_id": f"s{segment}", "speaker": "user", "is_final": is_final}
            data["content"] = f"{time.time()} " + "word " * (words % WORDS_PER_FINAL or WORDS_PER_FINAL)
            message = {"type": "transcript", "call_sid": call_sid, "data": data}
            if is_final:
                message["id"] = f"{call_sid}/{segment}"
                self.expected_finals += self.viewers
            self.sent += 1
            await producer.send(json.dumps(message))
            await asyncio.sleep(random.uniform(0.7, 1.3) / WORDS_PER_SECOND)

    async def _watch(self, viewer) -> None:
        async for text in viewer:
            arrived = time.time()
            message = json.loads(text)
            if message["type"] == "transcript":
                data = message["data"]
                self.delays[data["is_final"]].append(arrived - float(data["content"].split(" ", 1)[0]))

    async def _drain(self, producer) -> None:
        async for _ in producer:
            pass


def percentile(values: list[float], share: float) -> float:
    """In ms."""
    return 1000 * sorted(values)[min(len(values) - 1, int(len(values) * share))]


def command(*words: str, environment: dict[str, str]) -> str:
    """The last line that a command of the server prints."""
    run = subprocess.run(
        [sys.executable, "server.py", *words], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    if run.returncode:
        raise SystemExit(run.stderr)
    return run.stdout.strip().splitlines()[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--viewers", type=int, default=2, help="of each call")
    parser.add_argument("--seconds", type=float, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callboard-bench-") as folder:
        environment = os.environ | {"CALLBOARD_DATABASE_URL": f"sqlite:///{folder}/board.db"}
        command("organization", "create", "Bench", environment=environment)
        command(
            "user", "create", "bench@example.com", "--organization", "Bench", "--role", "admin", environment=environment
        )
        names = ("--user", "bench@example.com", "--name", "bench", "--scopes", "read,ingest")
        key = command("key", "create", *names, environment=environment)
        server = subprocess.Popen(
            [sys.executable, "server.py", "serve", "--port", "0", "--address", "127.0.0.1"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            url = server.stdout.readline().split()[-1]
            load = Load(url, key, options.calls, options.viewers, options.seconds)
            asyncio.run(load.run())
        finally:
            server.terminate()
            server.wait(15)
    got = len(load.delays[True])
    print(f"{options.calls} calls × {options.viewers} viewers, {load.sent / options.seconds:.0f} events/s in")
    print(f"finals delivered: {got} of {load.expected_finals}")
    for name, is_final in (("interim", False), ("final (stored first)", True)):
        row = "  ".join(
            f"p{share * 100:g} {percentile(load.delays[is_final], share):6.1f}" for share in (0.5, 0.9, 0.99)
        )
        print(f"{name:22} {row}  ms")
    if got != load.expected_finals:
        raise SystemExit("finals are missing")


if __name__ == "__main__":
    main()
