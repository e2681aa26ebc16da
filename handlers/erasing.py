"""Calls that are deleted, by whichever process: a server forgets what it holds of them, and on SQLite sees to it that
their words are nowhere in the search index and the write-ahead log.
"""

import asyncio
import logging
import time
from contextlib import suppress
from functools import partial

from events import Unavailable
from handlers.history import History
from hub import Hub
from models import Store, audit, erasing, search_index
from models.audit import AuditEntry
from pipeline import Pipeline

DAY_S = 86_400  # between two cleanings of the index that retention is the reason for: each reads and writes all of it
PATIENCE = 4  # as handlers/searching.py

log = logging.getLogger(__name__)


class Erasing:
    def __init__(self, store: Store, hub: Hub, pipeline: Pipeline, history: History):
        self._store, self._hub, self._pipeline, self._history = store, hub, pipeline, history
        self._version: int | None = None  # not read yet: the first look is for what was deleted since we began
        self._is_settling = False
        self._cleaned_at: float | None = None  # the index, on the monotonic clock
        self._closing, self._at_work = asyncio.Event(), asyncio.Lock()
        self._wants_clean_index = False

    async def erase(self, ids: list[int], entry: AuditEntry | None = None) -> None:
        """Erase these calls of which somebody said so: when this returns nobody is shown them any more."""
        now = self._store.clock()
        work = partial(self._store.write, audit.recorded, entry, erasing.erase, now, ids)
        await work(then=lambda _: self.forget(set(ids), set()))
        self._wants_clean_index = True

    def forget(self, ids: set[int], states: set[tuple[int, str]]) -> None:
        """Whoever watches one of these calls is sent away, and nothing of them stays in memory."""
        self._hub.forget(ids)
        self._pipeline.forget(ids, states)
        self._history.forget(ids)

    async def poll(self) -> None:
        """Twice a second. After a change twice: of what was committed just before it news may still be on the way."""
        try:
            state = await self._store.read(erasing.state)
            is_new = state.version != self._version
            if is_new or self._is_settling:
                known = self._hub.call_ids() | self._pipeline.call_ids() | self._history.call_ids()
                self.forget(*await self._store.read(erasing.gone, known, self._pipeline.stored_states()))
            elif state.cleaned is not None and state.cleaned < state.version:
                await self._empty_log(state.version)
            self._version, self._is_settling = state.version, is_new  # not before: what fails is tried again
        except Unavailable:
            log.debug("deleted calls could not be looked for; the next poll tries again")

    async def clean(self) -> None:
        """Every few seconds: take what was deleted out of the index, at once where somebody asked for it, for
        retention's sake once a day."""
        is_asked, now = self._wants_clean_index, time.monotonic()
        if not is_asked and self._cleaned_at is not None and now < self._cleaned_at + DAY_S:
            return
        if self._at_work.locked():
            return
        async with self._at_work:
            try:
                if (await self._store.read(erasing.state)).is_index_clean:
                    self._wants_clean_index = False
                    return
                self._wants_clean_index = False
                await self._store.write(search_index.begin_cleaning)
                while not self._closing.is_set():
                    began = time.monotonic()
                    if await self._store.write(search_index.clean):
                        break
                    await self._rest((time.monotonic() - began) * PATIENCE)
                self._cleaned_at = time.monotonic()
                await self._store.write(erasing.changed)  # for the log, which has the index as it was
            except Unavailable:
                self._wants_clean_index |= is_asked

    async def close(self) -> None:
        self._closing.set()
        async with self._at_work:
            pass

    async def _empty_log(self, version: int) -> None:
        self._store.write_ahead.must_be_emptied = True
        await self._store.write(_nothing)  # behind it the writer empties the log …
        await self._store.write(_nothing)  # … which it has done before this
        if not self._store.write_ahead.must_be_emptied:
            await self._store.write(erasing.is_cleaned, version)

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)


def _nothing(db: object) -> None:
    pass
