"""`make bench`: runs the works in rounds, everyone in turn, and shows what came of it (table.py, picture.py)."""

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import databases
import picture
import table
from contenders import BUILT, ROOT, SERVERS, environment, left_out, prepare
from machine import Failed, Process, started
from workloads import WORKS, Contender, Work

sys.path.append(str(ROOT))

from commands.progress import Progress

SERVER_CORE, LOAD_CORE = 0, 1
TOO_BUSY = 0.9  # of a core: beyond it the load may be what is measured


def measure(
    work: Work,
    contender: Contender,
    seconds: float,
    watching_over: Callable[[Process], AbstractContextManager] = nullcontext,
) -> dict[str, float]:
    """One run of one contender; its publishing, or its viewers' coming if they only come, is within the context.
    Raises Failed."""
    calls, viewers = contender.calls or work.calls, contender.viewers or work.viewers
    with tempfile.TemporaryDirectory(prefix="run-", dir=BUILT) as folder:
        settings = environment(contender.server) | work.environment | contender.environment
        settings |= {"CALLS": str(calls), "SECONDS": str(seconds), "FOLDER": folder}
        if "PRELOAD" in settings:
            settings["LD_PRELOAD"] = str(BUILT / settings["PRELOAD"])
        if work.kind == "store":
            with started((sys.executable, ROOT / "bench" / "stored.py"), SERVER_CORE, settings) as storing:
                return storing.hear()
        with started(SERVERS[contender.server].command, SERVER_CORE, settings) as server:
            ready = server.hear()
            load = [
                BUILT / "load",
                "-p",
                ready["port"],
                "-n",
                calls * viewers,
                "-m",
                calls,
                "-k",
                ready.get("key", "x"),
            ]
            load += [*work.load, *contender.load]
            if work.kind == "feed":
                load += ["-s", seconds]
            memory, before = server.memory_kib(), server.used()
            with started(load, LOAD_CORE) as watching:
                with watching_over(server) if work.kind == "open" else nullcontext():
                    opened = watching.hear()
                    after = server.used()
                if opened["failed"]:
                    raise Failed(f"{opened['failed']} viewers were not let in")
                figures = {"us_per_viewer": 1e6 * (after.all - before.all) / opened["open"]}
                figures["kernel_share"] = min(1, (after.kernel - before.kernel) / (after.all - before.all))
                figures["bytes_per_viewer"] = opened["bytes"] / opened["open"]
                figures["kib_per_viewer"] = (server.memory_kib() - memory) / opened["open"]
                if work.kind != "open":
                    with watching_over(server):
                        figures |= run(work, server, watching, viewers, "PRELOAD" in settings)
                figures["memory_mib"] = server.memory_kib() / 1024
                return figures


def run(work: Work, server: Process, watching: Process, viewers: int, is_unseen: bool) -> dict[str, float]:
    """What delivering took, everything through: messages as they reached viewers."""
    before = server.used()
    published = 0
    if work.kind == "publish":
        server.tell("publish")
        published = server.hear()["published"]
    if is_unseen:
        done, messages = {"busy": 0}, published * viewers
    else:
        if published:
            watching.tell(str(published * viewers))
        done = watching.hear()
        messages, published = done["messages"], published or done["published"]
        if messages != done["expected"] or done["refused"] or done["answered"] < done["published"]:
            raise Failed(f"not everything arrived: {done}")
    after = server.used()
    cpu = after.all - before.all
    figures = {"us_per_message": 1e6 * cpu / messages, "us_per_event": 1e6 * cpu / published, "load_busy": done["busy"]}
    if "seconds" in done:
        figures["events_per_s"] = published / done["seconds"]
        figures["server_busy"] = cpu / done["seconds"]
        figures["crowded"] = (after.waited - before.waited) / done["seconds"]
    figures["kernel_share"] = min(1, (after.kernel - before.kernel) / cpu)
    return figures | {name: done[name] for name in ("p50_ms", "p99_ms") if name in done}


def takers(work: Work) -> list[Contender]:
    """Who takes part in it on this machine."""
    found = [c for c in work.contenders if SERVERS[c.server].needs.exists()]
    if "POSTGRES_URL" not in os.environ:
        found = [c for c in found if c.environment.get("DATABASE") != "postgresql"]
    return found


def rounds(
    work: Work, count: int, seconds: float, told: Callable[[str], None]
) -> dict[str, list[dict[str, float] | None]]:
    """The figures of each contender, by round; None where a run failed. `told` hears of each run that is through."""
    figures: dict[str, list] = {}
    for number in range(1, count + 1):
        for contender in takers(work):
            try:
                got = measure(work, contender, seconds)
            except Failed as problem:
                told(f"{work.name} {number}: {contender.name} failed: {problem}")
                got = None
            figures.setdefault(contender.name, []).append(got)
            if got is not None:
                busy = "  THE LOAD WAS BUSY" if got.get("load_busy", 0) > TOO_BUSY else ""
                shown = f"{got[work.unit]:,.2f} {work.unit}{busy}"
                told(f"{work.name} {number}/{count} {contender.name:18} {shown}")
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description="Measures Callboard and its peers on the same work (bench/README.md).")
    parser.add_argument("--work", default="", help=f"only these, with commas between them: {', '.join(WORKS)}")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3, help="of one run's publishing")
    parser.add_argument("--results", type=Path, default=BUILT / "results.json")
    parser.add_argument("--picture", type=Path, default=ROOT / "docs" / "bench.svg", help="written where all of it ran")
    options = parser.parse_args()
    wanted = [name.strip() for name in options.work.split(",") if name.strip()] or list(WORKS)
    if unknown := set(wanted) - set(WORKS):
        parser.error(f"no such work: {', '.join(unknown)}; there are {', '.join(WORKS)}")
    prepare()
    results = json.loads(options.results.read_text()) if options.results.exists() else {"works": {}}
    done = 0
    with databases.postgres("store" in wanted), Progress("Measuring") as progress:
        runs = options.rounds * sum(len(takers(WORKS[name])) for name in wanted)

        def told(text: str) -> None:
            nonlocal done
            done += 1
            progress.note(text)
            progress.reach(done, runs)

        for name in wanted:
            results["works"][name] = rounds(WORKS[name], options.rounds, options.seconds, told)
            kernel = ".".join(platform.release().split(".")[:2])
            results |= {"machine": f"{platform.machine()}, {os.cpu_count()} cores, Linux {kernel}"}
            results |= {"python": platform.python_version(), "left_out": left_out()}
            options.results.write_text(json.dumps(results, indent=1))
    print(table.rendered(results, wanted))
    if {panel.work for panel in picture.PANELS} <= set(wanted):
        options.picture.write_text(picture.drawn(results))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:  # the works that are through stay in the results
        sys.exit(130)
