"""Tickets: how a page opens a socket without ever holding a key."""

from typing import Literal

import msgspec

from events import CALL_SID, Refused
from handlers.api import ApiError, ApiHandler
from models import rights
from models.rights import Grant
from sources.limits import UNREADABLE, fault_of

SESSION_COOKIE = "callboard_session"


class _Wanted(msgspec.Struct):
    call_sid: str | None = None
    feed: Literal["live-calls"] | None = None


def wanted_of(body: bytes) -> _Wanted:
    """What the ticket is to open. Raises Refused."""
    try:
        return msgspec.json.decode(body, type=_Wanted)
    except UNREADABLE as error:
        fault, _ = fault_of(error)
        raise Refused("invalid_json", f"The body must be an object with call_sid or feed: {fault}.") from None


class ForPagesHandler(ApiHandler):
    """An API route that a page's session may use, too; it then needs the page's XSRF header, also to read."""

    async def authorize(self) -> Grant:
        if "Authorization" in self.request.headers:
            return await super().authorize()
        cookie = self.get_cookie(SESSION_COOKIE)
        grant = await self.services.gate.session(cookie) if cookie else None
        if grant is None:
            raise ApiError(401, "authentication_failed", "A valid key or a signed-in session is needed.")
        super(ApiHandler, self).check_xsrf_cookie()
        return grant


class TicketsHandler(ForPagesHandler):
    async def post(self) -> None:
        """POST /api/v1/tickets: 201 with a ticket for one call or the feed, to be redeemed once within 60 s."""
        wanted = wanted_of(self.request.body)
        if (wanted.call_sid is None) == (wanted.feed is None):
            raise Refused("invalid_field", "Give either call_sid or feed.", "call_sid")
        if wanted.call_sid is not None and not CALL_SID.match(wanted.call_sid):
            raise Refused("invalid_call_sid", "call_sid must be 1 to 128 of A-Z a-z 0-9 _ . : -", "call_sid")
        ticket = await self.services.gate.issue_ticket(self.grant, wanted.call_sid)
        path = f"/live-transcript/{wanted.call_sid}" if wanted.call_sid else "/live-calls"
        url = f"{self.services.websocket_url}{path}?token={ticket}"
        self.finish_json({"ticket": ticket, "expires_in": rights.TICKET_US // 1_000_000, "url": url}, 201)
