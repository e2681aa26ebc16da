"""Who watches what: takes what was stored or passes through, and hands it to the viewers of that call. No sockets."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from events import SECOND, Call, Entry, Transcript
from hub.company import Companies, Face, faces
from hub.others import Others
from hub.places import AllHere, Full, Places
from hub.relay import Alone, Relay
from hub.room import Room, grace_ends_at
from hub.viewer import Viewer
from hub.wall import Wall
from hub.walls import Walls
from metrics import Numbers
from rules.alert import Alert

log = logging.getLogger(__name__)

VIEWERS_PER_CALL = 10
OPEN_INTERIM_US = 30 * SECOND
# Segments that have their final, over all calls: an interim is overtaken by its final by seconds at most.
REMEMBERED_FINALS = 20_000


class Hub:
    """Rooms by call id; one exists while the call has viewers or an open interim.

    `wrap` turns a message into what outlets send (a WebSocket frame), once for all viewers. Everything here runs on
    the IOLoop and returns at once. `publish` must be called in commit order. `soon` is the loop's `call_soon`: what
    happens in one turn of it leaves joined; without it each thing leaves at once.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], int],
        wrap: Callable[[bytes], bytes] = bytes,
        viewers_per_call: int = VIEWERS_PER_CALL,
        soon: Callable[[Callable[[], None]], object] = lambda flush: flush(),
        numbers: Numbers | None = None,
    ):
        self._numbers = numbers or Numbers()
        self._clock, self._wrap, self._soon = clock, wrap, soon
        self.viewers_per_call = viewers_per_call
        self._rooms: dict[int, Room] = {}
        self._with_news: list[Room] = []
        self._came_at: list[float] = []  # s, monotonic: when what they will be told was heard
        self._ending: dict[int, Room] = {}
        # by call_sid, not by id: SQLite gives the id of an erased call to a new one
        self._finals: OrderedDict[tuple[int, str, str], None] = OrderedDict()
        self.relay: Relay = Alone()
        self.places: Places = AllHere()
        elsewhere: dict[int, list[Face]] = {}
        self.walls = Walls(lambda: Wall(clock, wrap, self.viewers), lambda: self.relay)
        self.companies = Companies(clock, wrap, elsewhere)
        self.others = Others(self, self._rooms, elsewhere)

    def viewers(self, call_id: int) -> int:
        """How many watch the call; on all nodes, where that was asked for."""
        room = self._rooms.get(call_id)
        return (len(room.viewers) if room else 0) + len(self.others.faces(call_id))

    def faces(self, call_id: int) -> list[Face]:
        """Who watches the call, by name."""
        room = self._rooms.get(call_id)
        return sorted([*(faces(room.viewers) if room else ()), *self.others.faces(call_id)])

    @property
    def catching_up(self) -> int:
        """Viewers that are not live: they came just now, or are slow."""
        return sum(not viewer.is_live for room in self._rooms.values() for viewer in room.viewers)

    def join(self, call: Call, viewer: Viewer) -> Room:
        """Take a place, at once and before anything is read; raises Full. The viewer begins catching up.

        A viewer with the same `client` as one that is here takes over its place.
        """
        room = self._room(call)
        if viewer.client is not None and (ghost := room.clients.get(viewer.client)):
            self.leave(ghost)
            ghost.outlet.replaced()
            room = self._room(call)
        if len(room.viewers) >= self.viewers_per_call:
            raise Full
        room.viewers.add(viewer)
        if len(room.viewers) == 1:
            self.relay.watch(call.id)
        if viewer.client is not None:
            room.clients[viewer.client] = viewer
        viewer.room = room
        self.refresh(call)
        self.walls.touch(room.call)
        return room

    def leave(self, viewer: Viewer) -> None:
        """Give the place back; leaving twice is no error."""
        room = viewer.room
        if room is None:
            return
        viewer.room = None
        room.viewers.discard(viewer)
        room.regroup()
        if room.clients.get(viewer.client) is viewer:
            del room.clients[viewer.client]
        self.places.give_back(room.call.id, viewer)
        if not room.viewers:
            self.relay.unwatch(room.call.id)
        self.companies.leave(room.call.id, viewer)
        self._drop_if_empty(room)
        self.walls.touch(room.call)

    def publish(
        self, call: Call, entries: list[Entry], alerts: Sequence[Alert] = (), came_at: float | None = None
    ) -> None:
        """What a commit added to the call's log, the alerts that it raised, and the call as it is now. `came_at` (s,
        monotonic) is when that was heard: how long it took to its viewers is counted."""
        self.relay.published(call, entries, alerts)
        self.walls.hear(call, entries[-1].transcript if entries else None, alerts)
        self.show(call, entries, alerts, came_at)

    def show(
        self, call: Call, entries: Sequence[Entry], alerts: Sequence[Alert] = (), came_at: float | None = None
    ) -> None:
        """To those who watch the call here, what was stored here or by another node; what they know is left out."""
        for entry in entries:
            self._remember(call, entry.transcript.segment_id)
        room = self._rooms.get(call.id)
        if room is None:
            return
        for entry in entries:
            room.final(entry, [alert for alert in alerts if alert.seq == entry.seq] if alerts else ())
        for alert in alerts:
            if alert.seq is None and alert.id > room.last_alert:
                room.alert(alert)
        if entries:
            self._note(room, came_at)
        room.reach(call.head_seq)
        self.refresh(call)
        self._drop_if_empty(room)

    def refresh(self, call: Call) -> None:
        """The call as the store has it; starts or prolongs the grace period of one that is over."""
        room = self._rooms.get(call.id)
        if room is None:
            return
        room.refresh(call)
        if room.call.is_over and not room.is_closed:
            self._ending[call.id] = room
            self._let_go(room)

    def interim(self, call: Call, said: Transcript, came_at: float | None = None) -> None:
        """Pass it through to those who watch now; the newest of each speaker is kept for those who join. `came_at` as
        in `publish`."""
        if call.is_over or (call.organization_id, call.call_sid, said.segment_id) in self._finals:
            return
        room = self._room(call)
        shown = room.interim(said)
        if shown is not None:
            self.relay.passed(call, shown)
            self._note(room, came_at)
            self.walls.hear(call, shown)
        self._drop_if_empty(room)

    def notes_changed(self, call_id: int) -> None:
        """Someone made, changed or deleted a note of the call: those who want to know read them again."""
        self.companies.notes_changed(call_id)
        self.relay.noted(call_id)

    def call_ids(self) -> set[int]:
        """Of the calls of which something is kept here."""
        return {*self._rooms, *self.walls.call_ids()}

    def forget(self, call_ids: set[int]) -> None:
        """These calls were deleted: nothing of them is kept, and who watches is told and sent away."""
        for room in [self._rooms[id_] for id_ in call_ids if id_ in self._rooms]:
            room.withdraw_interims(self._clock() + 1)
            room.flush()
            for viewer in list(room.viewers):
                self.leave(viewer)
                viewer.outlet.erased()
            self._drop_if_empty(room)
            for key in [key for key in self._finals if key[:2] == (room.call.organization_id, room.call.call_sid)]:
                del self._finals[key]
        self.walls.forget(call_ids)

    def tick(self) -> None:
        """Several times a second: let viewers of ended calls go, take back interims that were left open."""
        for room in list(self._ending.values()):
            self._let_go(room)
        before = self._clock() - OPEN_INTERIM_US
        for room in [room for room in self._rooms.values() if room.has_interims]:
            room.withdraw_interims(before)
            self._drop_if_empty(room)

    def _let_go(self, room: Room) -> None:
        if self._clock() >= grace_ends_at(room.call):
            self._ending.pop(room.call.id, None)
            room.close()
            self._drop_if_empty(room)

    def _room(self, call: Call) -> Room:
        room = self._rooms.get(call.id)
        if room is None:
            room = self._rooms[call.id] = Room(call, self._clock, self._wrap, self._has_news, self._numbers)
        return room

    def _note(self, room: Room, came_at: float | None) -> None:
        if came_at is not None and room.viewers and not room.is_closed:
            self._came_at.append(came_at)

    def _has_news(self, room: Room) -> None:
        self._with_news.append(room)
        if len(self._with_news) == 1:
            self._soon(self._tell_news)

    def _tell_news(self) -> None:
        rooms, self._with_news = self._with_news, []
        for room in rooms:
            try:
                room.flush()
            except Exception:  # a fault of ours, and no reason to leave out the other calls
                log.exception("news of a call could not be told")
        came_at, self._came_at = self._came_at, []
        now = time.monotonic()
        for at in came_at:
            self._numbers.deliver_s.observe(now - at)

    def _drop_if_empty(self, room: Room) -> None:
        if not room.viewers and not room.has_interims and self._rooms.get(room.call.id) is room:
            del self._rooms[room.call.id]
            self._ending.pop(room.call.id, None)

    def _remember(self, call: Call, segment_id: str) -> None:
        self._finals[call.organization_id, call.call_sid, segment_id] = None
        if len(self._finals) > REMEMBERED_FINALS:
            self._finals.popitem(last=False)
