"""Long statements that say now and then that they go on, and can be ended midway: for progress, and for Ctrl-C."""

import select
from collections.abc import Callable
from contextlib import contextmanager

import psycopg2
from peewee import Database, PeeweeException, SqliteDatabase
from psycopg2 import extensions

STEPS_PER_TICK = 100_000  # of SQLite's machine: some ms
TICK_S = 0.1  # of waiting for PostgreSQL


@contextmanager
def ticking(db: Database, tick: Callable[[], None]):
    """`tick()` is called now and then during the statements of the block; what it raises ends the statement."""
    raised: list[BaseException] = []
    with (_on_sqlite if isinstance(db, SqliteDatabase) else _on_postgresql)(db, tick, raised):
        try:
            yield
        except (PeeweeException, psycopg2.Error):
            if raised:
                raise raised[0] from None
            raise


@contextmanager
def _on_sqlite(db: SqliteDatabase, tick: Callable[[], None], raised: list[BaseException]):
    def call() -> int:
        try:
            tick()
        except BaseException as error:
            raised.append(error)
        return len(raised)

    connection = db.connection()
    connection.set_progress_handler(call, STEPS_PER_TICK)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


@contextmanager
def _on_postgresql(db: Database, tick: Callable[[], None], raised: list[BaseException]):
    """For a process that does nothing else on PostgreSQL meanwhile: all its connections wait in this way. In the
    library's own not even Ctrl-C is noticed before the statement has ended."""

    def wait(connection) -> None:
        while (state := connection.poll()) != extensions.POLL_OK:
            ready = [connection.fileno()]
            try:
                select.select(ready, ready if state == extensions.POLL_WRITE else (), (), TICK_S)
                if not raised:
                    tick()
            except BaseException as error:  # the server is asked to end the statement, which `poll` then says
                raised.append(error)
                connection.cancel()

    extensions.set_wait_callback(wait)
    try:
        yield
    finally:
        extensions.set_wait_callback(None)
