"""The one async door to the database: a writer thread that commits what arrived together, and readers beside it."""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from peewee import InterfaceError, OperationalError, PeeweeException

from events import Unavailable
from models.database import migrate, open_database, reachable, write_transaction

log = logging.getLogger(__name__)

READERS = 3  # pages and replays; SQLite reads in parallel, and two cores gain nothing from more
MAX_BATCH = 256  # bounds the work that one commit loses if it fails, and the time readers of its results wait
MAX_QUEUE = 10_000  # a third of a second of the measured rate: beyond it a producer is better told to wait
COMMIT_TIMEOUT_S = 5.0  # a provider's own time-outs start at 2–15 s; past this the caller should retry


def wall_clock() -> int:
    """µs since the Unix epoch."""
    return time.time_ns() // 1000


class _Job(NamedTuple):
    future: asyncio.Future
    work: Callable[..., Any]
    args: tuple
    then: Callable[[Any], None] | None


class Store:
    """Runs questions (`read`) and changes (`write`) of the other files of this folder, off the IOLoop.

    `work(db, *args)` gets the database first. Nothing but plain values and the structs of `events` comes back.
    """

    def __init__(self, url: str, *, clock: Callable[[], int] = wall_clock):
        self.clock = clock
        self.db = open_database(url, checkpoints=True)
        self._jobs: queue.Queue[_Job | None] = queue.Queue(MAX_QUEUE)
        self._readers = ThreadPoolExecutor(READERS, "store-read")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = threading.Thread(target=self._write_batches, name="store-write", daemon=True)
        self.commits = 0

    def open(self) -> None:
        """Create or migrate the database (blocking: before serving) and start the writer.

        Raises DatabaseTooNew, DatabaseUnreachable."""
        with reachable(), self.db.connection_context():
            migrate(self.db)
        self._loop = asyncio.get_running_loop()
        self._writer.start()

    async def read(self, work: Callable[..., Any], *args) -> Any:
        """The result of `work(db, *args)` in a reader thread. Raises Unavailable, and what `work` raises."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, work, args)

    async def write(self, work: Callable[..., Any], *args, then: Callable[[Any], None] | None = None) -> Any:
        """The result of `work(db, *args)` once it is committed. What `work` raises undoes its own changes only.

        `then(result)` is called on the loop in the order of commits, whether or not the caller still waits:
        what must follow from a commit (publishing) goes there. Raises Unavailable when the queue is full or the
        commit takes over 5 s; its outcome is then unknown, so callers must be able to repeat themselves.
        """
        future = asyncio.get_running_loop().create_future()
        try:
            self._jobs.put_nowait(_Job(future, work, args, then))
        except queue.Full:
            raise Unavailable("The server has more to store than it can take just now.") from None
        try:
            async with asyncio.timeout(COMMIT_TIMEOUT_S):
                return await future
        except TimeoutError:
            raise Unavailable("Storing takes too long just now.") from None

    async def close(self) -> None:
        """Commit what is queued, then close every connection."""
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        self._jobs.put(None)
        self._writer.join()
        all_here = threading.Barrier(READERS)  # so that each reader thread takes one of these tasks
        for _ in range(READERS):
            self._readers.submit(lambda: (self.db.close(), all_here.wait()))
        self._readers.shutdown()

    def _read(self, work: Callable[..., Any], args: tuple) -> Any:
        try:
            self.db.connect(reuse_if_open=True)
            return work(self.db, *args)
        except (OperationalError, InterfaceError) as error:
            self.db.close()  # the next question connects anew
            raise Unavailable("The database does not answer just now.") from error

    def _write_batches(self) -> None:
        open_ = True
        while open_:
            batch = [self._jobs.get()]
            while len(batch) < MAX_BATCH and not self._jobs.empty():  # whatever queued up during the last commit
                batch.append(self._jobs.get_nowait())
            open_ = None not in batch
            if jobs := [job for job in batch if job is not None]:
                outcomes = self._commit(jobs)
                self._loop.call_soon_threadsafe(_settle, jobs, outcomes)
        self.db.close()

    def _commit(self, jobs: list[_Job]) -> list[tuple[Any, BaseException | None]]:
        """A (result, error) for each job, all of them committed or, if the commit failed, none."""
        outcomes: list[tuple[Any, BaseException | None]] = []
        try:
            self.db.connect(reuse_if_open=True)
            with write_transaction(self.db):
                for job in jobs:
                    try:
                        with self.db.atomic():  # a savepoint: one bad job spoils only itself
                            outcomes.append((job.work(self.db, *job.args), None))
                    except (OperationalError, InterfaceError):
                        raise
                    except Exception as error:
                        outcomes.append((None, error))
            self.commits += 1
            return outcomes
        except PeeweeException as error:
            self.db.close()
            log.error("%d writes were not committed: %s", len(jobs), error)
            return [(None, Unavailable("The database cannot store just now.")) for _ in jobs]


def _settle(jobs: list[_Job], outcomes: list[tuple[Any, BaseException | None]]) -> None:
    for job, (result, error) in zip(jobs, outcomes, strict=True):
        if error is None and job.then is not None:
            try:
                job.then(result)
            except Exception:  # stored all the same: the others and the waiter must hear of it
                log.exception("what follows a commit failed")
        if not job.future.done():  # the waiter may have gone
            job.future.set_result(result) if error is None else job.future.set_exception(error)
