"""What was sampled of a server over hours, and what that says. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from math import inf
from statistics import median
from typing import NamedTuple

from metrics import MILLISECONDS

GROWTH_MB_PER_HOUR = 4.0
RESTLESS_MB = 8.0  # by which the figure moves without meaning anything
JUDGED_S = 1200.0  # in less than this its moving is more than any growth
WARM_UP = 1 / 3  # of the run: until caches are full and every thread has had its first work
LONGEST_WARM_UP_S = 1800.0
SPARE_THREADS = 16  # pools have had their first work by then
SPARE_FILES = 16  # and their threads keep their connections to the database


class Sample(NamedTuple):
    """The server at one moment."""

    at_s: float  # since the load began
    memory_mb: float
    files: int
    threads: int
    tasks: int
    rooms: int
    sockets: int
    blocks: int  # of memory that Python's allocator has given out
    database_mb: float
    log_mb: float  # the write-ahead log

    def __str__(self) -> str:
        return (
            f"{self.memory_mb:.0f} MB, {self.blocks} blocks, {self.files} files, {self.threads} threads,"
            f" {self.tasks} tasks, {self.rooms} rooms, {self.sockets} sockets,"
            f" database {self.database_mb:.1f} MB + log {self.log_mb:.1f} MB"
        )


class Stretch(NamedTuple):
    """What was counted up to the beginning of a stretch of time: how often something took how long, by MILLISECONDS."""

    at_s: float
    finals: int
    loop_lag: list[int]
    deliver: list[int]


def table(samples: Sequence[Sample], stretches: Sequence[Stretch]) -> Iterator[str]:
    """Markdown, a row for each stretch."""
    yield "| minutes | finals/s | memory MB | files | sockets | loop lag p99 ms | receipt to sent p50, p99 ms |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for begin, end in pairwise(stretches):
        within = [sample for sample in samples if begin.at_s <= sample.at_s < end.at_s] or samples[-1:]
        lag, sent = ([b - a for a, b in zip(*of_it, strict=True)] for of_it in zip(begin[2:], end[2:], strict=True))
        memory, files, sockets = (
            median(getattr(s, name) for s in within) for name in ("memory_mb", "files", "sockets")
        )
        finals = (end.finals - begin.finals) / max(1.0, end.at_s - begin.at_s)
        yield (
            f"| {begin.at_s / 60:.0f}–{end.at_s / 60:.0f} | {finals:.0f} | {memory:.0f} | {files:.0f} | {sockets:.0f}"
            f" | {_within_ms(lag, 0.99)} | {_within_ms(sent, 0.5)}, {_within_ms(sent, 0.99)} |"
        )


def _within_ms(counts: Sequence[int], share: float) -> str:
    """`≤ 25`: the bound of the bucket in which this share of them ends."""
    wanted, upto = share * sum(counts), 0
    for bound, count in zip((*MILLISECONDS, inf), counts, strict=True):
        upto += count
        if upto >= wanted:
            return f"≤ {bound * 1000:g}"
    return "–"


def after_warm_up(samples: Sequence[Sample]) -> Sequence[Sample]:
    if not samples:
        return samples
    begins_at = min(samples[-1].at_s * WARM_UP, LONGEST_WARM_UP_S)
    return [sample for sample in samples if sample.at_s >= begins_at]


def per_hour(samples: Sequence[Sample], name: str) -> float:
    """By how much this figure grows in an hour: the slope of the line with the least squares."""
    times, values = [sample.at_s / 3600 for sample in samples], [getattr(sample, name) for sample in samples]
    if len(times) < 2:
        return 0.0
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - middle) ** 2 for time in times)
    return sum((time - middle) * (value - mean) for time, value in zip(times, values, strict=True)) / spread


def too_much_memory(samples: Sequence[Sample]) -> str | None:
    """What is wrong with it, by the slope: a single peak is not growth. None also where the time was too short."""
    measured = after_warm_up(samples)
    seconds = measured[-1].at_s - measured[0].at_s if measured else 0.0
    if seconds < JUDGED_S:
        return None
    grown, allowed = (slope * seconds / 3600 for slope in (per_hour(measured, "memory_mb"), GROWTH_MB_PER_HOUR))
    if grown <= max(allowed, RESTLESS_MB):
        return None
    return f"memory grew by {grown:.1f} MB in the {seconds / 60:.0f} minutes after the warm-up"


def left_over(before: Mapping[str, float], after: Mapping[str, float]) -> list[str]:
    """What is not as it was before anyone came, of the figures that must be."""
    spare = {"files": SPARE_FILES, "threads": SPARE_THREADS, "memory_mb": inf, "blocks": inf}
    return [
        f"{after[name]:g} {name}, {before[name]:g} before anyone came"
        for name in before
        if after[name] > before[name] + spare.get(name, 0)
    ]
