"""A call's transcript as a file, for programs and for people."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import AsyncGenerator
from typing import Any, Literal

import msgspec

from events import Call
from exports import FORMATS, Writer, file_name
from handlers.api import ApiError, BaseHandler, parse
from handlers.audit import entry_of
from handlers.calls_api import OneCallHandler
from handlers.pages import PageHandler
from models import calls, entries, notes
from models.entries import Spoken
from models.notes import Note


class _Query(msgspec.Struct):
    format: Literal["txt", "json", "csv", "srt", "vtt"] = "txt"
    speaker: Literal["user", "assistant"] | None = None
    notes: Literal["0", "1"] = "0"


class ExportHandler(OneCallHandler):
    async def get(self, which: str) -> None:
        """GET /api/v1/calls/…/transcripts/export?format&speaker&notes: the file, of a running call as far as it is."""
        asked = parse(_Query, self.query())
        await send_file(self, await self.call(which), asked)


class ExportPage(PageHandler):
    async def get(self, call_sid: str) -> None:
        """GET /calls/{call_sid}/export?format&speaker&notes: the same file, for who is signed in."""
        given = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        asked = parse(_Query, given)
        call = await self.services.store.read(calls.by_sid, self.grant.organization_id, call_sid)
        if call is None:
            raise ApiError(404, "not_found", "There is no such call.")
        await send_file(self, call, asked)


async def send_file(handler: BaseHandler, call: Call, asked: _Query) -> None:
    """Which entries is settled first, so that a call that goes on is exported as it was at one moment. They are then
    read and written piece by piece, as the client takes them."""
    store = handler.services.store
    handler.services.audit.note(entry_of(handler, "call.exported", call.call_sid, format=asked.format))
    spoken = [said for said in await store.read(entries.spoken, call.id, asked.speaker) if said.has_words]
    after = _placed(call, await store.read(notes.of_call, call), spoken) if asked.notes == "1" else None
    format_ = FORMATS[asked.format]
    writer = format_.writer(call, store.clock(), [said.start for said in spoken])
    name = file_name(call.call_sid, asked.format, asked.speaker)
    handler.set_header("Content-Type", format_.media_type)
    handler.set_header("Content-Disposition", f'attachment; filename="{name}"')

    handler.write(writer.begin() + ("" if after is None else writer.noted(after.pop(None, []))))

    async def pieces() -> AsyncGenerator[str | bytes, None]:
        for at in range(0, len(spoken), entries.PAGE):
            yield await store.read(_piece, call.id, spoken[at : at + entries.PAGE], writer, after or {})
        yield writer.end()

    await handler.finish_in_pieces(pieces())


def _piece(db: Any, call_id: int, spoken: list[Spoken], writer: Writer, after: dict[str | None, list[Note]]) -> bytes:
    """Written in the reader's thread: some ms of work that the loop need not wait for."""
    told = []
    for entry, said in zip(entries.by_seq(db, call_id, [said.seq for said in spoken]), spoken, strict=True):
        told.append(writer.said(_timed(entry, said)))
        if said.segment_id in after:
            told.append(writer.noted(after[said.segment_id]))
    return "".join(told).encode()


def _placed(call: Call, written: list[Note], spoken: list[Spoken]) -> dict[str | None, list[Note]]:
    """The notes, in order of time, by the segment that each comes after: its own; else, or where that is not in the
    file, the last that began before it. None: before all of them."""
    own = {said.segment_id for said in spoken}
    timed = [said for said in spoken if said.start is not None]
    after: dict[str | None, list[Note]] = defaultdict(list)
    for note in written:
        before = bisect_right(timed, notes.place(call, note), key=lambda said: said.start)
        last = timed[before - 1].segment_id if before else None
        after[note.segment_id if note.segment_id in own else last].append(note)
    return after


def _timed(entry: entries.Entry, said: Spoken) -> entries.Entry:
    """With the times that its segment had before a correction that tells none."""
    if entry.transcript.segment_start == said.start and entry.transcript.segment_end == said.end:
        return entry
    told = msgspec.structs.replace(entry.transcript, segment_start=said.start, segment_end=said.end)
    return msgspec.structs.replace(entry, transcript=told)
