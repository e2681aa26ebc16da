"""What a call measures, for programs and for its page."""

from typing import Any

from events import Call
from handlers.calls_api import OneCallHandler
from measures import Measures, Numbers
from models import entries
from models.entries import Spoken


class MetricsHandler(OneCallHandler):
    async def get(self, which: str) -> None:
        """GET /api/v1/calls/…/metrics: of a running call until its last words."""
        call = await self.call(which)
        found = await self.services.store.read(_numbers, call)
        lasted = call.seconds(self.services.store.clock())
        self.finish_json({"call_id": call.id, "duration_seconds": lasted} | found._asdict())


def measured(call: Call, spoken: list[Spoken]) -> Numbers:
    measures = Measures()
    for said in spoken:
        if said.has_words:
            measures.take(said.segment_id, said.speaker, said.start, said.end)
    return measures.numbers(call.duration if call.is_over else None)


def _numbers(db: Any, call: Call) -> Numbers:
    return measured(call, entries.spoken(db, call.id))
