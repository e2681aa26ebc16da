"""What sources hold of a call that has ended: words of an utterance that its provider never closed."""

import asyncio
import logging

from events import Call, Refused, Unavailable
from models import Store
from models import sources as source_rows
from pipeline import Pipeline
from sources import KINDS

log = logging.getLogger(__name__)

HOLDERS = [kind for kind, adapter in KINDS.items() if adapter.CallEnded is not None]


class LastWords:
    """A provider's connection breaks, or the call is ended before its last message is here: what it said is stored and
    shown all the same, after the end, as late words are. Where that fails, it stays in the source's state."""

    def __init__(self, store: Store, pipeline: Pipeline):
        self._store, self._pipeline = store, pipeline
        self._at_work: set[asyncio.Task] = set()

    def tell(self, call: Call) -> None:
        task = asyncio.create_task(self._tell(call))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)

    async def _tell(self, call: Call) -> None:
        try:
            for source, sid in await self._store.read(source_rows.remembering, call.id, HOLDERS):
                await self._pipeline.receive(source, KINDS[source.kind].CallEnded(call_sid=sid))
        except (Refused, Unavailable) as problem:
            log.warning("what a source held of a call that ended was not stored: %s", problem)

    async def close(self) -> None:
        await asyncio.gather(*self._at_work)
