"""One viewer of one call: a cursor that is either catching up from the store or live. No socket, no store.

    catching up ──go_live()──▶ live ──too slow, or a hole in seq──▶ catching up … ──finish()──▶ done

Its outlet reads the store while it catches up; the room hands it what is published while it is live. Between the two
nothing can be missed or repeated: everything published was committed before, so a viewer whose cursor has reached
the newest `seq` published has it all, and what a page from the store has already given is skipped when published.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from hub.company import Face
    from hub.room import Room

MAX_WITHDRAWALS = 32  # more than one room has open at once
MAX_UNSENT_BYTES = 256 * 1024  # about 700 messages: seconds of the fastest call; beyond it the store is the buffer


class Pipe(Protocol):
    """Where frames go.

    `straight`, where nothing waits: the quickest way, and how many bytes were taken. Who goes it tells the pipe of what
    was not: `sent_in_part`, or `not_sent` if it raised OSError. The pipe calls the viewer's `rerouted` when it changes.
    """

    @property
    def straight(self) -> Callable[[bytes], int] | None: ...

    @property
    def unsent_bytes(self) -> int: ...

    def send(self, frames: bytes) -> None:
        """Queue them; never blocks, never raises."""

    def sent_in_part(self, frames: bytes, sent: int) -> None: ...

    def not_sent(self, frames: bytes, error: OSError) -> None: ...


class Outlet(Pipe, Protocol):
    """Where a viewer's messages go: a socket, or a list in a test."""

    @property
    def face(self) -> "Face | None":
        """Who that is, for the others at the call; None before it is let in."""

    def catch_up(self) -> None:
        """Read the store after the viewer's cursor, in the background, until it `has_caught_up`, then `go_live()`."""

    def end(self) -> None:
        """The call is over and the viewer has everything: close 1000."""

    def erased(self) -> None:
        """The call is not there any more: close."""

    def replaced(self) -> None:
        """The same client connected anew and has taken this viewer's place: close."""


class Bundle(NamedTuple):
    """Frames of one turn of the loop, in order, joined."""

    frames: bytes
    first: int  # seq of its first and last final; 0 where there is none
    last: int
    before: int  # what a viewer must have before: a status in it counts on that
    version: int  # of its last status; 0 where there is none
    alert: int = 0  # id of its alert that belongs to no entry; 0 where there is none


class Viewer:
    """`follows`: it is live and wants everything."""

    __slots__ = (
        *("_is_live", "_withdrawals", "alert_cursor", "client", "cursor", "follows", "outlet", "pipe", "room"),
        *("sent_version", "wants_interims"),
    )

    def __init__(
        self,
        outlet: Outlet,
        *,
        pipe: Pipe | None = None,
        cursor: int = 0,
        wants_interims: bool = True,
        client: object = None,
    ):
        self.outlet = outlet
        self.pipe = pipe or outlet  # where its frames go: there are many, and each step on the way costs
        self.cursor = cursor  # the last seq it has, with its alerts
        self.alert_cursor = 0  # the last alert: of those that belong to no entry it has all up to this one
        self.wants_interims = wants_interims
        self.client = client  # who it is across reconnects, if it said so
        self.sent_version = 0  # of the call's status
        self.room: Room | None = None
        self._is_live = self.follows = False
        self._withdrawals: tuple[bytes, ...] = ()  # of interims that its screen may still show

    @property
    def is_live(self) -> bool:
        return self._is_live

    @property
    def has_entries(self) -> bool:
        """Whether no entry beyond its cursor was published."""
        return self.room is not None and self.room.head_seq <= self.cursor

    @property
    def has_caught_up(self) -> bool:
        """Whether nothing newer than its cursors was published: the moment to go live, without waiting in between."""
        return self.has_entries and self.room.last_alert <= self.alert_cursor

    def go_live(self) -> None:
        """Follow from here on. First what it missed besides entries: a new status, open interims, the end."""
        room = self.room
        room.flush()  # what is about to be told belongs to those who follow already
        self._is_live, self.follows = True, self.wants_interims
        room.regroup()
        if room.status_version > self.sent_version:
            self.status(room.status_frame(), room.status_version)
        withdrawals, self._withdrawals = self._withdrawals, ()
        for frame in (*withdrawals, *room.newest_interims()):
            self.interim(frame)
        if room.is_closed:
            self.finish()

    def is_in_step(self, step: int) -> bool:
        """Whether it follows, has the log up to here and no more, and nothing waits in its pipe."""
        return self.follows and self.cursor == step and self.pipe.straight is not None

    def take(self, bundle: Bundle) -> bool:
        """Send all of it, if this viewer has what comes before, wants everything and is not slow. Else False, and
        nothing has happened."""
        if not self.follows or self.cursor < bundle.before or (bundle.first and bundle.first != self.cursor + 1):
            return False
        if self.pipe.unsent_bytes + len(bundle.frames) > MAX_UNSENT_BYTES:
            return False
        if bundle.alert and bundle.alert <= self.alert_cursor:
            return False
        self.pipe.send(bundle.frames)
        self.took(bundle)
        return True

    def took(self, bundle: Bundle) -> None:
        """All of it was sent to this viewer."""
        self.cursor = bundle.last or self.cursor
        self.alert_cursor = bundle.alert or self.alert_cursor
        self.sent_version = bundle.version or self.sent_version

    def final(self, seq: int, frame: bytes) -> None:
        if not self._is_live or seq <= self.cursor:
            return
        if seq != self.cursor + 1 or self._is_slow():
            self._fall_back()
        else:
            self.cursor = seq
            self._send(frame)

    def reach(self, seq: int) -> None:
        """There are entries up to this one, whether or not they were handed to it."""
        if self._is_live and seq > self.cursor:
            self._fall_back()

    def alert(self, id_: int, frame: bytes) -> None:
        """One that belongs to no entry: those that do come with theirs."""
        if not self._is_live or id_ <= self.alert_cursor:
            return
        if self._is_slow():
            self._fall_back()
        else:
            self.alert_cursor = id_
            self._send(frame)

    def interim(self, frame: bytes) -> None:
        """Passes through or is dropped: the next one, or the final, says it all again."""
        if not self._is_live or not self.wants_interims:
            return
        if self._is_slow():
            self.room.numbers.dropped["interim", "slow_viewer"] += 1
        else:
            self._send(frame)

    def withdrawal(self, frame: bytes) -> None:
        """An interim is taken back: nothing that follows says so again, so a viewer that is away is told later."""
        if self._is_live and not self._is_slow():
            self.interim(frame)
        elif self.wants_interims:
            self._withdrawals = (*self._withdrawals[-MAX_WITHDRAWALS:], frame)

    def status(self, frame: bytes, version: int) -> None:
        if not self._is_live:
            return
        if self._is_slow() or not self.has_caught_up:  # the store may tell of an end before its last entries come
            self._fall_back()
        else:
            self.sent_version = version
            self._send(frame)

    def finish(self) -> None:
        """The room has closed; one that still catches up is finished when it has caught up."""
        if not self._is_live:
            return
        if self.has_caught_up:
            self._leave_line()
            self.outlet.end()
        else:
            self._fall_back()

    def _is_slow(self) -> bool:
        return self.pipe.unsent_bytes > MAX_UNSENT_BYTES

    def rerouted(self) -> None:
        """Its pipe has another `straight`."""
        if self.room is not None:
            self.room.regroup()

    def _send(self, frame: bytes) -> None:
        """Something for this viewer alone: what leaves for all of them together is counted by their room."""
        self.room.numbers.messages_sent += 1
        self.pipe.send(frame)

    def _fall_back(self) -> None:
        self.room.numbers.fallbacks += 1
        self._leave_line()
        self.outlet.catch_up()

    def _leave_line(self) -> None:
        self._is_live = self.follows = False
        self.rerouted()
