"""Reading calls: a page of them, their numbers, one of them. And the one thing that is changed here: metadata."""

import re
from typing import Annotated, Literal

import msgspec

from events import SECOND, Call, CallAnnounced, microseconds
from handlers.api import ApiError, ApiHandler, parse
from handlers.representations import call_json
from models import aliases, calls
from models.calls import CallFilter
from sources import producer

_Count = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
_BY_SID = "sid/"
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z")


class _Filters(msgspec.Struct):
    status: Literal["in-progress", "ongoing", "completed", "failed"] | None = None
    assistant_id: _Count | None = None
    customer_phone: str | None = None
    date_from: str | None = None
    date_to: str | None = None
    min_duration: _Count | None = None
    max_duration: _Count | None = None


class _Paging(msgspec.Struct):
    skip: _Count = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class CallQueryHandler(ApiHandler):
    def filters(self) -> CallFilter:
        asked = parse(_Filters, self.query())
        return CallFilter(
            status="in-progress" if asked.status == "ongoing" else asked.status,
            assistant_id=asked.assistant_id,
            customer_phone=re.sub("^ ", "+", asked.customer_phone) if asked.customer_phone else None,  # as in instant
            date_from=instant("date_from", asked.date_from),
            date_to=instant("date_to", asked.date_to, is_end=True),
            min_duration=asked.min_duration,
            max_duration=asked.max_duration,
        )


class CallsHandler(CallQueryHandler):
    async def get(self) -> None:
        """GET /api/v1/calls: the organisation's calls that the filters ask for, newest first, a page of them."""
        where, paging = self.filters(), parse(_Paging, self.query())
        store, now = self.services.store, self.services.store.clock()
        total = await store.read(calls.count, self.organization_id, where)
        found = await store.read(_page, self.organization_id, where, paging.skip, paging.limit)
        others = await store.read(aliases.other_ids, [call.id for call in found])
        items = [call_json(call, now, others[call.id]) for call in found]
        self.finish_json({"items": items, "total": total, "skip": paging.skip, "limit": paging.limit})


class CallCountHandler(CallQueryHandler):
    async def get(self) -> None:
        """GET /api/v1/calls/count: how many the same filters ask for."""
        self.finish_json({"count": await self.services.store.read(calls.count, self.organization_id, self.filters())})


class CallStatsHandler(ApiHandler):
    async def get(self) -> None:
        """GET /api/v1/calls/stats: numbers over all calls; durations in seconds, of those that ended."""
        self.finish_json(await self.services.store.read(calls.stats, self.organization_id))


class OneCallHandler(ApiHandler):
    """A route about one call: `which` is its number, or `sid/` and its call_sid."""

    async def call(self, which: str) -> Call:
        """The call within the key's organisation; 404 for unknown and foreign alike."""
        read, organization = self.services.store.read, self.organization_id
        if which.startswith(_BY_SID):
            found = await read(calls.by_sid, organization, self.check_sid(which))
        else:
            found = await read(calls.by_id, organization, int(which))
        if found is None:
            raise ApiError(404, "not_found", "There is no such call.")
        return found

    async def call_sid(self, which: str) -> str:
        """The id to feed: by /sid/ any, of a call that need not exist yet; by number that of a call that does."""
        return self.check_sid(which) if which.startswith(_BY_SID) else (await self.call(which)).call_sid

    @staticmethod
    def check_sid(which: str) -> str:
        return producer.check_call_sid(which.removeprefix(_BY_SID))


class CallHandler(OneCallHandler):
    async def get(self, which: str) -> None:
        """GET /api/v1/calls/{id} and /api/v1/calls/sid/{call_sid}: the call."""
        await finish_call(self, await self.call(which))


class CallMetadataHandler(OneCallHandler):
    scope = "ingest"

    async def patch(self, which: str) -> None:
        """PATCH /api/v1/calls/{id}/metadata: the call, its metadata merged with the given, key by key."""
        call = await self.call(which)
        metadata = producer.decode_metadata(self.request.body)
        told = CallAnnounced(metadata=metadata)
        recorded = await self.services.pipeline.hear(self.organization_id, call.call_sid, [told])
        await finish_call(self, recorded.call)


async def finish_call(handler: ApiHandler, call: Call, status: int | None = None) -> None:
    """Answer with the call, and by what else it can be found."""
    store = handler.services.store
    others = await store.read(aliases.other_ids, [call.id])
    handler.finish_json(call_json(call, store.clock(), others[call.id]), status)


def _page(db: object, organization_id: int, where: CallFilter, skip: int, limit: int) -> list[Call]:
    return calls.page(db, organization_id, where, skip=skip, limit=limit)


def instant(name: str, text: str | None, *, is_end: bool = False) -> int | None:
    """µs of a date or a time, UTC where it has no offset; a bare date is its beginning, or as an end its last µs."""
    if text is None:
        return None
    try:
        at = microseconds(text.replace(" ", "+"))  # an unescaped + in a query arrives as a blank
    except (ValueError, OverflowError):
        raise ApiError(400, "invalid_parameter", f"{name} must be a date or an RFC 3339 time.", name) from None
    return at + 86_400 * SECOND - 1 if is_end and _DAY.match(text) else at
