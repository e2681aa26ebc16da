"""The viewer socket: one call's transcript, what was missed first, then as it goes (docs/protocol.md)."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from tornado.iostream import IOStream

from events import CALL_SID, Call, Unavailable, status_message
from handlers import replay
from handlers.audit import entry_by
from handlers.frames import frame
from handlers.replay import AlertsPage
from handlers.services import Services
from handlers.token_socket import Opening, Refusal, TokenSocketHandler
from handlers.viewer_request import ViewerRequest, viewer_request
from handlers.viewer_socket import ViewerSocket
from hub import Face, Full, Viewer
from models import calls
from models.rights import Grant

NOT_YET_S = 2  # a call's first event may still be on its way
AGAIN_S = 0.5  # to ask again for what the database could not tell
FULL_S = 5  # a place becomes free when someone closes a page


class LiveTranscriptHandler(TokenSocketHandler):
    """WS /live-transcript/{call_sid}: confirmation, history, live transcripts and status, without gap or repeat."""

    def connected(self, stream: IOStream) -> None:
        LiveSocket(self.services, stream, self.opening(), self.path_args[0])


def face_of(grant: Grant) -> Face:
    """The person, or the key by its beginning and whose it is."""
    if grant.key_prefix is None:
        return Face(grant.email, "page")
    return Face(f"API key {grant.key_prefix}… of {grant.email}", "key")


class LiveSocket(ViewerSocket):
    """A viewer's connection, and the outlet of its `Viewer`, which is its cursor in the call's log."""

    __slots__ = ("_call_id", "_call_sid", "face", "viewer")

    kind = "viewer"
    answers: ClassVar = {"request_status": "send_status"}

    def __init__(self, services: Services, stream: IOStream, opening: Opening, call_sid: str):
        self._call_sid = call_sid
        self._call_id = 0
        self.viewer: Viewer | None = None
        self.face: Face | None = None
        super().__init__(services, stream, opening)

    async def admit(self, opening: Opening) -> None:
        grant = await self.authenticate_viewer(opening, self._call_sid)
        if not CALL_SID.match(self._call_sid):
            raise Refusal("invalid_call_sid", "A call id is 1 to 128 of A-Z a-z 0-9 _ . : -")
        wanted = viewer_request(opening.query)
        if not grant.may("read"):
            raise Refusal("access_denied", "The key lacks the scope 'read'.")
        call = await self._find(grant.organization_id)
        self._call_sid = call.call_sid  # its own, where another provider's was asked for: all that follows carries it
        client = (grant.right, wanted.client) if wanted.client else None
        viewer = Viewer(self, pipe=self.connection, wants_interims=wanted.wants_interims, client=client)
        self.viewer, self._call_id = viewer, call.id  # first: whatever fails then, `closed` gives the place back
        self.connection.follower = viewer
        self.face = face_of(grant)
        try:
            await self.services.hub.places.take(call.id, viewer)
            self.services.hub.join(call, viewer)
        except Full:
            self.services.hub.places.give_back(call.id, viewer)
            limit = self.services.hub.viewers_per_call
            message = f"The call has {limit} viewers, and no more are allowed."
            raise Refusal("connection_limit_exceeded", message, retry_after=FULL_S, limit=limit) from None
        call = await self._find(grant.organization_id)  # as it was when we began to listen, or newer
        self.services.hub.refresh(call)
        self.grant = grant
        self.services.gate.enter(self)
        now = self.services.store.clock()
        self.services.audit.note(entry_by(grant, now, opening.address, "call.watched", call.call_sid))
        if viewer.room is None:
            return  # the same client was quicker, or the server stops: it has been told
        self._welcome(viewer.room.call, wanted)
        self.services.hub.companies.enter(viewer, listens=wanted.wants_company)
        await self._follow(replayed=0)

    async def _find(self, organization_id: int) -> Call:
        call = await self.services.store.read(calls.by_sid, organization_id, self._call_sid)
        if call is None:
            raise Refusal("access_denied", "Access denied to this call", retry_after=NOT_YET_S)
        return call

    def _welcome(self, call: Call, wanted: ViewerRequest) -> None:
        services = self.services
        self.viewer.cursor, recovered = wanted.resume(services.epoch, call.head_seq)
        self.viewer.sent_version = call.status_version
        limits = {
            "connections_per_call": services.hub.viewers_per_call,
            "messages_per_second": services.messages_per_second,
        }
        self.tell(
            {
                "type": "connection_established",
                "call_sid": call.call_sid,
                "message": "Connected to live transcript stream",
                "epoch": services.epoch,
                "head_seq": call.head_seq,
                "recovered": recovered,
                "limits": limits,
            }
        )
        self.send_status()

    def send_status(self) -> None:
        self.connection.send(frame(status_message(self.viewer.room.call, self.services.store.clock())))

    async def _follow(self, replayed: int | None) -> None:
        """Read the store, a page at a time and no faster than the client, until there is nothing newer; then go live.

        `replayed` counts the history sent before; None once that is complete and this viewer has only been slow.
        """
        viewer = self.viewer
        whose, bits = (self.services.history, self._call_id, self._call_sid), self.connection.window_bits
        while viewer.room is not None and await self.connection.drained():
            if replayed is None:
                missed = await self._read(replay.missed_page, *whose, viewer.cursor, viewer.alert_cursor, bits)
            else:
                missed = await self._read(replay.history_page, *whose, viewer.cursor, bits)
                replayed += missed.entries.count
            page = missed.entries
            if page.count:
                self.connection.send(page.frames, is_deflated=True)
                viewer.cursor = page.last_seq
            if replayed is None:
                self._send_alerts(missed.alerts)
            elif page.is_last and viewer.has_entries:
                self._complete_history(replayed)
                await self._replay_alerts(missed.alerts)
                replayed = None
            else:
                continue
            if page.is_last and viewer.has_caught_up:
                viewer.go_live()
                return

    async def _read(self, work: Callable[..., Any], *args: Any) -> Any:
        """A page of the store. While that is away whoever has been let in waits for it, and stays."""
        while True:
            try:
                return await self.services.store.read(work, *args)
            except Unavailable:
                await asyncio.sleep(AGAIN_S)

    async def _replay_alerts(self, page: AlertsPage) -> None:
        """`page` and those after it: every alert of the history."""
        viewer = self.viewer
        self._send_alerts(page)
        while not page.is_last and viewer.room is not None and await self.connection.drained():
            whose, bits = (self._call_id, self._call_sid), self.connection.window_bits
            wanted = (*whose, viewer.alert_cursor, viewer.cursor, bits)
            page = await self._read(replay.alerts_page, *wanted)
            self._send_alerts(page)

    def _send_alerts(self, page: AlertsPage) -> None:
        if page.frames:
            self.connection.send(page.frames, is_deflated=True)
        self.viewer.alert_cursor = page.last_id

    def _complete_history(self, count: int) -> None:
        through = self.viewer.cursor
        self.tell({"type": "history_complete", "call_sid": self._call_sid, "through_seq": through, "count": count})

    # ── the outlet of its viewer ─────────────────────────────────────────────────────────────────────────────

    def catch_up(self) -> None:
        self.start(self._follow(replayed=None))

    def end(self) -> None:
        self.connection.close(1000, "call ended")

    def erased(self) -> None:
        self.refuse(Refusal("access_revoked", "The call was erased."))

    def replaced(self) -> None:
        self.refuse(Refusal("connection_replaced", "This client has connected anew."))

    def closed(self) -> None:
        if self.viewer is not None:
            self.connection.follower = None  # a cycle that the collector would have to find
            self.services.hub.leave(self.viewer)

    def tell_error(self, error: str, message: str, *, retry_after: int | None = None, **more: Any) -> None:
        super().tell_error(error, message, retry_after=retry_after, call_sid=self._call_sid, **more)
