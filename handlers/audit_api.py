"""The audit log for programs."""

from typing import Annotated

import msgspec

from events import rfc3339
from handlers.api import ApiHandler, parse
from handlers.calls_api import instant
from models import audit
from models.audit import MOST_COUNTED, AuditEntry, AuditFilter


class _Query(msgspec.Struct):
    action: str | None = None
    user: str | None = None
    target: str | None = None
    date_from: str | None = None
    date_to: str | None = None
    before: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    skip: Annotated[int, msgspec.Meta(ge=0, le=MOST_COUNTED)] = 0  # skipped rows are read: `before` goes further
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class AuditHandler(ApiHandler):
    scope = "admin"

    async def get(self) -> None:
        """GET /api/v1/audit: the organisation's entries that the filters ask for, newest first, a page of them;
        `total` counts to 10,000."""
        asked, read = parse(_Query, self.query()), self.services.store.read
        where = AuditFilter(
            action=asked.action,
            actor=asked.user.lower() if asked.user else None,
            target=asked.target,
            date_from=instant("date_from", asked.date_from),
            date_to=instant("date_to", asked.date_to, is_end=True),
        )
        found = await read(_page, self.organization_id, where, asked.before, asked.skip, asked.limit)
        total = await read(audit.count, self.organization_id, where)
        items = [_item(entry) for entry in found]
        self.finish_json({"items": items, "total": total, "skip": asked.skip, "limit": asked.limit})


def _page(db: object, organization: int, where: AuditFilter, before: int | None, skip: int, limit: int) -> list:
    return audit.page(db, organization, where, before=before, skip=skip, limit=limit)


def _item(entry: AuditEntry) -> dict[str, object]:
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "action": entry.action,
        "user": entry.actor,
        "key": entry.key_prefix,
        "address": entry.address,
        "target": entry.target,
        "detail": entry.detail,
    }
