"""The walls that are watched here, by organisation."""

from collections.abc import Callable, Sequence

from events import Call, Transcript
from hub.relay import Relay
from hub.wall import Wall, Watcher
from rules.alert import Alert


class Walls(dict[int, Wall]):
    """A wall is there while someone watches it; until then, and after, news of its calls are nobody's."""

    def __init__(self, make: Callable[[], Wall], relay: Callable[[], Relay]):
        super().__init__()
        self._make, self._relay = make, relay

    def watch(self, organization_id: int, watcher: Watcher) -> Wall:
        """Put up the organisation's wall, or find it; it must be loaded from the store if it is not yet."""
        wall = self.get(organization_id)
        if wall is None:
            wall = self[organization_id] = self._make()
            self._relay().watch_wall(organization_id)
        wall.watchers.add(watcher)
        return wall

    def leave(self, organization_id: int, watcher: Watcher) -> None:
        """Watch no more; leaving twice is no error."""
        wall = self.get(organization_id)
        if wall is not None:
            wall.watchers.discard(watcher)
            if not wall.watchers:
                del self[organization_id]
                self._relay().unwatch_wall(organization_id)

    def running(self, organization_id: int) -> list[Call]:
        """The running calls, while someone watches the wall; else none."""
        return wall.calls if (wall := self.get(organization_id)) else []

    def hear(self, call: Call, said: Transcript | None = None, alerts: Sequence[Alert] = ()) -> None:
        if wall := self.get(call.organization_id):
            wall.hear(call, said, alerts)

    def touch(self, call: Call) -> None:
        """Who watches the call has changed."""
        if wall := self.get(call.organization_id):
            wall.touch(call.id)

    def tick(self) -> None:
        """Twice a second: send what changed on each wall."""
        for wall in self.values():
            wall.tick()

    def call_ids(self) -> set[int]:
        return {id_ for wall in self.values() for id_ in wall.call_ids}

    def forget(self, call_ids: set[int]) -> None:
        """These calls were deleted."""
        for wall in self.values():
            wall.forget(call_ids)
