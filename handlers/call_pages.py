"""The list of live calls, and one call."""

from typing import ClassVar

from events import SECOND
from handlers.api import ApiError
from handlers.audit import entry_of
from handlers.call_alerts import CallAlerts
from handlers.call_measures import measured
from handlers.call_notes import CallNotes, company_of
from handlers.call_timeline import CallTimeline
from handlers.pages import PageHandler
from handlers.source_trouble import troubles
from hub import Row
from models import alerts, aliases, calls, demo, entries, notes
from models.running import wall

QUIET_US, LONG_US = 45 * SECOND, 600 * SECOND  # wall.js and wall_order.js have the same


class LiveCallsPage(PageHandler):
    frames = "'self'"  # a call beside the list

    async def get(self) -> None:
        """GET /: the calls in progress."""
        read, organization = self.services.store.read, self.grant.organization_id
        self.services.audit.note(entry_of(self, "feed.watched"))
        running, tallies = await read(wall, organization)
        rows = [Row(call, said, tallies.get(call.id)) for call, said in running]
        in_trouble = await troubles(self.services, organization, [row.call for row in rows])
        if self.get_query_argument("order", "") == "attention":
            rows.sort(key=lambda row: concern(row, self.services.store.clock()), reverse=True)
        self.render_page(
            "calls.html",
            rows=rows,
            troubles=in_trouble,
            trouble_of={sid: trouble.state for trouble in in_trouble for sid in trouble.calls},
            viewers={row.call.id: self.services.hub.viewers(row.call.id) for row in rows},
            last_ended=None if rows else await read(calls.last_ended, organization),
            base_url=self.services.public_url,
            has_demo=self.grant.role == "admin" and await read(demo.is_there, organization),
        )


class CallPage(PageHandler):
    phrases: ClassVar = {
        404: (
            "No such call",
            "Your organisation has no call of this id. It may have been erased; or it has just begun, and its first"
            " event is on its way: then reload in a moment.",
        )
    }

    @property
    def is_embedded(self) -> bool:
        """`?embedded`: without what stands around it, for the frame beside the live calls."""
        return "embedded" in self.request.query_arguments

    async def get(self, call_sid: str) -> None:
        """GET /calls/{call_sid}: its transcript so far, and live from there on; afterwards the same page."""
        now = self.services.store.clock()
        found = await self.services.store.read(_call_and_transcript, self.grant.organization_id, call_sid, now)
        if found is None:
            raise ApiError(404, "not_found", "There is no such call.")
        call, spoken, others, raised, measures, written, timeline = found
        if call.call_sid != call_sid:
            shape = "?embedded=" if self.is_embedded else ""
            self.redirect(f"/calls/{call.call_sid}{shape}")  # one page for each call, whichever id leads to it
            return
        self.services.audit.note(entry_of(self, "call.read", call.call_sid))
        shown = {"entries": spoken, "cursor": call.head_seq, "others": others, "alerts": CallAlerts(raised, spoken)}
        shown |= {"notes": CallNotes(written, self.grant), "company": company_of(self.services.hub, call)}
        shown |= {"measures": measures, "timeline": timeline}
        await self.stream_page("call.html", call=call, epoch=self.services.epoch, **shown)


def _call_and_transcript(db: object, organization_id: int, call_sid: str, now: int) -> tuple | None:
    """The call first: entries that come between the two reads are then repeated by the socket, and none is missed."""
    call = calls.by_sid(db, organization_id, call_sid)
    if call is None:
        return None
    order = entries.spoken(db, call.id)
    latest = entries.by_seq_in_pages(db, call.id, [said.seq for said in order])
    spoken = [entries.as_spoken(entry, said) for entry, said in zip(latest, order, strict=True)]
    others, raised = aliases.other_ids(db, [call.id])[call.id], alerts.of_call(db, call.id)
    written = notes.of_call(db, call)
    timeline = CallTimeline(call, order, raised, written, now)
    return call, spoken, others, raised, measured(call, order), written, timeline


def concern(row: Row, now: int) -> tuple[int, int]:
    """How much the call needs someone to look, as wall_order.js tells it: alerts, then silence, then length, then the
    newest."""
    call = row.call
    began_at = call.started_at or call.created_at
    heard_at = call.last_entry_at or began_at
    if row.alerts:
        return 3, row.alerts.total
    if now - heard_at >= QUIET_US:
        return 2, -heard_at
    return (1, -began_at) if now - began_at >= LONG_US else (0, began_at)
