"""Deepgram's own messages on the producer socket, which go the way of a webhook: through the organisation's source."""

import asyncio
from collections.abc import Callable
from typing import Any

from handlers.audit import entry_by
from handlers.services import Services
from models.audit import AuditEntry
from models.heard import Recorded
from models.rights import Grant

KIND = "deepgram"


class DeepgramFeed:
    """Those of one socket. What it says of one call is stored in the order in which it was said, whatever it is."""

    __slots__ = ("_address", "_grant", "_newest", "_services")

    def __init__(self, services: Services, grant: Grant, address: str):
        self._services, self._grant, self._address = services, grant, address
        self._newest: dict[str, asyncio.Task] = {}  # being stored, by call_sid

    def is_storing(self, call_sid: str) -> bool:
        return call_sid in self._newest

    def receive(self, payload: Any) -> asyncio.Task[Recorded | None]:
        """Store a message; None where there was nothing to store."""
        return self._queue(payload.call_sid, self._receive(payload, self._newest.get(payload.call_sid)))

    def submit(
        self, call_sid: str, submit: Callable[[], asyncio.Future[Recorded] | None]
    ) -> asyncio.Task[Recorded | None]:
        """Store what else is said of a call, after the messages that came before it."""
        return self._queue(call_sid, self._submit(submit, self._newest[call_sid]))

    def _queue(self, call_sid: str, work: Any) -> asyncio.Task[Recorded | None]:
        task = self._newest[call_sid] = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: self._newest.get(call_sid) is done and self._newest.pop(call_sid))
        return task

    async def _receive(self, payload: Any, before: asyncio.Task | None) -> Recorded | None:
        if before is not None:
            await asyncio.wait([before])
        services, organization_id = self._services, self._grant.organization_id
        source = await services.gate.fed_source(organization_id, KIND, self._made)
        recorded = await services.pipeline.receive(source, payload)
        services.activity.heard(source.id)
        return recorded

    async def _submit(
        self, submit: Callable[[], asyncio.Future[Recorded] | None], before: asyncio.Task
    ) -> Recorded | None:
        await asyncio.wait([before])
        storing = submit()
        return None if storing is None else await storing

    def _made(self, source_id: int) -> AuditEntry:
        now = self._services.store.clock()
        return entry_by(self._grant, now, self._address, "source.created", str(source_id), provider=KIND, account=None)
