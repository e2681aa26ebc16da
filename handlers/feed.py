"""The organisation's feed: every running call in one snapshot, then what changes, merged twice a second."""

import asyncio

from tornado.iostream import IOStream

from handlers.audit import entry_by
from handlers.services import Services
from handlers.token_socket import Opening, Refusal, TokenSocketHandler
from handlers.viewer_socket import ViewerSocket
from hub import Watcher
from models.running import wall

# For one message; who takes longer comes back for a snapshot, or what it misses would grow with every call of the day.
CATCH_UP_S = 60


class LiveCallsHandler(TokenSocketHandler):
    """WS /live-calls: `connection_established`, `snapshot`, then `calls_updated`; no history, no resume."""

    def connected(self, stream: IOStream) -> None:
        FeedSocket(self.services, stream, self.opening())


class FeedSocket(ViewerSocket):
    """A watcher of the wall; a slow one gets the newest row of each call that it missed, once it has caught up."""

    __slots__ = ("_organization_id", "_wall", "_watcher")

    kind = "feed"

    def __init__(self, services: Services, stream: IOStream, opening: Opening):
        self._watcher = Watcher(self)
        self._wall = None
        self._organization_id = 0
        super().__init__(services, stream, opening)

    async def admit(self, opening: Opening) -> None:
        grant = await self.authenticate_viewer(opening, None)
        if not grant.may("read"):
            raise Refusal("access_denied", "The key lacks the scope 'read'.")
        self._organization_id = grant.organization_id
        self._wall = self.services.hub.walls.watch(grant.organization_id, self._watcher)
        if not self._wall.is_loaded:
            self._wall.load(*await self.services.store.read(wall, grant.organization_id))
        self.grant = grant
        self.services.gate.enter(self)
        now = self.services.store.clock()
        self.services.audit.note(entry_by(grant, now, opening.address, "feed.watched"))
        self.tell({"type": "connection_established", "message": "Connected to the live calls"})
        self._watcher.missed.clear()  # it is all in the snapshot
        self.send(self._wall.snapshot())
        self._watcher.follow()

    def catch_up(self) -> None:
        self.start(self._catch_up())

    async def _catch_up(self) -> None:
        while await self._drained():
            missed, self._watcher.missed = self._watcher.missed, {}
            if not missed:
                self._watcher.follow()
                return
            self.send(self._wall.updates(missed))

    async def _drained(self) -> bool:
        timer = asyncio.get_running_loop().call_later(CATCH_UP_S, self.connection.abort)
        try:
            return await self.connection.drained()
        finally:
            timer.cancel()

    def closed(self) -> None:
        self.services.hub.walls.leave(self._organization_id, self._watcher)
