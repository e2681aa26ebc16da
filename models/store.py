"""The one async door to the database: a writer thread that commits what arrived together, and readers beside it."""

import asyncio
import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any

from peewee import Database, InterfaceError, OperationalError, PeeweeException

from events import Unavailable
from metrics import Numbers
from models.batch import Job, transaction
from models.database import file_identity, is_cut_off, is_sqlite, may_be_repeated, migrate, open_database, reachable
from models.readers import Readers, settle
from models.timing import SLOW_S, Timing
from models.write_ahead import WriteAhead

log = logging.getLogger(__name__)

READERS = 3  # pages and replays; SQLite reads in parallel, and two cores gain nothing from more
MAX_BATCH = 256  # bounds the work that one commit loses if it fails, and the time readers of its results wait
MAX_QUEUE = 10_000  # a third of a second of the measured rate: beyond it a producer is better told to wait
SETTLED_AT_ONCE = 32  # about a millisecond of publishing
ATTEMPTS = 3  # at a batch that PostgreSQL aborts for another node's sake; the next one nearly always gets through
COMMIT_TIMEOUT_S = 5.0  # a provider's own time-outs start at 2–15 s; past this the caller should retry
STOOD_STILL_S = 0.5  # a timer of the loop that is later than this was held up with all the rest of the machine


def wall_clock() -> int:
    """µs since the Unix epoch."""
    return time.time_ns() // 1000


class Store:
    """Runs questions (`read`) and changes (`write`) of the other files of this folder, off the IOLoop.

    `work(db, *args)` gets the database first. Nothing but plain values and the structs of `events` comes back.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Callable[[], int] = wall_clock,
        numbers: Numbers | None = None,
        slow_s: float = SLOW_S,
    ):
        self.clock, self._url = clock, url
        self._timing = Timing(numbers or Numbers(), slow_s)
        self._db = open_database(url, checkpoints=True)  # the writer's, and nobody else's
        self._reading = open_database(url, writes=False)
        self.write_ahead = WriteAhead(self._db)
        self._file: tuple[int, int] | None = None
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()  # filled by the loop alone
        self._readers = Readers(READERS, leave=self._reading.close)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._writer = threading.Thread(target=self._write_batches, name="store-write", daemon=True)
        self._promised: deque[tuple[float, asyncio.Future]] = deque()  # by when, in order
        self._has_timer = False
        self._settling: deque[tuple[Job, tuple[Any, BaseException | None]]] = deque()  # committed, in order
        self._is_closing = False
        self.commits = 0

    def open(self) -> None:
        """Create or migrate the database (blocking: before serving) and start the writer.

        Raises DatabaseTooNew, DatabaseUnreachable."""
        with reachable(self._url), self._db.connection_context():
            migrate(self._db)
            self._file = file_identity(self._db)
        self._loop = asyncio.get_running_loop()
        self._writer.start()
        self._readers.start()

    async def read(self, work: Callable[..., Any], *args) -> Any:
        """The result of `work(db, *args)` in a reader thread; `work` cannot change anything. Raises Unavailable, and
        what `work` raises."""
        self._must_be_open()
        work_on = partial(copy_context().run, self._read, work, args, time.monotonic())  # what it logs is the asker's
        return await self._readers.ask(work_on)

    @property
    def is_shared(self) -> bool:
        """Whether other servers may work on the same database."""
        return not is_sqlite(self._db)

    @property
    def queued(self) -> int:
        """How many writes wait for the next commit."""
        return self._jobs.qsize()

    async def write(self, work: Callable[..., Any], *args, then: Callable[[Any], None] | None = None) -> Any:
        """The result of `work(db, *args)` once it is committed. What `work` raises undoes its own changes only.

        `then(result)` is called on the loop in the order of commits, whether or not the caller still waits:
        what must follow from a commit (publishing) goes there. Raises Unavailable when the queue is full or the
        commit takes over 5 s; its outcome is then unknown, so callers must be able to repeat themselves.
        """
        return await self._put(work, args, then, is_shared=False)

    def write_together(
        self, work: Callable[..., list], item: Any, then: Callable[[Any], None] | None = None
    ) -> asyncio.Future:
        """As `write`, of one `item` among others: `work(db, items)` gets those that arrived together, and returns for
        each, in order, its result or the exception that it is refused with; a refused item has changed nothing."""
        return self._put(work, (item,), then, is_shared=True)

    def _put(self, work: Callable, args: tuple, then: Callable | None, *, is_shared: bool) -> asyncio.Future:
        self._must_be_open()
        future = self._loop.create_future()
        if self._jobs.qsize() >= MAX_QUEUE:
            raise Unavailable("The server has more to store than it can take just now.")
        self._jobs.put(Job(time.monotonic(), future, work, args, then, is_shared))
        self._forget_kept()
        self._promised.append((self._loop.time() + COMMIT_TIMEOUT_S, future))
        if not self._has_timer:
            self._has_timer = True
            self._look_again_at(self._loop.time() + COMMIT_TIMEOUT_S)
        return future

    def _must_be_open(self) -> None:
        if self._is_closing:
            raise Unavailable("The server is stopping.")

    def _forget_kept(self) -> None:
        """What is settled is not held for as long as it might have taken."""
        while self._promised and self._promised[0][1].done():
            self._promised.popleft()

    def _look_again_at(self, due: float) -> None:
        self._loop.call_at(due, self._give_up, due)

    def _give_up(self, due: float) -> None:
        """Whoever waits for too long is told so. One timer for all: a time-out each would cost more than the rest."""
        now = self._loop.time()
        if now - due > STOOD_STILL_S:  # and so did the writer, which is done in a moment
            return self._look_again_at(now + min(now - due, COMMIT_TIMEOUT_S))
        while self._promised and (self._promised[0][1].done() or self._promised[0][0] <= now):
            _, future = self._promised.popleft()
            if not future.done():
                future.set_exception(Unavailable("Storing takes too long just now."))
        self._has_timer = bool(self._promised)
        if self._promised:
            self._look_again_at(self._promised[0][0])

    async def close(self) -> None:
        """Commit what is queued, then close every connection. Whoever comes after that is told Unavailable."""
        self._is_closing = True
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        self._jobs.put(None)
        self._writer.join()
        self._readers.close()

    def _read(self, work: Callable[..., Any], args: tuple, asked_at: float) -> Any:
        begun_at = time.monotonic()
        try:
            return self._ask(work, args)
        finally:
            self._timing.read(work, asked_at, begun_at)

    def _ask(self, work: Callable[..., Any], args: tuple, *, is_again: bool = False) -> Any:
        try:
            self._connect(self._reading)
            return work(self._reading, *args)
        except (OperationalError, InterfaceError) as error:
            was_cut_off = is_cut_off(self._reading)
            self._reading.close()  # the next question connects anew
            if was_cut_off and not is_again:  # perhaps long ago, and only noticed now
                return self._ask(work, args, is_again=True)
            self._timing.not_answered(error)
            raise Unavailable("The database does not answer just now.") from error

    def _connect(self, db: Database) -> None:
        """Connect this thread, if it is not, to the very file that was opened: no other, and no new one."""
        if self._file is not None and file_identity(db) != self._file:
            raise OperationalError("another database file stands in the place of the one that was opened")
        db.connect(reuse_if_open=True)

    def _write_batches(self) -> None:
        open_ = True
        while open_:
            batch = [self._jobs.get()]
            while len(batch) < MAX_BATCH and not self._jobs.empty():  # whatever queued up during the last commit
                batch.append(self._jobs.get_nowait())
            open_ = None not in batch
            if jobs := [job for job in batch if job is not None]:
                self._loop.call_soon_threadsafe(self._settle_later, jobs, self._commit(jobs))
                self._tidy()
        self._db.close()

    def _commit(self, jobs: list[Job]) -> list[tuple[Any, BaseException | None]]:
        """A (result, error) for each job, all of them committed or, if the commit failed, none."""
        begun_at = time.monotonic()
        for attempts_left in reversed(range(ATTEMPTS)):
            try:
                self._connect(self._db)
                outcomes = transaction(self._db, jobs)
            except Exception as error:  # of whatever kind: with the writer's thread everything would end
                if attempts_left and may_be_repeated(error):
                    continue
                self._db.close()
                self._timing.not_committed(error, len(jobs))
                break
            self.commits += 1
            self._timing.committed([job.work for job in jobs], jobs[0].asked_at, begun_at)
            return outcomes
        return [(None, Unavailable("The database cannot store just now.")) for _ in jobs]

    def _tidy(self) -> None:
        try:
            if not self._db.is_closed():
                self.write_ahead.shorten()
        except PeeweeException as error:
            log.warning("the write-ahead log could not be shortened: %s", error)

    def _settle_later(self, jobs: list[Job], outcomes: list[tuple[Any, BaseException | None]]) -> None:
        """A batch is committed: its jobs are settled a few at a time, so that the loop's other work has its turns."""
        self._settling.extend(zip(jobs, outcomes, strict=True))
        if len(self._settling) == len(jobs):
            self._settle()

    def _settle(self) -> None:
        for _ in range(min(SETTLED_AT_ONCE, len(self._settling))):
            job, (result, error) = self._settling.popleft()
            if error is None and job.then is not None:
                try:
                    job.then(result)
                except Exception:  # stored all the same: the others and the waiter must hear of it
                    log.exception("what follows a commit failed")
            settle(job.future, result, error)
        if self._settling:
            self._loop.call_soon(self._settle)
