"""What is counted while it happens, for a few nanoseconds each; and how Prometheus wants to read it.

A part of the house that counts is given the one `Numbers`. What can be looked up when somebody asks (how many watch,
how long a queue is) is not counted. handlers/numbers.py has the names under which all of it is told.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

MILLISECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Histogram:
    """How often which sizes came. One thread observes; any may read."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: tuple[float, ...]):
        self.bounds = bounds  # the greatest of each bucket, ascending; beyond them is one more bucket
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value


class Heard:
    """How much one source has told."""

    __slots__ = ("final", "interim", "other", "status")

    def __init__(self) -> None:
        self.final = self.interim = self.status = self.other = 0


class Numbers:
    """Counted since the process started. Labels are words of ours, never what somebody sent."""

    __slots__ = (
        *("closes", "commit_s", "commit_writes", "commits_failed", "deliver_s", "deliveries", "dropped"),
        *("fallbacks", "heard", "loop_lag_s", "messages_limited", "messages_sent", "refusals", "rejected", "requests"),
    )

    def __init__(self) -> None:
        self.heard: defaultdict[str, Heard] = defaultdict(Heard)  # by source
        self.rejected: Counter[tuple[str, str]] = Counter()  # (source, reason)
        self.messages_sent = 0
        self.deliver_s = Histogram(MILLISECONDS)
        self.fallbacks = 0
        self.dropped: Counter[tuple[str, str]] = Counter()  # (what, reason)
        self.commit_writes = Histogram(BATCHES)
        self.commit_s = Histogram(MILLISECONDS)
        self.commits_failed = 0
        self.closes: Counter[tuple[str, str]] = Counter()  # (socket, code)
        self.refusals: Counter[tuple[str, str]] = Counter()  # (socket, error)
        self.requests: Counter[tuple[str, str, str]] = Counter()  # (route, method, status class)
        self.messages_limited = 0  # of viewers
        # Of alerts, by outcome; each is told from the start: for Prometheus what appears has not increased.
        self.deliveries: Counter[str] = Counter(arrived=0, failed=0, retried=0)
        self.loop_lag_s = Histogram(MILLISECONDS)


class Family(NamedTuple):
    """One metric: what a line of Prometheus' text says of all its samples."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


# None: not known just now; a mapping: by the values of the labels, a text where there is one label
Value = float | Mapping[str | tuple[str, ...], float] | Histogram | None


def exposition(values: Iterable[tuple[Family, Value]]) -> bytes:
    """In Prometheus' text format 0.0.4."""
    lines: list[str] = []
    for family, value in values:
        lines += [f"# HELP {family.name} {_escaped(family.help)}", f"# TYPE {family.name} {family.kind}"]
        if isinstance(value, Histogram):
            lines += _buckets(family.name, value)
        elif isinstance(value, Mapping):
            lines += [f"{family.name}{_labels(family, key)} {each}" for key, each in sorted(value.items())]
        elif value is not None:
            lines.append(f"{family.name} {value}")
    return ("\n".join(lines) + "\n").encode()


def _buckets(name: str, histogram: Histogram) -> Iterable[str]:
    counts, upto = list(histogram.counts), 0  # a copy: the sums below must fit together
    for bound, count in zip((*histogram.bounds, "+Inf"), counts, strict=True):
        upto += count
        yield f'{name}_bucket{{le="{bound}"}} {upto}'
    yield f"{name}_sum {histogram.sum}"
    yield f"{name}_count {upto}"


def _labels(family: Family, key: str | tuple[str, ...]) -> str:
    texts = (key,) if isinstance(key, str) else key
    pairs = [f'{label}="{_escaped(text, quoted=True)}"' for label, text in zip(family.labels, texts, strict=True)]
    return "{" + ",".join(pairs) + "}"


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", r"\\").replace("\n", r"\n")
    return text.replace('"', r"\"") if quoted else text
