"""SQLite's write-ahead log is kept short, whatever is being read meanwhile; by the one connection that may do so."""

import logging
import os

from peewee import Database

from models.database import SQLITE_PRAGMAS, is_sqlite

# The automatic checkpoint, after each commit, never waits for readers: with a page being read at every moment it may
# never get to the end, and the log would grow for as long. Beyond this it waits for those who are reading.
LONGEST_BYTES = 32 << 20
LONGEST_WAIT_MS = 250  # for readers; writes wait as long
SHORT_WAIT_MS = 20  # where it is only to be emptied, and can be the next time

log = logging.getLogger(__name__)


class WriteAhead:
    """The log of the database that `db` writes."""

    def __init__(self, db: Database):
        self._db = db
        self._limit = LONGEST_BYTES
        self.must_be_emptied = False  # of what was deleted the pages are in it as they were before

    def shorten(self) -> None:
        """Bring it into the database if it has become long, or must be emptied; between two transactions."""
        size = self.size() if is_sqlite(self._db) else 0
        is_long = size > self._limit
        if not (is_long or self.must_be_emptied):
            return
        self._db.pragma("busy_timeout", LONGEST_WAIT_MS if is_long else SHORT_WAIT_MS)
        try:
            is_busy = bool(size and self._db.pragma("wal_checkpoint(TRUNCATE)"))
        finally:
            self._db.pragma("busy_timeout", SQLITE_PRAGMAS["busy_timeout"])
        self.must_be_emptied &= is_busy
        if not is_long:
            return
        if is_busy:
            log.warning("someone has been reading for long: the write-ahead log has grown to %d MB", size >> 20)
        self._limit = size + LONGEST_BYTES if is_busy else LONGEST_BYTES  # not after every commit

    def size(self) -> int:
        """Bytes of its file."""
        try:
            return os.stat(f"{self._db.database}-wal").st_size
        except FileNotFoundError:
            return 0
