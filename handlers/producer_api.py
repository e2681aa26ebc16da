"""Feeding calls by REST: a call's facts and its status. (Its transcripts: transcripts_api.)"""

from handlers.calls_api import CallsHandler, OneCallHandler, finish_call
from models import calls
from sources import producer


class FeedCallsHandler(CallsHandler):
    @property
    def scope(self) -> str:
        return "ingest" if self.request.method == "POST" else "read"

    async def post(self) -> None:
        """POST /api/v1/calls: 201 with the Call that was created, 200 with one that was known and is updated; 204
        where it is not known and not answered yet (ringing …): that creates nothing."""
        call_sid, announced, status = producer.decode_call(self.request.body)
        is_early = producer.precedes_answer(self.request.body)
        if is_early and await self.services.store.read(calls.by_sid, self.organization_id, call_sid) is None:
            self.set_status(204)
            return
        events = [announced] if status is None else [announced, status]
        recorded = await self.services.pipeline.hear(self.organization_id, call_sid, events)
        await finish_call(self, recorded.call, 201 if recorded.created else 200)


class CallStatusHandler(OneCallHandler):
    scope = "ingest"

    async def post(self, which: str) -> None:
        """POST /api/v1/calls/sid/{call_sid}/status: 200 with the Call; what contradicts a terminal status changes
        nothing. A word before the answer (ringing …) creates nothing: 204 where there is no call yet."""
        call_sid = await self.call_sid(which)
        status = producer.decode_status(self.request.body)
        if status is None:
            call = await self.services.store.read(calls.by_sid, self.organization_id, call_sid)
            if call is None:
                self.set_status(204)
                return
        else:
            call = (await self.services.pipeline.hear(self.organization_id, call_sid, [status])).call
        await finish_call(self, call)
