"""The echo server that conformance suites are pointed at."""

import asyncio
import sys
from pathlib import Path

import websockets

from handlers import conformance


async def test_the_echo_server_returns_text_and_bytes_of_any_size_it_allows():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "handlers.conformance", "0"),
        cwd=Path(conformance.__file__).parents[1],
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        address = (await process.stdout.readline()).decode().removeprefix("listening on ").strip()
        async with websockets.connect(address, max_size=None, compression=None) as client:
            for message in ("", "héllo", b"", b"\xff", b"x" * conformance.MAX_MESSAGE_BYTES):
                await client.send(message)
                assert await client.recv() == message
    finally:
        process.terminate()
        await process.wait()
