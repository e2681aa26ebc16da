"""The Hub's places against a model, in any order of comings, goings, takeovers, words and ends; and nothing is left."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from events import SECOND, Call, Entry, Transcript
from hub import Full, Hub, Viewer, Watcher
from hub.viewer import MAX_UNSENT_BYTES
from law import NOBODY_HEARD

PLACES = 3
CALL, WHO = st.integers(1, 3), st.integers(0, 11)


class FakeOutlet:
    """Counts what it is told; may be slow."""

    straight = None

    def __init__(self):
        self.unsent_bytes = self.replacements = self.ends = 0

    def send(self, frame: bytes) -> None:
        assert frame

    def catch_up(self) -> None:
        pass

    def end(self) -> None:
        self.ends += 1

    def replaced(self) -> None:
        self.replacements += 1


class Places(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.now = 0
        self.hub = Hub(clock=lambda: self.now, viewers_per_call=PLACES)
        self.calls: dict[int, Call] = {n: replace(NOBODY_HEARD, id=n, call_sid=f"CA{n}") for n in (1, 2, 3)}
        self.inside: dict[int, list[Viewer]] = {1: [], 2: [], 3: []}
        self.watchers: list[Watcher] = []

    @rule(call=CALL, client=st.sampled_from([None, None, "a", "b"]), is_live=st.booleans(), is_slow=st.booleans())
    def join(self, call: int, client: str | None, is_live: bool, is_slow: bool) -> None:
        viewer = Viewer(FakeOutlet(), client=client, cursor=self.calls[call].head_seq)
        viewer.outlet.unsent_bytes = is_slow * (MAX_UNSENT_BYTES + 1)
        ghosts = [other for other in self.inside[call] if client is not None and other.client == client]
        is_full = len(self.inside[call]) - len(ghosts) >= PLACES
        try:
            self.hub.join(self.calls[call], viewer)
        except Full:
            assert is_full and viewer.room is None
            return
        assert not is_full
        assert [ghost.outlet.replacements for ghost in ghosts] == [1] * len(ghosts) and len(ghosts) < 2
        self.inside[call] = [other for other in self.inside[call] if other not in ghosts] + [viewer]
        if is_live and viewer.has_caught_up:
            viewer.go_live()

    @rule(call=CALL, who=WHO, times=st.integers(1, 3))
    def leave(self, call: int, who: int, times: int) -> None:
        if self.inside[call]:
            viewer = self.inside[call].pop(who % len(self.inside[call]))
            for _ in range(times):
                self.hub.leave(viewer)

    @rule(call=CALL, segment=st.integers(0, 4))
    def say(self, call: int, segment: int) -> None:
        said = Transcript(segment_id=f"s{segment}", speaker="user", content="words")
        entry = Entry(seq=self.calls[call].head_seq + 1, stored_at=self.now, transcript=said)
        self.now += 1
        self.calls[call] = replace(self.calls[call], head_seq=entry.seq, last_entry_at=self.now, updated_at=self.now)
        self.hub.publish(self.calls[call], [entry])

    @rule(call=CALL, segment=st.integers(0, 30), words=st.sampled_from(["", "wor"]))
    def partly(self, call: int, segment: int, words: str) -> None:
        said = Transcript(segment_id=f"i{segment}", speaker="user", content=words, is_final=False)
        self.hub.interim(self.calls[call], said)

    @rule(call=CALL)
    def end(self, call: int) -> None:
        known = self.calls[call]
        if not known.is_over:
            self.calls[call] = replace(known, status="completed", status_version=2, terminal_at=self.now)
            self.hub.publish(self.calls[call], [])

    @rule(seconds=st.sampled_from([0, 1, 6, 31]))
    def tick(self, seconds: int) -> None:
        self.now += seconds * SECOND
        self.hub.tick()
        self.hub.walls.tick()

    @rule(is_slow=st.booleans())
    def watch_wall(self, is_slow: bool) -> None:
        watcher = Watcher(FakeOutlet())
        watcher.outlet.unsent_bytes = is_slow * (MAX_UNSENT_BYTES + 1)
        self.hub.walls.watch(1, watcher).load([])
        watcher.follow()
        self.watchers.append(watcher)

    @rule(who=WHO)
    def leave_wall(self, who: int) -> None:
        if self.watchers:
            self.hub.walls.leave(1, self.watchers.pop(who % len(self.watchers)))

    @invariant()
    def places_are_counted_exactly(self) -> None:
        for call, inside in self.inside.items():
            assert self.hub.viewers(call) == len(inside) <= PLACES
            assert all(viewer.room is self.hub._rooms[call] for viewer in inside)
            assert all(viewer.outlet.ends < 2 for viewer in inside)
        assert all(len(watcher.missed) <= len(self.calls) for watcher in self.watchers)
        assert bool(self.hub.walls) == bool(self.watchers)

    def teardown(self) -> None:
        if not hasattr(self, "hub"):
            return
        for viewer in [viewer for inside in self.inside.values() for viewer in inside]:
            self.hub.leave(viewer)
        for watcher in self.watchers:
            self.hub.walls.leave(1, watcher)
        self.now += 31 * SECOND
        self.hub.tick()
        assert not (self.hub._rooms or self.hub._ending or self.hub.walls)


TestPlaces = Places.TestCase
TestPlaces.settings = settings(max_examples=100, stateful_step_count=40)
