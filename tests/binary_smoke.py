"""`make binary-smoke`: the one file does all that server.py does, in a root that has nothing but the C library."""

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from binary_journey import Journey
from binary_root import Binary, Root, too_new
from postgres import free_port
from server import make_parser

PATIENCE_S = 900  # for all of it, on a busy machine


def words(parser: argparse.ArgumentParser, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every command that server.py has."""
    families = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not families:
        return [before]
    return [found for name, child in families[0].choices.items() for found in words(child, (*before, name))]


def says_its_version(line: Binary) -> float:
    """In seconds: how long the file takes to unpack itself, and say it."""
    began = time.monotonic()
    told = line.do("--version")
    assert re.fullmatch(r"callboard [0-9.]+ \(commit [0-9a-f]{7,}\)", told), told
    return time.monotonic() - began


def explains_every_word(line: Binary) -> int:
    """How many there are."""
    commands = words(make_parser())
    with ThreadPoolExecutor(2) as two:
        for command, told in zip(commands, two.map(lambda each: line.try_(*each, "--help"), commands), strict=True):
            assert told.status == 0 and told.out.startswith(f"usage: callboard {' '.join(command)}"), told
    return len(commands)


def main(binary: Path) -> None:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="callboard-root-") as folder:
        assert not (found := too_new(binary, Path(folder))), f"not for Ubuntu 22.04: {found}"
        root = Root(Path(folder), binary)
        if not root.is_bare:
            print("SKIPPED: the empty root, which only root can enter; it runs in this system instead")
        line = Binary(root, "board.db", free_port())
        start_s = says_its_version(line)
        explained = explains_every_word(line)
        journey = Journey(root, line)
        asyncio.run(asyncio.wait_for(journey(), PATIENCE_S))
        left = os.listdir(root.tmp)
        assert not left, f"unpacked and left behind: {left}"
    size, (first_s, again_s) = binary.stat().st_size / 1e6, journey.listening_s[:2]
    print(f"{binary.name}: {size:.1f} MB; {explained} commands explained, the journey done", end=" ")
    print("in a root with nothing but the C library" if root.is_bare else "in this system")
    print(f"--version after {start_s:.1f} s; listening after {first_s:.1f} s,", end=" ")
    print(f"again on the same database after {again_s:.1f} s; {time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
