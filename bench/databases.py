"""The PostgreSQL that is measured with: the one of the tests, but waiting for the disk."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from contenders import ROOT

sys.path.append(str(ROOT / "tests"))

from postgres import Postgres, installed


class DurablePostgres(Postgres):
    options = ()


@contextmanager
def durable_postgres() -> Iterator[DurablePostgres]:
    """One that runs, and ends with the block."""
    with tempfile.TemporaryDirectory(prefix="callboard-bench-", ignore_cleanup_errors=True) as folder:
        server = DurablePostgres(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()


@contextmanager
def postgres(is_wanted: bool) -> Iterator[None]:
    """POSTGRES_URL in the environment leads to it while the block lasts; where it is not installed nothing does."""
    if not is_wanted:
        yield
        return
    if not installed():
        print("left out: PostgreSQL (not installed)", file=sys.stderr)
        yield
        return
    with durable_postgres() as server:
        os.environ["POSTGRES_URL"] = server.url
        try:
            yield
        finally:
            del os.environ["POSTGRES_URL"]
