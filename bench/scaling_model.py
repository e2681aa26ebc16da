"""Where the first ceiling stands: what many calls at once ask of each part, by what each was measured to cost.

    python bench/scaling_model.py [--calls 100000] [--organizations 100]

Prints Markdown tables; docs/scaling.md quotes them, and says what to make of them. Standard library only.
"""

import argparse
import math
from typing import NamedTuple

# ── Measured: `make bench-nodes`, medians, on two shared cores. µs of CPU, and bytes ─────────────────────────────
FINAL = {"nodes": 562, "PostgreSQL": 344, "Redis": 13.9}  # each, at 1,000/s, watched on its own node
LOG_BYTES = 1086  # of PostgreSQL, for each final; more where it is committed alone
INTERIM = {"nodes": 134}  # each, at 3,000/s, watched on its own node: it stays there
# Each event that a viewer's node hears of another, at 3,000/s: what it costs there, and to send it
ELSEWHERE = {"nodes": 168, "Redis": 15.8}
VIEWER = {"nodes": 18.8, "PostgreSQL": 2.1, "Redis": 3.5}  # each second, one that sits alone at a call
ON_WALL = {"nodes": 36.3, "PostgreSQL": 3.5, "Redis": 0.7}  # each second, a call on an open wall
CONNECTIONS = 4  # of a node to PostgreSQL
VIEWER_KIB, VIEWER_REDIS_BYTES = 13.3, 324

# ── Assumed: how people speak, and how they are watched ──────────────────────────────────────────────────────────
FINALS_S, INTERIMS_S = 0.3, 2.0  # of a call: 2.5 words a second, 8 words a final, and a provider that tells each word
WATCHED = 0.02  # of the calls, by one viewer each
ELSEWHERE_SHARE = 0.9  # of viewers, whose call is fed on another node: of 10 nodes, by chance
WALLS = 2  # of each organisation, open on as many nodes
ENOUGH = 0.7  # of what a part has: beyond it everybody waits
POSTGRES_CORES = 16
PARTS = ("nodes", "PostgreSQL", "Redis")


class Ceiling(NamedTuple):
    """What one of a kind would have to do for so many calls, and what it has; both in cores."""

    name: str
    needs: float
    has: float
    calls: float

    @property
    def full_at(self) -> float:
        return self.calls * self.has * ENOUGH / self.needs


def needs(calls: float) -> dict[str, dict[str, float]]:
    """Cores, by what for and by part."""
    viewers = calls * WATCHED
    carried = viewers * ELSEWHERE_SHARE * (FINALS_S + INTERIMS_S)
    amounts = {
        "finals": (calls * FINALS_S, FINAL),
        "unfinished words": (calls * INTERIMS_S, INTERIM),
        "carried to viewers' nodes": (carried, ELSEWHERE),
        "viewers who sit there": (viewers, VIEWER),
        "open walls": (calls * WALLS, ON_WALL),
    }
    return {
        what: {part: number * cost.get(part, 0) / 1e6 for part in PARTS} for what, (number, cost) in amounts.items()
    }


def total(calls: float) -> dict[str, float]:
    """Cores by part."""
    return {part: sum(of_it[part] for of_it in needs(calls).values()) for part in PARTS}


def ceilings(calls: float, organizations: int) -> list[Ceiling]:
    """Of a whole board, the lowest first; then of one wall. Redis runs its commands on one core, as a node does."""
    cores, of_one = total(calls), calls / organizations
    shared = [
        Ceiling("Redis, which has one core", cores["Redis"], 1, calls),
        Ceiling(f"PostgreSQL, with {POSTGRES_CORES} cores", cores["PostgreSQL"], POSTGRES_CORES, calls),
    ]
    wall = Ceiling("a node with one open wall, by its calls", of_one * ON_WALL["nodes"] / 1e6, 1, of_one)
    return [*sorted(shared, key=lambda ceiling: ceiling.full_at), wall]


def table(heads: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(line)} |" for line in (heads, *rows)]
    return "\n".join([lines[0], "|---|" + "--:|" * (len(heads) - 1), *lines[1:]])


def told(calls: int, organizations: int) -> str:
    cores = [[what, *(f"{of_it[part]:.2f}" for part in PARTS)] for what, of_it in needs(calls).items()]
    cores.append(["in all", *(f"{number:.1f}" for number in total(calls).values())])
    lowest = ceilings(calls, organizations)
    full = [[c.name, f"{c.needs:.2f}", f"{c.has * ENOUGH:.1f}", f"{c.full_at:,.0f}"] for c in lowest]
    finals, viewers, shards = calls * FINALS_S, calls * WATCHED, math.ceil(calls / lowest[0].full_at)
    nodes = math.ceil(total(calls)["nodes"] / ENOUGH)
    more = {
        f"nodes, each with a core that is {ENOUGH:.0%} busy": nodes,
        "connections to PostgreSQL": nodes * CONNECTIONS,
        "finals a second": finals,
        "news to Redis a second, if each left alone": finals + viewers * ELSEWHERE_SHARE * INTERIMS_S,
        "PostgreSQL's log, MB a second": finals * LOG_BYTES / 1e6,
        "memory for viewers, MiB over all nodes": viewers * VIEWER_KIB / 1024,
        "memory for viewers, MiB of Redis": viewers * VIEWER_REDIS_BYTES / 2**20,
        "boards by organisation, each below the lowest ceiling": shards,
        "nodes of each": math.ceil(total(calls / shards)["nodes"] / ENOUGH),
    }
    return "\n\n".join(
        (
            table([f"cores for {calls:,} calls at once", *PARTS], cores),
            table(["full at", "needs", "has", "calls at once"], full),
            table(["with that", ""], [[name, f"{number:,.0f}"] for name, number in more.items()]),
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=100_000)
    parser.add_argument("--organizations", type=int, default=100)
    options = parser.parse_args()
    print(told(options.calls, options.organizations))


if __name__ == "__main__":
    main()
