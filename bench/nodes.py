"""What several nodes add, give and cost, and how long faults take: `make bench-nodes`. Prints Markdown tables.

Starts nodes of its own on one PostgreSQL, which waits for its disk, and one Redis, and ends all that it started. The
figures of each round are kept in build/bench/nodes.json, those of works that are not run again too.
"""

import argparse
import asyncio
import json
import os
import platform
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

from contenders import BUILT, build
from nodes_faults import faults
from nodes_steady import EVENTS, costs, hops, throughput

WORKS = {"hops": hops, "throughput": throughput, "costs": costs, "faults": faults}
LIMIT_S = {"hops": 180, "throughput": 300, "costs": 600, "faults": 1200}  # of each, beyond what it is asked to take

NOISE = 2  # µs, bytes: less is what else goes on


def middle(runs: list[dict], name: str) -> float:
    return median(run[name] for run in runs)


def rows(heads: list[str], lines: list[list[str]]) -> str:
    text = [f"| {' | '.join(heads)} |", "|---|" + "--:|" * (len(heads) - 1)]
    return "\n".join(text + [f"| {' | '.join(line)} |" for line in lines])


def hops_table(found: dict) -> str:
    lines = []
    for kind in ("interim", "final"):
        here, there = found[f"{kind} here"], found[f"{kind} elsewhere"]
        line = [kind]
        for name in ("p50_ms", "p99_ms"):
            added = median(b[name] - a[name] for a, b in zip(here, there, strict=True))
            line += [f"{middle(here, name):.1f}", f"{middle(there, name):.1f}", f"{added:+.1f}"]
        lines.append(line)
    heads = ["ms", "p50 here", "p50 elsewhere", "added", "p99 here", "p99 elsewhere", "added"]
    return "50 calls, 500 events/s, one viewer on the producer's node and one on another\n\n" + rows(heads, lines)


def throughput_table(found: dict) -> str:
    names = ["us nodes", "us PostgreSQL", "us Redis", "log_bytes"]
    lines = []
    for nodes, runs in sorted(found.items()):
        ratio = median(run["finals_per_s"] / one["finals_per_s"] for run, one in zip(runs, found["1"], strict=True))
        line = [nodes, f"{middle(runs, 'finals_per_s'):,.0f}", f"{ratio:.2f}"]
        lines.append(line + [f"{middle(runs, name):,.0f}" for name in names])
    heads = ["nodes fed", "finals/s", "÷ one", "µs nodes", "µs PostgreSQL", "µs Redis", "log bytes"]
    return "acknowledged finals, each to two viewers; CPU and PostgreSQL's log for each\n\n" + rows(heads, lines)


def costs_table(found: dict) -> str:
    lines = []
    for kind in EVENTS:
        names = [f"{kind} {name}" for name in ("node", "other node", "PostgreSQL", "Redis", "redis_in", "redis_out")]
        for case, runs in found.items():
            numbers = [middle(runs, name) for name in names]
            lines.append([f"{kind}: {case}", *(f"{number:,.0f}" if number > NOISE else "" for number in numbers)])
    heads = ["each event", "µs node", "µs viewers' node", "µs PostgreSQL", "µs Redis", "bytes to Redis", "bytes from"]
    events = rows(heads, lines)
    lines = []
    for case, runs in found.items():
        names = [
            f"{who} {part}" for who in ("viewer", "lone viewer", "wall") for part in ("node", "PostgreSQL", "Redis")
        ]
        numbers = [f"{max(0, middle(runs, name)):.1f}" for name in names]
        for who, at in (("viewer, 5 a call", 0), ("viewer, 1 a call", 3), ("call on an open wall", 6)):
            lines.append([f"{who}: {case}", *numbers[at : at + 3]])
    sitting = rows(["each second, nothing is said", "µs node", "µs PostgreSQL", "µs Redis"], lines)
    lines = []
    for case, runs in found.items():
        line = [case, f"{middle(runs, 'kib_viewer'):.1f}", f"{middle(runs, 'redis_bytes_viewer'):,.0f}"]
        lines.append([*line, f"{middle(runs, 'connections'):.0f}"])
    heads = ["", "KiB of the node for a viewer", "bytes of Redis for a viewer", "connections of a node to PostgreSQL"]
    return f"{events}\n\n{sitting}\n\n{rows(heads, lines)}"


def faults_table(found: dict) -> str:
    lines = []
    for fault, runs in found.items():
        worst = max(run["next_s"] for run in runs)
        back = [run["interims_s"] for run in runs if "interims_s" in run]
        line = [fault, f"{middle(runs, 'next_s'):.1f}", f"{worst:.1f}", f"{middle(runs, 'longest_s'):.1f}"]
        lines.append([*line, f"{middle(runs, 'returns'):.0f}", f"{median(back):.1f}" if back else ""])
    heads = ["s", "next final", "the worst", "longest wait", "came back", "interims, after it is mended"]
    return rows(heads, lines)


TABLES = {"hops": hops_table, "throughput": throughput_table, "costs": costs_table, "faults": faults_table}


async def measured(names: list[str], rounds: int, seconds: float, keep: Callable[[str, dict], object]) -> None:
    """Each work's figures are kept when it is through; SIGTERM and Ctrl-C end it, and all that it started."""
    task = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    for name in names:
        print(f"{name}, {rounds} rounds; load average {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        async with asyncio.timeout(LIMIT_S[name] + 20 * rounds * seconds):
            keep(name, await WORKS[name](rounds, seconds))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", default="", help=f"only these, with commas between them: {', '.join(WORKS)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4, help="of each run")
    parser.add_argument("--results", type=Path, default=BUILT / "nodes.json")
    options = parser.parse_args()
    names = [name.strip() for name in options.work.split(",") if name.strip()] or list(WORKS)
    if unknown := set(names) - set(WORKS):
        parser.error(f"no such work: {', '.join(unknown)}; there are {', '.join(WORKS)}")
    build()
    found = json.loads(options.results.read_text()) if options.results.exists() else {}

    def keep(name: str, figures: dict) -> None:
        found[name] = figures
        options.results.write_text(json.dumps(found, indent=1))

    try:
        asyncio.run(measured(names, options.rounds, options.seconds, keep))
    except asyncio.CancelledError:
        print("ended before its time", file=sys.stderr)
        return 130
    kernel = ".".join(platform.release().split(".")[:2])
    print(f"{platform.machine()}, {os.cpu_count()} cores, Linux {kernel}; medians of {options.rounds} rounds")
    for name in names:
        print(f"\n## {name}\n\n{TABLES[name](found[name])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
