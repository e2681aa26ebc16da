"""A call's captions: what is being said now, in a few large lines."""

from handlers.api import ApiError
from handlers.audit import entry_of
from handlers.pages import PageHandler
from models import calls, entries

LAST = 20  # segments: more than a screen holds, so that a correction finds what it is of


class CaptionsPage(PageHandler):
    async def get(self, call_sid: str) -> None:
        """GET /calls/{call_sid}/captions: the last words so far, and live from there on."""
        found = await self.services.store.read(_call_and_last_words, self.grant.organization_id, call_sid)
        if found is None:
            raise ApiError(404, "not_found", "There is no such call.")
        call, last = found
        if call.call_sid != call_sid:
            self.redirect(f"/calls/{call.call_sid}/captions")  # as the call's own page has one address
            return
        self.services.audit.note(entry_of(self, "call.read", call.call_sid))
        self.render_page("captions.html", call=call, entries=last, cursor=call.head_seq, epoch=self.services.epoch)


def _call_and_last_words(db: object, organization_id: int, call_sid: str) -> tuple | None:
    """The call first: what comes between the two reads is then repeated by the socket, and nothing is missed."""
    call = calls.by_sid(db, organization_id, call_sid)
    if call is None:
        return None
    last = [said.seq for said in entries.spoken(db, call.id) if said.has_words][-LAST:]
    return call, entries.by_seq(db, call.id, last)
