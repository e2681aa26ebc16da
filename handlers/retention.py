"""Once an hour: the ended calls that their organisations keep no longer are deleted, a few rows at a time."""

import asyncio
import logging
import time
from contextlib import suppress
from functools import partial
from typing import Any

from msgspec.structs import replace

from events import SECOND, Unavailable
from models import Store, audit, erased, erasing, retention
from models.audit import AuditEntry
from models.retention import DAY_US, Rule

ROUND_S = 3000  # the next round begins after an hour
CALLS = 50  # asked for at once
PATIENCE = 4  # times as long as a piece took it waits before the next: a fifth of the writer's time at most
UNAVAILABLE = "The database could not be used."

log = logging.getLogger(__name__)


class Retention:
    def __init__(self, store: Store):
        self._store = store
        self._closing, self._at_work = asyncio.Event(), asyncio.Lock()
        self._round_begun: asyncio.Task | None = None

    def start(self) -> None:
        """A round in the background."""
        self._round_begun = asyncio.ensure_future(self.run())

    async def run(self) -> None:
        """One round. Where one is at work already, nothing."""
        if self._at_work.locked():
            return
        async with self._at_work:
            try:
                await self._store.write(erased.forget_old, self._store.clock())
                rules = await self._store.read(retention.rules)
                for rule in rules:
                    await self._round(rule)
            except Unavailable:
                log.warning("retention: the database cannot be used; the next round tries again")

    async def close(self) -> None:
        """Leave off; the next server goes on."""
        self._closing.set()
        async with self._at_work:
            pass

    async def _round(self, rule: Rule) -> None:
        began_at, began = self._store.clock(), time.monotonic()
        before, deleted, problem = began_at - rule.days * DAY_US, 0, None
        try:
            while not self._is_over(began) and (
                ids := await self._store.read(retention.due, rule.organization_id, before, CALLS)
            ):
                for call_id in ids:
                    deleted += await self._delete(call_id, began)
        except Unavailable:
            problem = UNAVAILABLE
        except Exception:
            log.exception("retention: a round failed")
            problem = "It failed, and the server's log says why."
        left = await self._store.read(retention.how_many_due, rule.organization_id, before)
        took = int((time.monotonic() - began) * SECOND)
        done = replace(rule, ran_at=began_at, deleted=deleted, took=took, is_behind=left > 0, problem=problem)
        await self._store.write(audit.recorded, _entry(done), retention.remember, done)

    async def _delete(self, call_id: int, began: float) -> bool:
        """Whether the whole call is deleted."""
        is_gone = False
        while not is_gone and not self._is_over(began):
            piece_began = time.monotonic()
            is_gone = await self._store.write(erasing.delete_piece, call_id)
            await self._rest((time.monotonic() - piece_began) * PATIENCE)
        return is_gone

    def _is_over(self, began: float) -> bool:
        return self._closing.is_set() or time.monotonic() - began > ROUND_S

    async def _rest(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)


def _entry(done: Rule) -> AuditEntry | None:
    """Only where something happened: an entry an hour about nothing would hide the others."""
    if not done.deleted and done.problem is None:
        return None
    detail: dict[str, Any] = {"calls": done.deleted, "problem": done.problem}
    make = partial(AuditEntry, organization_id=done.organization_id, at=done.ran_at, action="retention.enforced")
    return make(detail={name: value for name, value in detail.items() if value is not None})
