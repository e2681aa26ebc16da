"""Notes on a call, and who watches it, as its page shows them; and that page's forms, for who has no JavaScript."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from events import Call, Refused, encode
from handlers.api import ApiError
from handlers.form_fields import Form
from handlers.notes_api import NewNote, add_note, change_note, changes_all, note_json, remove_note
from handlers.pages import PageHandler
from hub import Face, Hub
from models import calls
from models.notes import LONGEST_TEXT, Note
from models.rights import Grant

_MOMENT = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):([0-5]\d)\Z")


class CallNotes:
    """Of one call, in order of time, for whom this grant belongs to."""

    longest_text = LONGEST_TEXT

    def __init__(self, notes: Sequence[Note], grant: Grant):
        self.all, self._grant = notes, grant
        self.changes_all = changes_all(grant)
        self._of_segment: dict[str | None, list[Note]] = defaultdict(list)
        for note in notes:
            self._of_segment[note.segment_id].append(note)

    @property
    def as_json(self) -> str:
        return encode([note_json(note, self._grant) for note in self.all]).decode()

    def may_change(self, note: Note) -> bool:
        return self.changes_all or note.user_id == self._grant.user_id

    def of_segment(self, segment_id: str) -> Sequence[Note]:
        return self._of_segment.get(segment_id, ())

    def label(self, segment_id: str) -> str:
        """`Note`, `Mark`, `2 notes`; notes.js has the same."""
        found = self.of_segment(segment_id)
        what = "note" if any(note.text for note in found) else "mark"
        return what.capitalize() if len(found) == 1 else f"{len(found)} {what}s"


class Company(NamedTuple):
    faces: list[Face]
    places: int  # how many may watch


def company_of(hub: Hub, call: Call) -> Company:
    return Company(hub.faces(call.id), hub.viewers_per_call)


class _NoteForm(PageHandler):
    @property
    def is_embedded(self) -> bool:
        return "embedded" in self.request.query_arguments

    async def call(self, call_sid: str) -> Call:
        call = await self.services.store.read(calls.by_sid, self.grant.organization_id, call_sid)
        if call is None:
            raise ApiError(404, "not_found", "There is no such call.")
        return call

    def text(self) -> str:
        form = Form(self)
        text = form.lines("text", longest=LONGEST_TEXT)
        if form.errors:
            raise Refused("invalid_field", form.errors["text"], "text")
        return text

    def back(self, call: Call, place: str) -> None:
        shape = "?embedded=" if self.is_embedded else ""
        self.redirect(f"/calls/{call.call_sid}{shape}#{place}", status=303)


class CallNotesPage(_NoteForm):
    async def post(self, call_sid: str) -> None:
        """POST /calls/{call_sid}/notes: a new note with this text, at this moment (`1:05`, may be empty)."""
        call = await self.call(call_sid)
        at_seconds = seconds(self.get_body_argument("moment", ""))
        note = await add_note(self, call, NewNote(at_seconds=at_seconds, text=self.text()))
        self.back(call, f"note-{note.id}")


class CallNotePage(_NoteForm):
    async def post(self, call_sid: str, note_id: str) -> None:
        """POST /calls/{call_sid}/notes/{note_id}: this text; or no note any more, where `do` is `remove`."""
        call = await self.call(call_sid)
        if self.get_body_argument("do", "change") == "remove":
            await remove_note(self, call, int(note_id))
            self.back(call, "notes")
        else:
            await change_note(self, call, int(note_id), self.text())
            self.back(call, f"note-{note_id}")


def seconds(moment: str) -> float | None:
    """Of `1:05` or `1:02:31`; None of nothing. Raises Refused."""
    if not moment:
        return None
    found = _MOMENT.match(moment)
    if found is None:
        raise Refused("invalid_field", "A moment is minutes and seconds from the answer, such as 1:05.", "moment")
    hours, minutes, rest = (int(part or 0) for part in found.groups())
    return float(hours * 3600 + minutes * 60 + rest)
