"""What arrived together, in one transaction: all of it is committed or nothing, and a bad job spoils only itself."""

import asyncio
from collections.abc import Callable
from itertools import groupby
from typing import Any, NamedTuple

from peewee import Database, InterfaceError, OperationalError

from models.database import write_transaction

Outcome = tuple[Any, BaseException | None]  # the result, or what went wrong


class Job(NamedTuple):
    asked_at: float  # s, monotonic
    future: asyncio.Future
    work: Callable[..., Any]
    args: tuple
    then: Callable[[Any], None] | None
    is_shared: bool = False  # its work takes a list of what several such jobs bring, and returns a list


def transaction(db: Database, jobs: list[Job]) -> list[Outcome]:
    """An outcome for each, in their order, all committed. Raises what the database does where it cannot."""
    outcomes: list[Outcome] = []
    with write_transaction(db):
        for work, group in groupby(jobs, key=lambda job: job.work if job.is_shared else None):
            together = list(group)
            outcomes += _together(db, work, together) if work else [_alone(db, job) for job in together]
    return outcomes


def _together(db: Database, work: Callable[..., list], jobs: list[Job]) -> list[Outcome]:
    try:
        with db.atomic():
            results = work(db, [job.args[0] for job in jobs])
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        if len(jobs) > 1:  # one of them spoils it: find out which
            return [_alone(db, job) for job in jobs]
        return [(None, error)]
    return [(None, result) if isinstance(result, Exception) else (result, None) for result in results]


def _alone(db: Database, job: Job) -> Outcome:
    if job.is_shared:
        return _together(db, job.work, [job])[0]
    try:
        with db.atomic():  # a savepoint: one bad job spoils only itself
            return job.work(db, *job.args), None
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        return None, error
