"""Searching what was said, by REST."""

from typing import Annotated, Any

import msgspec

from handlers.api import ApiError, ApiHandler, parse
from handlers.audit import entry_of
from handlers.representations import call_json
from models import aliases
from models.calls import CallFilter
from models.search import Match


class _Paging(msgspec.Struct):
    skip: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20


class CallSearchHandler(ApiHandler):
    async def get(self) -> None:
        """GET /api/v1/calls/search: calls in which `q` was said, each with up to three of the segments that say it."""
        paging, asked = parse(_Paging, self.query()), self.query().get("q")
        if asked is None:
            raise ApiError(400, "invalid_parameter", "q: what to search for is missing.", "q")
        page = (CallFilter(), paging.skip, paging.limit)
        found = await self.services.searching.find(self.organization_id, asked, *page)
        self.services.audit.note(entry_of(self, "calls.searched", query=asked))
        store, now = self.services.store, self.services.store.clock()
        others = await store.read(aliases.other_ids, [it.call.id for it in found.calls])
        self.finish_json(
            [
                call_json(it.call, now, others[it.call.id]) | {"matches": [match_json(match) for match in it.matches]}
                for it in found.calls
            ]
        )


def match_json(match: Match) -> dict[str, Any]:
    said = match.entry.transcript
    return {
        "segment_id": said.segment_id,
        "seq": match.entry.seq,
        "speaker": said.speaker,
        "content": said.content,
        "segment_start": said.segment_start,
        "marks": match.marks,
    }
