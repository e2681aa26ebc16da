"""`make profile`: where the time of a delivered message goes in our server, function by function."""

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import run
from contenders import prepare
from machine import Process
from workloads import WORKS, Contender, Work

OWN, WHOLE, LINES = 22, 25, 12  # rows
UNITS = {"us_per_message": "delivered message", "us_per_event": "event", "us_per_viewer": "viewer who comes"}


def profile(work: Work, contender: Contender, seconds: float) -> None:
    report: dict[str, Any] = {}

    @contextmanager
    def sampled(server: Process) -> Iterator[None]:
        server.tell("sample")
        yield
        server.tell("report")
        report.update(server.hear())

    figures = run.measure(work, contender, seconds, sampled)
    unit = work.unit if work.unit in UNITS else "us_per_viewer" if work.kind == "open" else "us_per_event"
    total_us = figures[unit]
    speed = f"; {figures['events_per_s']:,.0f} events/s" if "events_per_s" in figures else ""
    print(f"\n**{work.name}**: {work.title}{speed}\n")
    by_function: Counter[str] = Counter()
    for place, spent in report["own"]:
        by_function[place.rpartition(":")[0]] += spent
    sampled_s = sum(by_function.values())
    kernel = f"{figures['kernel_share']:.0%} of it the kernel's"
    collecting = f"{report['collecting'] / sampled_s:.0%} collecting garbage"
    print(f"{total_us:.1f} µs of CPU per {UNITS[unit]} (with the sampling), {kernel}, {collecting};")
    print(f"{report['commits']:,} commits\n")
    for title, rows in (
        ("in it, and in what it calls of C", by_function.most_common(OWN)),
        ("and all that it calls", report["whole"][:WHOLE]),
        ("line", report["own"][:LINES]),
    ):
        print(f"| share | µs | {title} |\n|--:|--:|---|")
        for name, spent in rows:
            print(f"| {spent / sampled_s:.1%} | {total_us * spent / sampled_s:.2f} | {name} |")
        print()


def main() -> None:
    parser = argparse.ArgumentParser(description="Shows where our server's time goes (bench/README.md).")
    parser.add_argument("--work", default="fanout,durable", help="with commas; calls/10000 names one of several")
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    wanted = [name.partition("/") for name in options.work.split(",")]
    served = [name for name, work in WORKS.items() if work.kind != "store"]
    if unknown := {work for work, _, _ in wanted}.difference(served):
        parser.error(f"no such work of a server: {', '.join(unknown)}; there are {', '.join(served)}")
    prepare()
    for work, _, who in wanted:
        ours = [c for c in WORKS[work].contenders if c.server == "ours" and who in ("", c.name)]
        profile(WORKS[work], ours[0], options.seconds)


if __name__ == "__main__":
    main()
