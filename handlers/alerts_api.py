"""Reading alerts: of a call, and of the whole organisation."""

from typing import Annotated

import msgspec

from handlers.api import ApiHandler, parse
from handlers.calls_api import OneCallHandler
from models import alerts
from rules.alert import alert_data

LONGEST_PAGE = 1000
_Id = Annotated[int, msgspec.Meta(ge=1, le=2**62)]


class _Query(msgspec.Struct):
    before: _Id | None = None
    rule_id: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=LONGEST_PAGE)] = 100


class CallAlertsHandler(OneCallHandler):
    async def get(self, which: str) -> None:
        """GET /api/v1/calls/{id}/alerts and …/sid/{call_sid}/alerts: all of them, in the order of their ids."""
        call = await self.call(which)
        found = await self.services.store.read(alerts.of_call, call.id)
        self.finish_json([alert_data(alert) for alert in found])


class AlertsHandler(ApiHandler):
    async def get(self) -> None:
        """GET /api/v1/alerts: the organisation's newest first; `before` is the id of the last one that is known."""
        asked = parse(_Query, self.query())
        found = await self.services.store.read(_listing, self.organization_id, asked)
        items = [{"call_id": one.call_id, "call_sid": one.call_sid} | alert_data(one.alert) for one in found]
        self.finish_json({"items": items, "limit": asked.limit})


def _listing(db: object, organization_id: int, asked: _Query) -> list[alerts.AlertOfCall]:
    return alerts.listing(db, organization_id, before=asked.before, rule_id=asked.rule_id, limit=asked.limit)
