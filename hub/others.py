"""What other nodes stored, passed through and let in, brought to those who watch on this one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from events import Call, Entry, Transcript
from hub.company import Face
from hub.room import Room
from rules.alert import Alert

if TYPE_CHECKING:
    from hub.hub import Hub


class Others:
    """Finds its way in the hub's own rooms and walls. All of it may bring what is known, and things out of order:
    every part of the hub takes what is newer, and viewers who lack something read it from the store."""

    def __init__(self, hub: "Hub", rooms: Mapping[int, Room], faces: dict[int, list[Face]]):
        self._hub, self._rooms, self._faces = hub, rooms, faces

    # ── what is watched here, to be asked for ────────────────────────────────────────────────────────────────

    def call_ids(self) -> set[int]:
        """Calls that are watched by themselves."""
        return {id_ for id_, room in self._rooms.items() if room.viewers}

    def organization_ids(self) -> set[int]:
        """Those whose wall is watched."""
        return {id_ for id_, wall in self._hub.walls.items() if wall.is_loaded}

    def heads(self, call_ids: Collection[int], organization_ids: Collection[int]) -> dict[int, tuple[int, int]]:
        """How far these calls, and those on these walls, are known: the head of the log and the status's version."""
        rooms = [room for id_ in call_ids if (room := self._rooms.get(id_)) and room.viewers]
        heads = {room.call.id: (room.told_seq, room.status_version) for room in rooms}
        for id_ in organization_ids:
            for call in self._hub.walls[id_].calls:
                seq, version = heads.get(call.id, (call.head_seq, call.status_version))
                heads[call.id] = min(seq, call.head_seq), min(version, call.status_version)
        return heads

    def met_call_ids(self) -> set[int]:
        """Calls of which somebody here wants to know who watches them, or how many do."""
        return {*self._hub.companies.call_ids, *self._hub.walls.call_ids()}

    def open_interims(self, call_id: int) -> list[Transcript]:
        """Of a call that is fed here, as they are shown."""
        room = self._rooms.get(call_id)
        return room.open_interims if room else []

    def faces(self, call_id: int) -> Sequence[Face]:
        """Of those who watch it elsewhere, as far as that was asked."""
        return self._faces.get(call_id, ())

    # ── what was found ───────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def reading(self, organization_ids: Collection[int]) -> Iterator[None]:
        """What is learned within the block was read within it: calls that end here meanwhile stay ended."""
        walls = [self._hub.walls[id_] for id_ in organization_ids]
        for wall in walls:
            wall.begin_reading()
        try:
            yield
        finally:
            for wall in walls:
                wall.end_reading()

    def learn(self, call: Call, said: Transcript | None, alerts: Sequence[Alert]) -> None:
        """The call as it is in the store; its newest words and alerts, as far as they may be news."""
        self._hub.walls.hear(call, said, alerts)
        self._hub.show(call, (), [alert for alert in alerts if alert.seq is None])

    def published(self, call: Call, entries: Sequence[Entry], alerts: Sequence[Alert]) -> None:
        """What another node stored, as it was told there."""
        self._hub.show(call, entries, alerts)

    def passed(self, call_id: int, said: Transcript) -> None:
        """An interim, as another node shows it."""
        if room := self._rooms.get(call_id):
            room.interim(said)

    def meet(self, faces: Mapping[int, list[Face]]) -> None:
        """Who watches these calls on other nodes."""
        changed = [id_ for id_ in {*faces, *self._faces} if faces.get(id_, []) != self._faces.get(id_, [])]
        self._faces.clear()
        self._faces.update({id_: those for id_, those in faces.items() if those})
        for id_ in changed:
            self._hub.companies.changed(id_)
            for wall in self._hub.walls.values():
                wall.touch(id_)
