"""A call and the people who watch it, for trying the law of test_hub_law.py.

The real Hub, Room and Viewer, with a store that is a list. Each person's connection is a generator that does what
`handlers/live.py` does and stops where that awaits, so that every interleaving can be tried.
"""

from collections.abc import Callable

from msgspec.json import decode
from msgspec.structs import replace

from events import SECOND, TERMINAL, Call, Entry, Transcript, entry_message
from hub import Full, Hub, Viewer
from hub.viewer import MAX_UNSENT_BYTES

PAGE = 3
PEOPLE = 4
PLACES = 3
NOBODY_HEARD = Call(
    **dict.fromkeys(Call.__struct_fields__, None)
    | {"id": 1, "organization_id": 1, "call_sid": "CA1", "assistant_id": 1, "assistant_name": "Ada", "metadata": {}}
    | {"status": "in-progress", "status_version": 1, "head_seq": 0, "transcript_count": 0}
    | {"created_at": 0, "updated_at": 0}
)


class World:
    """One call: what is stored of it, what of that is not published yet, and the people who watch."""

    def __init__(self, *, turns: bool = False):
        """With `turns`, what the hub does "soon" waits for `turn`, as the end of the loop's turn."""
        self.now, self.call, self.log, self.unpublished = 0, NOBODY_HEARD, [], []
        self.said: set[tuple[str, str]] = set()
        self.finals: set[str] = set()  # segments with a published final
        self.told_finals = set() if turns else self.finals  # and their viewers have been told
        self.published = self.head_at_the_end = self.head_at_the_close = 0
        self._has_turns, self._soon, self.has_lost = turns, [], False
        self.hub = Hub(clock=lambda: self.now, wrap=b"%s\n".__mod__, viewers_per_call=PLACES, soon=self._do_soon)
        self.people = [Person(self, name) for name in range(PEOPLE)]

    def _do_soon(self, work: Callable[[], None]) -> None:
        if self._has_turns:
            self._soon.append(work)
        else:
            work()

    def turn(self) -> bool:
        """The loop's turn ends; False if nothing waited for that."""
        works, self._soon = self._soon, []
        for work in works:
            work()
        self.told_finals |= self.finals
        return bool(works)

    def lose(self) -> None:
        """A commit whose answer was lost: it is stored, but nobody here knows, until its producer repeats it."""
        if self.unpublished:
            self.unpublished.pop(0)
            self.has_lost = True

    def repeat(self) -> None:
        if self.has_lost:
            self.has_lost = False
            self._commit(self.call, [])

    def say(self, segment: int, words: int) -> None:
        """Commit a final, a correction or, where it was said before, a repeat."""
        segment_id, content = f"s{segment}", f"words {words}"
        entries = []
        if (segment_id, content) not in self.said:
            self.said.add((segment_id, content))
            spoken = Transcript(segment_id=segment_id, speaker="user", content=content)
            entries = [Entry(seq=len(self.log) + 1, stored_at=self.now, transcript=spoken)]
        self.log += entries
        last = self.now if entries else self.call.last_entry_at
        self._commit(replace(self.call, head_seq=len(self.log), last_entry_at=last), entries)

    def end(self) -> None:
        if not self.call.is_over:
            self.head_at_the_end = len(self.log)
            version = self.call.status_version + 1
            self._commit(replace(self.call, status="completed", status_version=version, terminal_at=self.now), [])

    def _commit(self, call: Call, entries: list[Entry]) -> None:
        self.now += 1
        self.call = replace(call, updated_at=self.now)
        self.unpublished.append((self.call, entries))

    def publish(self) -> None:
        if self.unpublished:
            call, entries = self.unpublished.pop(0)
            if not self.is_closed:
                self.published = call.head_seq
            self.finals |= {entry.transcript.segment_id for entry in entries}
            self.hub.publish(call, entries)

    def interim(self, segment: int, revision: int) -> None:
        if not self.call.is_over:
            content = f"partial {revision}" if revision else ""
            spoken = Transcript(
                segment_id=f"s{segment}", speaker="user", content=content, is_final=False, revision=revision
            )
            self.hub.interim(self.call, spoken)

    def tick(self, seconds: int) -> None:
        self.now += seconds * SECOND
        self.hub.tick()

    @property
    def is_closed(self) -> bool:
        room = self.hub._rooms.get(self.call.id)
        return room is not None and room.is_closed


class Person:
    """Someone who watches by one connection after the other. `seen` is the last seq on the person's page."""

    def __init__(self, world: World, name: int):
        self.world, self.name, self.seen = world, name, 0
        self.connection: Connection | None = None

    def open(self, cursor: int = 0) -> None:
        """Open a page that was rendered with this much of the log; or connect again with the one that is open."""
        if self.connection is None:
            self.seen = self.seen or cursor % (len(self.world.log) + 1)
            self.connection = Connection(self)

    def open_again(self) -> None:
        """A new connection while the server still thinks that the old one lives: known by `client`, it is replaced."""
        if self.connection is not None and self.connection.viewer.client is not None:
            self.connection = None
            self.open()

    def drop(self) -> None:
        if self.connection is not None:
            self.world.hub.leave(self.connection.viewer)
            self.connection = None

    def lag(self) -> None:
        if self.connection is not None:
            self.connection.hold(MAX_UNSENT_BYTES + 1)

    def wake(self) -> None:
        if self.connection is not None:
            self.connection.hold(0)

    def step(self, times: int = 1) -> bool:
        """Let the connection's background work go on until it next waits; False if there is nothing to do."""
        return any([connection.step() for connection in [self.connection] * times if connection is not None])


class Connection:
    """The outlet of one viewer. A ghost is still sent to, but nobody reads that."""

    def __init__(self, person: Person):
        self.person, self.world = person, person.world
        self.unsent_bytes, self.has_ended = 0, False
        client = person.name if person.name < 2 else None
        self.viewer = Viewer(self, wants_interims=person.name != 0, client=client)
        self.work = self._connect()

    def step(self) -> bool:
        work = self.work
        if work is None or self.unsent_bytes:
            return False
        if next(work, "over") == "over" and self.work is work:
            self.work = None
        return True

    def _connect(self):
        viewer, world = self.viewer, self.world
        call = world.call
        yield
        try:
            world.hub.join(call, viewer)
        except Full:
            self.person.connection = None
            return
        yield
        call = world.call
        yield
        world.hub.refresh(call)
        viewer.cursor = self.person.seen
        viewer.sent_version = viewer.room.call.status_version
        yield from self._follow()

    def _follow(self):
        viewer = self.viewer
        while viewer.room is not None:
            yield
            page = self.world.log[viewer.cursor : viewer.cursor + PAGE]
            yield
            for entry in page:
                self.send(entry_message("CA1", entry, replayed=True))
                viewer.cursor = entry.seq
            if len(page) < PAGE and viewer.has_caught_up:
                viewer.go_live()
                return

    def hold(self, unsent_bytes: int) -> None:
        """The person reads no more, or again."""
        self.unsent_bytes = unsent_bytes
        self.viewer.rerouted()

    @property
    def straight(self) -> Callable[[bytes], int] | None:
        return None if self.unsent_bytes else self._send_whole

    def _send_whole(self, frames: bytes) -> int:
        assert not self.unsent_bytes, "nothing overtakes what is unsent"
        self.send(frames)
        return len(frames)

    def send(self, frames: bytes) -> None:
        if self.person.connection is self:
            assert not self.has_ended, "nothing comes after the end"
            for line in frames.splitlines():
                self._read(decode(line))

    def _read(self, message: dict) -> None:
        person, world = self.person, self.world
        if message["type"] == "call_status":
            if message["status"] in TERMINAL:
                assert person.seen >= world.head_at_the_end, "the end is told after every entry before it"
        elif "seq" in message:
            assert message["seq"] == person.seen + 1, "every entry once, in order"
            person.seen = message["seq"]
        else:
            assert self.viewer.wants_interims and self.viewer.is_live
            if message["data"]["content"]:
                assert message["data"]["segment_id"] not in world.told_finals, "a stored entry beats any interim"

    def catch_up(self) -> None:
        self.work = self._follow()

    def end(self) -> None:
        assert not self.has_ended
        if self.person.connection is self:
            required = max(self.world.head_at_the_end, self.world.published)
            assert self.person.seen >= required, "let go with everything"
        self.has_ended = True

    def replaced(self) -> None:
        assert self.person.connection is not self


def act(world: World, kind: str, *values: int) -> None:
    """One step: of the world, or of the person whose number comes first."""
    if kind in ("drop", "lag", "open", "open_again", "step", "wake"):
        getattr(world.people[values[0]], kind)(*values[1:])
    elif kind != "nothing":
        getattr(world, kind)(*values)


def settle(world: World) -> None:
    """Publish what is committed, repeat what was lost, and let everyone read what there is."""
    world.repeat()
    while world.unpublished:
        world.publish()
    for person in world.people:
        person.wake()
    while any([world.turn(), *[person.step() for person in world.people]]):
        pass
