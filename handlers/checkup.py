"""Whether the server can do its work now, and how its database is: answered within seconds, whatever is the matter."""

import asyncio
import logging
from typing import Any

from events import Unavailable
from handlers.gate import Gate
from models import Store
from models.vitals import Vitals, is_migrated, vitals

WAIT_S = 2.0  # those who ask give up after 1–10 s themselves

log = logging.getLogger(__name__)


class Question:
    """Something that the database is asked at most once at a time: whoever comes meanwhile gets the same answer. So a
    database that hangs, or a flood of questions, occupies one reader."""

    def __init__(self, store: Store, work: Any):
        self._store, self._work = store, work
        self._asking: asyncio.Task | None = None

    async def answer(self) -> Any:
        """Raises Unavailable, whatever went wrong, and after WAIT_S."""
        if self._asking is None:
            self._asking = asyncio.ensure_future(self._store.read(self._work))
            self._asking.add_done_callback(self._answered)
        try:
            return await asyncio.wait_for(asyncio.shield(self._asking), WAIT_S)
        except TimeoutError:
            raise Unavailable(f"The database has not answered for {WAIT_S:g} s.") from None
        except Unavailable:
            raise
        except Exception as error:  # rights that the database does not give us, a disk that cannot be looked at
            log.exception("the database could not be looked at")
            raise Unavailable("The database could not be looked at.") from error

    def _answered(self, asking: asyncio.Task) -> None:
        self._asking = None
        if not asking.cancelled():
            asking.exception()  # nobody may be left to hear of it


class Checkup:
    def __init__(self, store: Store, gate: Gate):
        self._gate = gate
        self._is_migrated, self._vitals = Question(store, is_migrated), Question(store, vitals)

    async def hindrance(self) -> str | None:
        """What keeps the server from serving: `stopping`, `database_unavailable`, `database_not_migrated`; None where
        nothing does."""
        if self._gate.is_closing:
            return "stopping"
        try:
            return None if await self._is_migrated.answer() else "database_not_migrated"
        except Unavailable:
            return "database_unavailable"

    async def vitals(self) -> Vitals | None:
        """None where the database does not answer."""
        try:
            return await self._vitals.answer()
        except Unavailable:
            return None
