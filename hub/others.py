"""What other nodes stored of calls, brought to those who watch on this one."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from events import Call, Transcript
from hub.room import Room
from hub.wall import Wall
from rules.alert import Alert


class Others:
    """Finds its way in the hub's own rooms and walls. `learn` may bring what is known, and things out of order: every
    part of the hub takes what is newer, and viewers who lack something read it from the store."""

    def __init__(self, rooms: Mapping[int, Room], walls: Mapping[int, Wall], refresh: Callable[[Call], None]):
        self._rooms, self._walls, self._refresh = rooms, walls, refresh

    def heads(self) -> dict[int, tuple[int, int]]:
        """How far each watched call is known: the head of its log and the version of its status."""
        heads = {room.call.id: (room.told_seq, room.status_version) for room in self._rooms.values() if room.viewers}
        for wall in self._walls.values():
            for call in wall.calls:
                seq, version = heads.get(call.id, (call.head_seq, call.status_version))
                heads[call.id] = min(seq, call.head_seq), min(version, call.status_version)
        return heads

    def organization_ids(self) -> list[int]:
        """Those whose wall is watched."""
        return [id_ for id_, wall in self._walls.items() if wall.is_loaded]

    @contextmanager
    def reading(self, organization_ids: Collection[int]) -> Iterator[None]:
        """What is learned within the block was read within it: calls that end here meanwhile stay ended."""
        walls = [self._walls[id_] for id_ in organization_ids]
        for wall in walls:
            wall.begin_reading()
        try:
            yield
        finally:
            for wall in walls:
                wall.end_reading()

    def learn(self, call: Call, said: Transcript | None, alerts: Sequence[Alert]) -> None:
        """The call as it is now; its newest words and alerts, as far as they may be news."""
        if wall := self._walls.get(call.organization_id):
            wall.hear(call, said, alerts)
        if room := self._rooms.get(call.id):
            for alert in alerts:
                if alert.seq is None:
                    room.alert(alert)
            room.reach(call.head_seq)
            self._refresh(call)
