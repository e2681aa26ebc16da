"""Notes on a call for programs and for its own page: read, written, changed and removed."""

from functools import partial
from typing import Annotated, Any

import msgspec

from events import Call, Refused, rfc3339
from handlers.api import BaseHandler
from handlers.audit import entry_of
from handlers.calls_api import OneCallHandler
from handlers.tickets_api import ForPagesHandler
from models import audit, notes
from models.audit import AuditEntry
from models.notes import LONGEST_TEXT, Note
from models.rights import Grant
from sources.producer import decode_body

LATEST_S = 360_000  # of a moment: a hundred hours, beyond any call
_PLAIN = r"\A[^\x00-\x1f\x7f-\x9f]*\Z"  # no control characters, as a producer's
_Text = Annotated[str, msgspec.Meta(max_length=LONGEST_TEXT)]


class NewNote(msgspec.Struct, frozen=True, kw_only=True):
    segment_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=_PLAIN)] | None = None
    at_seconds: Annotated[float, msgspec.Meta(ge=0, le=LATEST_S)] | None = None
    text: _Text = ""


class _Change(msgspec.Struct):
    text: _Text


class _NoteHandler(ForPagesHandler, OneCallHandler):
    """A key needs `ingest` to write: who was given one that only reads may not leave anything in the calls. People
    need nothing but to be signed in, because watching and noting is one job."""

    longest_body = 32 << 10  # of 2,000 characters in the longest escapes, with room

    @property
    def scope(self) -> str:
        is_reading = self.request.method == "GET"
        return "read" if is_reading or self.grant.key_prefix is None else "ingest"


class NotesHandler(_NoteHandler):
    async def get(self, which: str) -> None:
        """GET /api/v1/calls/…/notes: all of them, in order of time."""
        call = await self.call(which)
        found = await self.services.store.read(notes.of_call, call)
        self.finish_json([note_json(note, self.grant) for note in found])

    async def post(self, which: str) -> None:
        """POST /api/v1/calls/…/notes: 201 with the new note."""
        given = decode_body(self.request.body, NewNote)
        note = await add_note(self, await self.call(which), given)
        self.finish_json(note_json(note, self.grant), 201)


class NoteHandler(_NoteHandler):
    async def put(self, which: str, note_id: str) -> None:
        """PUT /api/v1/calls/…/notes/{note_id}: 200 with the note, which now has this text."""
        given = decode_body(self.request.body, _Change)
        note = await change_note(self, await self.call(which), int(note_id), given.text)
        self.finish_json(note_json(note, self.grant))

    async def delete(self, which: str, note_id: str) -> None:
        """DELETE /api/v1/calls/…/notes/{note_id}: 204, and nothing of it is left."""
        await remove_note(self, await self.call(which), int(note_id))
        self.set_status(204)


def note_json(note: Note, grant: Grant) -> dict[str, Any]:
    """A note as it is told to whom this grant belongs."""
    return {
        "id": note.id,
        "segment_id": note.segment_id,
        "at_seconds": note.at_seconds,
        "text": note.text,
        "author": note.author,
        "created_at": rfc3339(note.created_at),
        "updated_at": rfc3339(note.updated_at),
        "is_mine": note.user_id == grant.user_id,
    }


def changes_all(grant: Grant) -> bool:
    """Whether it may change notes of others: an administrator's, if it is not a key for less."""
    return grant.role == "admin" and (grant.key_prefix is None or grant.may("admin"))


async def add_note(handler: BaseHandler, call: Call, given: NewNote) -> Note:
    grant, now = handler.grant, handler.services.store.clock()
    told = {"segment_id": given.segment_id, "at_seconds": given.at_seconds, "text": _text(given.text)}
    return await _write(handler, call, "note.added", partial(notes.add, **told), now, call, grant.user_id, grant.email)


async def change_note(handler: BaseHandler, call: Call, note_id: int, text: str) -> Note:
    """Raises Refused, `not_found`, `not_the_author`."""
    work = notes.change, handler.services.store.clock(), call.id, note_id, _by(handler.grant), _text(text)
    return await _write(handler, call, "note.changed", *work)


async def remove_note(handler: BaseHandler, call: Call, note_id: int) -> Note:
    """As `change_note`."""
    return await _write(handler, call, "note.removed", notes.remove, call.id, note_id, _by(handler.grant))


async def _write(handler: BaseHandler, call: Call, action: str, work: Any, *args: Any) -> Note:
    """What `work` returns, once it is stored with its entry in the audit log; then those at the call hear of it."""

    def entry(note: Note) -> AuditEntry:
        return entry_of(handler, action, call.call_sid, note=note.id)

    store, hub = handler.services.store, handler.services.hub
    return await store.write(audit.recorded, entry, work, *args, then=lambda _: hub.notes_changed(call.id))


def _by(grant: Grant) -> int | None:
    return None if changes_all(grant) else grant.user_id


def _text(text: str) -> str:
    if "\x00" in text:
        raise Refused("invalid_field", "text must not contain NUL", "text")  # PostgreSQL has no place for it
    return text.replace("\r\n", "\n").strip()
