"""The results as a picture (SVG): bars of CPU time, readable on light and on dark pages."""

from statistics import median
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from table import shown


class Panel(NamedTuple):
    work: str
    title: str
    figure: str
    bars: tuple[tuple[str, str], ...]  # contender, and what it is called


PANELS = (
    Panel(
        *("fanout", "Delivering: µs of CPU for each message that a viewer receives (500 calls × 10 viewers)"),
        "us_per_message",
        (
            ("floor", "C, one send() each: the floor"),
            ("ours", "Callboard"),
            ("websockets", "Python websockets, broadcast"),
            ("node", "Node ws"),
            ("fastapi", "FastAPI + uvicorn"),
            ("tornado", "Tornado, write_message"),
        ),
    ),
    Panel(
        *("durable", "From the producer's socket to two viewers: µs of CPU for each event"),
        "us_per_event",
        (
            ("ours", "Callboard, on disk before it is shown"),
            ("fastapi", "FastAPI, stores nothing"),
            ("fastapi-stores", "FastAPI, a commit for each"),
        ),
    ),
)
WIDTH, LABELS, NUMBERS = 760, 250, 60  # px
BAR, GAP, TITLE = 18, 8, 34
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328; }
    .title { font-weight: 600; }
    .bar { fill: #8c959f; }
    .ours { fill: #0969da; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .bar { fill: #6e7681; }
      .ours { fill: #4493f8; }
    }
"""


def drawn(results: dict[str, Any]) -> str:
    """The picture of those works that were measured."""
    parts: list[str] = []
    y = 8
    for panel in PANELS:
        figures = results["works"].get(panel.work, {})
        bars = [(name, label, _median(figures.get(name, []), panel.figure)) for name, label in panel.bars]
        y = _draw(parts, y, panel.title, [bar for bar in bars if bar[2] is not None])
    rounds = max((len(runs) for panel in PANELS for runs in results["works"].get(panel.work, {}).values()), default=0)
    told = f"make bench: medians of {rounds} run{'s' * (rounds != 1)} of each, in turn on one machine"
    parts.append(f'<text x="8" y="{y + 16}">{escape(told)}</text>')
    height = y + 28
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    summary = "; ".join(panel.title for panel in PANELS)
    body = "\n  ".join(parts)
    return f'{head} role="img">\n  <title>{escape(summary)}</title>\n  <style>{STYLE}  </style>\n  {body}\n</svg>\n'


def _median(runs: list[dict[str, float] | None], figure: str) -> float | None:
    values = [got[figure] for got in runs if got]
    return median(values) if values else None


def _draw(parts: list[str], y: int, title: str, bars: list[tuple[str, str, float]]) -> int:
    """Where the next panel begins."""
    if not bars:
        return y
    longest = max(value for _, _, value in bars)
    parts.append(f'<text class="title" x="8" y="{y + 16}">{escape(title)}</text>')
    y += TITLE
    for name, label, value in bars:
        width = (WIDTH - LABELS - NUMBERS) * value / longest
        kind = "bar ours" if name == "ours" else "bar"
        parts.append(f'<text x="{LABELS - 8}" y="{y + 14}" text-anchor="end">{escape(label)}</text>')
        parts.append(f'<rect class="{kind}" x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>')
        parts.append(f'<text x="{LABELS + width + 6:.1f}" y="{y + 14}">{shown(value)}</text>')
        y += BAR + GAP
    return y + GAP
