"""What the operating system knows of this process."""

import asyncio
import os
import resource
import sys
import time
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc/self")  # Linux; elsewhere what only it tells is None
_STARTED_AT = time.time()


class Process(NamedTuple):
    memory_bytes: int | None
    cpu_s: float
    open_files: int | None
    max_files: int
    started_at: float  # s since the Unix epoch


def open_files() -> int:
    """How many files the process may have open, raised to the most that it may ask for."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):  # macOS says "unlimited", and refuses that
        most = soft
    return most if most != resource.RLIM_INFINITY else sys.maxsize


async def look() -> Process:
    """In a thread: listing thousands of files takes milliseconds."""
    return await asyncio.to_thread(_look)


def _look() -> Process:
    times, (max_files, _) = os.times(), resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        memory = int((_PROC / "statm").read_text().split()[1]) * resource.getpagesize()
        files = len(os.listdir(_PROC / "fd"))
    except OSError:
        memory = files = None
    return Process(memory, times.user + times.system, files, max_files, _STARTED_AT)
