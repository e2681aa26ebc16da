"""Which sources the live wall should tell of, and which of the running calls wait for them.

Asked for by the wall now and then, from what is in memory and one read of the organisation's few sources: an event
costs nothing here.
"""

from collections.abc import Iterable

import msgspec

from events import SECOND, Call, encode, rfc3339
from handlers.api import ApiError
from handlers.pages import PageHandler
from handlers.services import Services
from handlers.source_kinds import SOURCE_KINDS
from models import source_settings

SILENT_US = 45 * SECOND  # as long as a call is quiet before someone should look
RECENT_US = 600 * SECOND  # a refusal that is older, of a source without calls, is for the settings page alone


class Trouble(msgspec.Struct, frozen=True):
    """`{"id": 1, "name": "Twilio", "assistant": "Front desk", "state": "refusing", "since": "…", "calls": ["CA1"]}`"""

    id: int
    name: str
    assistant: str
    state: str  # `refusing`: the newest thing sent was not taken; `paused`; `silent`: nothing comes for running calls
    since: int  # µs: the refusal, the pause, or the last event
    calls: list[str]  # ids of the running calls that it tells of


async def troubles(services: Services, organization_id: int, running: Iterable[Call]) -> list[Trouble]:
    """Those of the organisation's sources that are in trouble now, oldest source first. A call is of a source if it is
    of its assistant and its provider: which of two such sources told it, nothing stores."""
    now = services.store.clock()
    calls: dict[tuple[int | None, str | None], list[str]] = {}
    for call in running:
        calls.setdefault((call.assistant_id, call.provider), []).append(call.call_sid)
    found = []
    for row in await services.store.read(source_settings.listing, organization_id):
        waiting = calls.get((row.assistant_id, row.kind), [])
        health = services.activity.health(row)
        if row.paused_at is not None:
            state, since = "paused", row.paused_at
        elif health.state == "refusing":
            state, since = "refusing", health.last_rejected_at
        else:
            state, since = "silent", health.last_event_at
        is_recent = since is not None and now - since < RECENT_US
        if state == "silent" and (since is None or now - since < SILENT_US):
            continue
        if waiting or (state == "refusing" and is_recent):
            found.append(Trouble(row.id, SOURCE_KINDS[row.kind].name, row.assistant_name, state, since, waiting))
    return found


class SourceTroublesHandler(PageHandler):
    """What the wall asks for every fifteen seconds."""

    is_before_first_run = True  # so that it answers with words to the script, never with another page
    needs_session = False

    async def prepare(self) -> None:
        await super().prepare()
        if self.grant is None:
            raise ApiError(401, "authentication_failed", "A signed-in session is needed.")

    async def get(self) -> None:
        """GET /live-calls/health: {"now": "…", "sources": [Trouble, …]}."""
        organization = self.grant.organization_id
        found = await troubles(self.services, organization, self.services.hub.walls.running(organization))
        sources = [msgspec.structs.asdict(trouble) | {"since": rfc3339(trouble.since)} for trouble in found]
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(encode({"now": rfc3339(self.services.store.clock()), "sources": sources}))
