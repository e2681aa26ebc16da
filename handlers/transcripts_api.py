"""Transcripts of one call: reading them, and sending them in."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from secrets import token_hex
from typing import Annotated, Any, Literal

import msgspec

from events import Refused, Transcript, encode
from handlers.api import error_body, parse
from handlers.audit import entry_of
from handlers.calls_api import OneCallHandler
from handlers.representations import transcript_json
from metrics import Numbers
from models import entries
from models.record import Recorded
from sources import producer

LONGEST_PAGE = 1000


class _Query(msgspec.Struct):
    speaker: Literal["user", "assistant"] | None = None
    include_interim: str | None = None  # accepted, and changes nothing: interims aren't stored
    after: Annotated[int, msgspec.Meta(ge=0, le=2**62)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_PAGE)] | None = None


class TranscriptsHandler(OneCallHandler):
    longest_body = 18 << 20  # 500 transcripts of 32 KiB, and 5 KiB more for each; the server itself reads 20 MiB

    @property
    def scope(self) -> str:
        return "ingest" if self.request.method == "POST" else "read"

    async def get(self, which: str) -> None:
        """GET /api/v1/calls/…/transcripts: the latest entry of each segment in speaking order; with `after`, the log
        itself, every entry with a higher `seq`. Streamed: a long call is never held in memory whole."""
        asked = parse(_Query, self.query())
        call = await self.call(which)
        self.services.audit.note(entry_of(self, "call.read", call.call_sid))
        pages = self._whole_log(call.id, asked) if asked.after is not None else self._spoken(call.id, asked)
        self.set_header("Content-Type", "application/json; charset=utf-8")

        self.write(b"[")

        async def pieces() -> AsyncGenerator[bytes, None]:
            separator = b""
            async with aclosing(pages):
                async for page in pages:
                    yield separator + b",".join(encode(transcript_json(call.id, entry)) for entry in page)
                    separator = b","
            yield b"]"

        await self.finish_in_pieces(pieces())

    async def post(self, which: str) -> None:
        """POST /api/v1/calls/sid/{call_sid}/transcripts: 201 once stored, 200 where nothing was new, 422 where
        nothing could be taken; a call not yet known is created."""
        call_sid = await self.call_sid(which)
        items, is_batch = producer.decode_transcripts(self.request.body, new_segment_id)
        recorded = None
        if taken := [item for item in items if not isinstance(item, Refused)]:
            recorded = await self.services.pipeline.hear(self.organization_id, call_sid, taken)
        self.finish_json(*answer(items, is_batch, recorded, self.services.numbers))

    async def _spoken(self, call_id: int, asked: _Query) -> Any:
        seqs = (await self.services.store.read(entries.speaking_order, call_id, asked.speaker))[: asked.limit]
        for at in range(0, len(seqs), entries.PAGE):
            yield await self.services.store.read(entries.by_seq, call_id, seqs[at : at + entries.PAGE])

    async def _whole_log(self, call_id: int, asked: _Query) -> Any:
        cursor, left = asked.after, asked.limit
        while left is None or left > 0:
            limit = entries.PAGE if left is None else min(entries.PAGE, left)
            page = await self.services.store.read(entries.after, call_id, cursor, limit, asked.speaker)
            if page:
                yield page
            if len(page) < limit:
                return
            cursor, left = page[-1].seq, None if left is None else left - len(page)


def new_segment_id() -> str:
    return "s-" + token_hex(8)


def answer(
    items: list[Transcript | Refused], is_batch: bool, recorded: Recorded | None, numbers: Numbers
) -> tuple[dict[str, Any], int]:
    """What is said of these items, with the status, once those that could be taken were stored; they may be refused
    even then. Raises the one item's Refused where it is no batch."""
    accepted, rejected, duplicates, stored, first = [], [], 0, False, None
    outcomes = iter(recorded.outcomes if recorded else ())
    for index, item in enumerate(items):
        error, seq = item if isinstance(item, Refused) else None, None
        if error is None and item.is_final:
            outcome = next(outcomes)
            error, seq = outcome.error, outcome.seq
            duplicates += outcome.is_repeat
            stored = stored or (error is None and not outcome.is_repeat)
        if error is None:
            accepted.append({"segment_id": item.segment_id, "seq": seq})
        else:
            first = first or error
            numbers.rejected["producer", error.code] += 1
            rejected.append({"index": index, "error": _error(error)})
    if first is not None and not is_batch:
        raise first
    status = 201 if stored else 200 if accepted or not items else 422
    body = {"accepted": accepted, "duplicates": duplicates, "rejected": rejected}
    if status == 422:  # with the first fault in the shape of every error
        body |= error_body(first.code, first.message, first.field)
    return body, status


def _error(error: Refused) -> dict[str, Any]:
    return error_body(error.code, error.message, error.field)["error"]
