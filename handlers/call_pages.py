"""The list of live calls, and one call."""

from handlers.api import ApiError
from handlers.audit import entry_of
from handlers.pages import PageHandler
from hub import Row
from models import calls, demo, entries
from models.running import running


class LiveCallsPage(PageHandler):
    async def get(self) -> None:
        """GET /: the calls in progress."""
        read, organization = self.services.store.read, self.grant.organization_id
        self.services.audit.note(entry_of(self, "feed.watched"))
        rows = [Row(call, said) for call, said in await read(running, organization)]
        self.render_page(
            "calls.html",
            rows=rows,
            viewers={row.call.id: self.services.hub.viewers(row.call.id) for row in rows},
            last_ended=None if rows else await read(calls.last_ended, organization),
            base_url=self.services.public_url,
            has_demo=self.grant.role == "admin" and await read(demo.is_there, organization),
        )


class CallPage(PageHandler):
    async def get(self, call_sid: str) -> None:
        """GET /calls/{call_sid}: its transcript so far, and live from there on; afterwards the same page."""
        call, spoken = await self.services.store.read(_call_and_transcript, self.grant.organization_id, call_sid)
        if call is None:
            raise ApiError(404, "not_found", "There is no such call.")
        self.services.audit.note(entry_of(self, "call.read", call.call_sid))
        self.render_page("call.html", call=call, entries=spoken, cursor=call.head_seq, epoch=self.services.epoch)


def _call_and_transcript(db: object, organization_id: int, call_sid: str) -> tuple:
    """The call first: entries that come between the two reads are then repeated by the socket, and none is missed."""
    call = calls.by_sid(db, organization_id, call_sid)
    return (call, entries.latest(db, call.id)) if call else (None, [])
