"""Who is at a call, by name: told to those of its viewers who asked for it, beside the call's log.

No cursor counts these messages: who reads slowly gets the newest when there is room again. Where nobody asks there is
nothing but an empty dictionary.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, NamedTuple

from events import Call, encode, rfc3339
from hub.viewer import MAX_UNSENT_BYTES, Viewer


class Face(NamedTuple):
    name: str
    via: Literal["page", "key"]


def faces(viewers: Iterable[Viewer]) -> list[Face]:
    """Of those who were let in, by name."""
    return sorted(face for viewer in viewers if (face := viewer.outlet.face) is not None)


class Companies:
    """By call, as long as one of its viewers wants to know. `tick` once a second. `elsewhere` are those who watch on
    other nodes, by call."""

    def __init__(self, clock: Callable[[], int], wrap: Callable[[bytes], bytes], elsewhere: Mapping[int, list[Face]]):
        self._clock, self._wrap, self._elsewhere = clock, wrap, elsewhere
        self._companies: dict[int, Company] = {}
        self._changed: set[Company] = set()

    def enter(self, viewer: Viewer, *, listens: bool) -> None:
        """It was let in, and has a face now; if it `listens` it is told at once who is there, and from now on."""
        room = viewer.room
        if room is None:
            return
        company = self._companies.get(room.call.id)
        if company is None and listens:
            company = self._companies[room.call.id] = Company(room.call, room.viewers, self._clock())
        if company is None:
            return
        if listens:
            company.listeners.add(viewer)
            viewer.pipe.send(self._frame(company))
        self._note(company, besides=viewer)

    def leave(self, call_id: int, viewer: Viewer) -> None:
        company = self._companies.get(call_id)
        if company is None:
            return
        company.listeners.discard(viewer)
        company.due.discard(viewer)
        if company.listeners:
            self._note(company)
        else:
            del self._companies[call_id]
            self._changed.discard(company)

    @property
    def call_ids(self) -> Iterable[int]:
        return self._companies.keys()

    def changed(self, call_id: int) -> None:
        """Who watches elsewhere is not who it was."""
        if company := self._companies.get(call_id):
            self._note(company)

    def notes_changed(self, call_id: int) -> None:
        if company := self._companies.get(call_id):
            company.notes_version = max(company.notes_version + 1, self._clock())
            self._note(company)

    def tick(self) -> None:
        """Tell what changed since the last time, to whom there is room to tell it."""
        for company in list(self._changed):
            ready = [viewer for viewer in company.due if viewer.pipe.unsent_bytes <= MAX_UNSENT_BYTES]
            company.due.difference_update(ready)
            if not company.due:
                self._changed.discard(company)
            frame = self._frame(company) if ready else b""
            for viewer in ready:
                viewer.pipe.send(frame)

    def _note(self, company: "Company", besides: Viewer | None = None) -> None:
        company.due |= company.listeners - {besides}
        self._changed.add(company)

    def _frame(self, company: "Company") -> bytes:
        elsewhere = self._elsewhere.get(company.call_id, ())
        message = {
            "type": "company",
            "call_sid": company.call_sid,
            "timestamp": rfc3339(self._clock()),
            "viewers": [face._asdict() for face in sorted([*faces(company.viewers), *elsewhere])],
            "notes_version": company.notes_version,
        }
        return self._wrap(encode(message))


class Company:
    __slots__ = ("call_id", "call_sid", "due", "listeners", "notes_version", "viewers")

    def __init__(self, call: Call, viewers: set[Viewer], now: int):
        self.call_id, self.call_sid = call.id, call.call_sid
        self.viewers = viewers  # the room's own set: all of them, whether or not they listen
        self.listeners: set[Viewer] = set()
        self.due: set[Viewer] = set()  # listeners who have not been told how it is now
        # Not a number that was seen here before: who comes back reads the notes again, which may have changed.
        self.notes_version = now
