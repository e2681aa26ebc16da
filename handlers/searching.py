"""Search as the server does it: one question at a time, and the index kept behind the log, without haste."""

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any

from events import Unavailable
from models import Store, search_index
from models.calls import CallFilter
from models.search import Found, search
from models.search_index import Watermark

PATIENCE = 4  # times as long as a batch took it waits before the next: a fifth of the writer's time at most

log = logging.getLogger(__name__)


class Searching:
    """What is stored can be found a second or two later; later where the store has more to do than it can."""

    def __init__(self, store: Store):
        self._store = store
        self._one_at_a_time = asyncio.Lock()  # the other readers are there for those who watch
        self._at_work = asyncio.Lock()
        self._closing = asyncio.Event()
        self._watermark: Watermark | None = None

    async def find(self, organization_id: int, query: str, where: CallFilter, skip: int, limit: int) -> Found:
        """As models/search.py. Raises Refused, Unavailable."""
        async with self._one_at_a_time:
            return await self._store.read(search, organization_id, query, where, skip, limit)

    async def tick(self) -> None:
        """Every second: take what was stored since."""
        try:
            await self._take(patience=PATIENCE)
        except Unavailable:
            log.debug("the search index could not be brought up to date; the next tick tries again")

    async def catch_up(self) -> None:
        """Take all there is, now."""
        while not self._closing.is_set() and await self._store.read(search_index.is_behind):
            await self._take(patience=0)
            await self._rest(0.005)

    async def close(self) -> None:
        """Leave off; what was not taken is taken by the next server."""
        self._closing.set()
        async with self._at_work:
            pass

    async def _take(self, patience: int) -> None:
        async with self._at_work:
            if self._watermark is None:
                if not await self._store.read(search_index.is_behind):
                    return
                self._watermark = await self._store.write(search_index.watermark)
            while not self._closing.is_set():
                begun = time.monotonic()
                is_last = await self._write(search_index.take, self._watermark)
                if is_last is None:
                    return
                if is_last:
                    self._watermark = None
                await self._write(search_index.tidy)
                if is_last:
                    return
                await self._rest((time.monotonic() - begun) * patience)

    async def _write(self, work: Any, *args: Any) -> Any:
        try:
            return await self._store.write(work, *args)
        except Unavailable:
            raise
        except Exception:  # PostgreSQL, where entries are deleted meanwhile: what is left is taken anew
            log.warning("a part of the search index was not written and will be tried again", exc_info=True)
            return None

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)
