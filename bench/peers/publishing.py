"""What the Python servers of the benchmark share: the event, and obeying the driver's words on standard input."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

CALLS = int(os.environ.get("CALLS", "1"))
BATCH = int(os.environ.get("BATCH", "20"))  # events in one turn of the loop
TICKS = int(os.environ.get("TICKS", "0"))  # turns in a second at most; 0: no bound
SECONDS = float(os.environ.get("SECONDS", "2"))
WORDS = "so I was wondering whether the second invoice has it"


def content() -> str:
    """Words that carry the time at which they are said."""
    return f"@{time.monotonic_ns()} {WORDS}"


def event(call: int, revision: int) -> dict[str, Any]:
    """A transcript message as Callboard sends it."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {
        "type": "transcript",
        "call_sid": f"C{call}",
        "timestamp": now,
        "replayed": False,
        "data": {
            "content": content(),
            "speaker": "user",
            "is_final": False,
            "confidence": 0.953,
            "segment_start": 5.2,
            "segment_end": 7.1,
            "created_at": now,
            "segment_id": "s0",
            "revision": revision,
            "language": "en-US",
        },
    }


def say(**what: Any) -> None:
    """A line to the driver."""
    print(json.dumps(what), flush=True)


async def publish_for_a_while(publish: Callable[[int, int], Awaitable[None] | None]) -> None:
    """Events for SECONDS, BATCH of them in a turn of the loop, call by call; then tell the driver how many."""
    start = time.monotonic()
    published = ticks = 0
    cpu = time.process_time()
    while time.monotonic() < start + SECONDS:
        for _ in range(BATCH):
            sending = publish(published % CALLS, published)
            if sending is not None:
                await sending
            published += 1
        ticks += 1
        await asyncio.sleep(max(0, start + ticks / TICKS - time.monotonic()) if TICKS else 0)
    say(published=published, cpu_s=time.process_time() - cpu)


async def obey(
    port: int,
    publish: Callable[[int, int], Awaitable[None] | None],
    words: Mapping[str, Callable[[], None]] | None = None,
    **more: Any,
) -> None:
    """Tell the driver that we listen, publish whenever it says so (`words`: what else it may say), and return when it
    is gone."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: lines.put_nowait(sys.stdin.readline()))
    say(port=port, **more)
    while line := await lines.get():
        if words and line.strip() in words:
            words[line.strip()]()
        else:
            await publish_for_a_while(publish)
