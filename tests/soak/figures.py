"""What was sampled of a server over hours, and what that says. Pure."""

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

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
    objects: int  # that Python's collector looks after
    database_mb: float
    log_mb: float  # the write-ahead log

    def __str__(self) -> str:
        return (
            f"{self.memory_mb:.0f} MB, {self.objects} objects, {self.files} files, {self.threads} threads,"
            f" {self.tasks} tasks, {self.rooms} rooms, {self.sockets} sockets,"
            f" database {self.database_mb:.1f} MB + log {self.log_mb:.1f} MB"
        )


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
    spare = {"files": SPARE_FILES, "threads": SPARE_THREADS, "memory_mb": inf, "objects": inf}
    return [
        f"{after[name]:g} {name}, {before[name]:g} before anyone came"
        for name in before
        if after[name] > before[name] + spare.get(name, 0)
    ]
