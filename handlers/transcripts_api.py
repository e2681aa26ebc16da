"""Transcripts of one call: reading them, and sending them in."""

from secrets import token_hex
from typing import Annotated, Any, Literal

import msgspec

from events import Refused, encode
from handlers.api import error_body, parse
from handlers.audit import entry_of
from handlers.calls_api import OneCallHandler
from handlers.representations import transcript_json
from models import entries
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
        separator = b""
        async for page in pages:
            self.write(separator + b",".join(encode(transcript_json(call.id, entry)) for entry in page))
            separator = b","
            await self.flush()
        self.finish(b"]")

    async def post(self, which: str) -> None:
        """POST /api/v1/calls/sid/{call_sid}/transcripts: 201 once stored, 200 where nothing was new, 422 where
        nothing could be taken; a call not yet known is created."""
        call_sid = await self.call_sid(which)
        items, is_batch = producer.decode_transcripts(self.request.body, lambda: "s-" + token_hex(8))
        refused = [(index, item) for index, item in enumerate(items) if isinstance(item, Refused)]
        if refused and len(refused) == len(items) and not is_batch:
            raise refused[0][1]
        taken = [(index, item) for index, item in enumerate(items) if not isinstance(item, Refused)]
        accepted, duplicates, stored = [], 0, False
        recorded = None
        if taken:
            recorded = await self.services.pipeline.hear(self.organization_id, call_sid, [item for _, item in taken])
        outcomes = iter(recorded.outcomes if recorded else ())
        for index, item in taken:
            if not item.is_final:
                accepted.append({"segment_id": item.segment_id, "seq": None})
                continue
            outcome = next(outcomes)
            if outcome.error is not None:
                refused.append((index, outcome.error))
                continue
            accepted.append({"segment_id": outcome.segment_id, "seq": outcome.seq})
            duplicates += outcome.is_repeat
            stored = stored or not outcome.is_repeat
        if refused and not accepted and not is_batch:
            raise refused[0][1]
        status = 201 if stored else 200 if accepted or not items else 422
        refused.sort(key=lambda one: one[0])
        rejected = [{"index": index, "error": _error(error)} for index, error in refused]
        body = {"accepted": accepted, "duplicates": duplicates, "rejected": rejected}
        if status == 422:  # with the first fault in the shape of every error
            body |= error_body(refused[0][1].code, refused[0][1].message, refused[0][1].field)
        self.finish_json(body, status)

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


def _error(error: Refused) -> dict[str, Any]:
    return error_body(error.code, error.message, error.field)["error"]
