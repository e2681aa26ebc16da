"""The results as one table: what is to be reached and what was, then every contender's medians."""

from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

from contenders import SERVERS
from workloads import WORKS

Works = dict[str, dict[str, list[dict[str, float] | None]]]


class Row(NamedTuple):
    """A figure with what it should be; `value` is None where a run it needs is missing."""

    title: str
    work: str
    target: str
    stretch: str
    value: Callable[[Works], float | None]


def figure(work: str, contender: str, name: str) -> Callable[[Works], float | None]:
    """The median of a contender's figure."""

    def of(works: Works) -> float | None:
        values = [got[name] for got in works.get(work, {}).get(contender, []) if got and name in got]
        return median(values) if values else None

    return of


def ratio(work: str, above: str, below: str, name: str, *, in_work: str = "") -> Callable[[Works], float | None]:
    """The median of the ratios of two contenders' figures, each within one round."""

    def of(works: Works) -> float | None:
        pairs = zip(works.get(work, {}).get(above, []), works.get(in_work or work, {}).get(below, []), strict=False)
        values = [a[name] / b[name] for a, b in pairs if a and b]
        return median(values) if values else None

    return of


def added(works: Works) -> float | None:
    pairs = zip(
        works.get("durable", {}).get("ours", []), works.get("durable", {}).get("ours-interims", []), strict=False
    )
    values = [a["us_per_event"] - b["us_per_event"] for a, b in pairs if a and b]
    return median(values) if values else None


MESSAGE, EVENT = "us_per_message", "us_per_event"
ROWS = (
    Row("fan-out ÷ C with one send() each", "fanout", "≤ 1.4", "≤ 1.2", ratio("fanout", "ours", "floor", MESSAGE)),
    Row("fan-out: FastAPI's cost ÷ ours", "fanout", "≥ 3", "≥ 3.5", ratio("fanout", "fastapi", "ours", MESSAGE)),
    Row("fan-out: websockets' cost ÷ ours", "fanout", "", "", ratio("fanout", "websockets", "ours", MESSAGE)),
    Row("fan-out: Node ws's cost ÷ ours", "fanout", "", "", ratio("fanout", "node", "ours", MESSAGE)),
    Row("fan-out: Tornado write_message's cost ÷ ours", "fanout", "", "", ratio("fanout", "tornado", "ours", MESSAGE)),
    Row(
        *("interims by socket to 10 viewers: FastAPI's cost ÷ ours", "interims", "", ""),
        ratio("interims", "fastapi", "ours", MESSAGE),
    ),
    Row("user space of a delivery, µs", "user-space", "≤ 2.5", "≤ 1.3", figure("user-space", "ours", MESSAGE)),
    Row("burst of 10 ÷ C with one send() each", "burst", "≤ 0.3", "≤ 0.15", ratio("burst", "ours", "floor", MESSAGE)),
    Row(
        *("durable by socket: FastAPI that stores each ÷ ours", "durable", "≥ 12", "≥ 25"),
        ratio("durable", "fastapi-stores", "ours", EVENT),
    ),
    Row(
        *("durable by socket: ours ÷ FastAPI that stores nothing", "durable", "≤ 0.6", "≤ 0.3"),
        ratio("durable", "ours", "fastapi", EVENT),
    ),
    Row("added by storing at saturation, µs an event", "durable", "≤ 20", "≤ 8", added),
    Row(
        *("durable single POST: FastAPI that stores each ÷ ours", "post", "≥ 2.5", "≥ 8"),
        ratio("post", "fastapi-stores", "ours", EVENT),
    ),
    Row(
        *("finals a second, group commit ÷ one each: SQLite", "store", "≥ 12", "≥ 25"),
        ratio("store", "sqlite-group", "sqlite-each", "events_per_s"),
    ),
    Row(
        *("finals a second, group commit ÷ one each: PostgreSQL", "store", "≥ 8", "≥ 14"),
        ratio("store", "postgresql-group", "postgresql-each", "events_per_s"),
    ),
    Row("1,000 POST/s, stored, to a viewer: p50, ms", "latency", "≤ 2", "≤ 0.8", figure("latency", "ours", "p50_ms")),
    Row("1,000 POST/s, stored, to a viewer: p99, ms", "latency", "≤ 12", "≤ 5", figure("latency", "ours", "p99_ms")),
    Row(
        *("stall of the loop while the writer is busy, p99, ms", "store", "≤ 5", "≤ 2.5"),
        figure("store", "sqlite-group", "stall_p99_ms"),
    ),
    Row("KiB for an idle viewer", "idle", "≤ 7", "≤ 4", figure("idle", "ours", "kib_per_viewer")),
    Row(
        *("the same ÷ Tornado's WebSocketHandler", "idle", "≤ 0.5", "≤ 0.27"),
        ratio("idle", "ours", "tornado", "kib_per_viewer"),
    ),
    Row("5,000 calls at once, 10,000 viewers: MiB", "many", "", "", figure("many", "ours", "memory_mib")),
    Row(
        *("history of 2,000 to a new viewer ÷ the same from memory", "history", "≤ 3", "≤ 1.5"),
        ratio("history", "ours", "memory", "us_per_viewer"),
    ),
    Row(
        *("cost of an event at 10,000 calls ÷ at 100", "calls", "≤ 1.2", "≤ 1.05"),
        ratio("calls", "10000", "100", EVENT),
    ),
)
SHOWN = {
    "us_per_message": "µs/message",
    "us_per_event": "µs/event",
    "us_per_viewer": "µs/viewer",
    "events_per_s": "events/s",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "stall_p99_ms": "stall p99 ms",
    "kib_per_viewer": "KiB/viewer",
    "memory_mib": "MiB",
    "kernel_share": "kernel",
    "server_busy": "server busy",
    "crowded": "waited",
    "load_busy": "load busy",
}


def meets(value: float, bound: str) -> bool:
    """Whether it is as a bound such as `≤ 1.4` says."""
    sign, limit = bound.split()
    return value <= float(limit) if sign == "≤" else value >= float(limit)


def shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def rendered(results: dict[str, Any], wanted: list[str]) -> str:
    """Markdown, of these works."""
    works: Works = results["works"]
    lines = [f"{results['machine']}, Python {results['python']}", ""]
    if results["left_out"]:
        lines += [f"Left out, not installed: {', '.join(results['left_out'])}", ""]
    lines += ["| what | measured | target | stretch | |", "|---|--:|--:|--:|---|"]
    for row in ROWS:
        if row.work in wanted and (value := row.value(works)) is not None:
            word = ""
            if row.target:
                word = "stretch" if meets(value, row.stretch) else "target" if meets(value, row.target) else "MISSED"
            lines.append(f"| {row.title} | {shown(value)} | {row.target} | {row.stretch} | {word} |")
    for name in wanted:
        lines += ["", f"**{name}**: {WORKS[name].title}", "", *_medians(works[name], name)]
    return "\n".join(lines)


def _medians(figures: dict[str, list[dict[str, float] | None]], work: str) -> list[str]:
    unit = WORKS[work].unit
    names = [n for n in SHOWN if any(n in got for runs in figures.values() for got in runs if got)]
    if WORKS[work].kind != "open":
        names = [n for n in names if n not in ("us_per_viewer", "kib_per_viewer") or n == unit]
    lines = ["| who | " + " | ".join(SHOWN[n] for n in names) + " | min–max | runs |"]
    lines.append("|---|" + "--:|" * (len(names) + 2))
    servers = {contender.name: SERVERS[contender.server].name for contender in WORKS[work].contenders}
    for contender, runs in figures.items():
        whole = [got for got in runs if got]
        if not whole:
            lines.append(f"| {contender} | failed |")
            continue
        cells = []
        for n in names:
            values = [got[n] for got in whole if n in got]
            mark = " (!)" if n == "load_busy" and values and median(values) > 0.9 else ""
            cells.append(shown(median(values)) + mark if values else "")
        spread = f"{shown(min(got[unit] for got in whole))}–{shown(max(got[unit] for got in whole))}"
        who = contender if WORKS[work].kind == "store" else f"{contender} ({servers[contender]})"
        lines.append(f"| {who} | {' | '.join(cells)} | {spread} | {len(whole)}/{len(runs)} |")
    return lines
