"""A call's transcript as a file, for programs and for people."""

import logging
from typing import Any, Literal

import msgspec
from tornado.iostream import StreamClosedError

from events import Call
from exports import FORMATS, Writer, file_name
from handlers.api import ApiError, BaseHandler, parse
from handlers.audit import entry_of
from handlers.calls_api import OneCallHandler
from handlers.pages import PageHandler
from models import calls, entries

log = logging.getLogger(__name__)


class _Query(msgspec.Struct):
    format: Literal["txt", "json", "csv", "srt", "vtt"] = "txt"
    speaker: Literal["user", "assistant"] | None = None


class ExportHandler(OneCallHandler):
    async def get(self, which: str) -> None:
        """GET /api/v1/calls/…/transcripts/export?format&speaker: the file, of a running call as far as it is."""
        asked = parse(_Query, self.query())
        await send_file(self, await self.call(which), asked)


class ExportPage(PageHandler):
    async def get(self, call_sid: str) -> None:
        """GET /calls/{call_sid}/export?format&speaker: the same file, for who is signed in."""
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
    format_ = FORMATS[asked.format]
    writer = format_.writer(call, store.clock(), [said.start for said in spoken])
    name = file_name(call.call_sid, asked.format, asked.speaker)
    handler.set_header("Content-Type", format_.media_type)
    handler.set_header("Content-Disposition", f'attachment; filename="{name}"')
    handler.write(writer.begin())
    is_begun = False
    try:
        for at in range(0, len(spoken), entries.PAGE):
            handler.write(await store.read(_piece, call.id, spoken[at : at + entries.PAGE], writer))
            is_begun = True
            await handler.flush()
    except StreamClosedError:
        return  # whoever asked has gone
    except Exception:
        if not is_begun:
            raise
        log.exception("an export broke off")
        handler.detach().close()  # an orderly end would let half a file pass for a whole one
        return
    handler.finish(writer.end())


def _piece(db: Any, call_id: int, spoken: list[entries.Spoken], writer: Writer) -> bytes:
    """Written in the reader's thread: some ms of work that the loop need not wait for."""
    found = entries.by_seq(db, call_id, [said.seq for said in spoken])
    return "".join(writer.said(_timed(entry, said)) for entry, said in zip(found, spoken, strict=True)).encode()


def _timed(entry: entries.Entry, said: entries.Spoken) -> entries.Entry:
    """With the times that its segment had before a correction that tells none."""
    if entry.transcript.segment_start == said.start and entry.transcript.segment_end == said.end:
        return entry
    told = msgspec.structs.replace(entry.transcript, segment_start=said.start, segment_end=said.end)
    return msgspec.structs.replace(entry, transcript=told)
