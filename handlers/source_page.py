"""Settings → Sources → one: what to tell the provider, whether it works, and a test call."""

from urllib.parse import urlsplit

from events import encode, rfc3339
from handlers.api import ApiError
from handlers.audit import entry_of
from handlers.notes import Note
from handlers.public_address import out_of_reach
from handlers.settings_sources import SourceSettingsPage
from handlers.source_kinds import SOURCE_KINDS, settings_of
from handlers.trial_calls import TRIALS, TrialFailed
from models import audit, source_settings
from models import sources as source_rows
from models.source_settings import Rejection, SourceRow

_REASONS = {  # and `bad_signature`, of which each kind has its own
    "wrong_account": "It was signed well, but by another account than the one set here.",
    "malformed_payload": "It is not what the provider documents.",
    "missing_library": "Its signature cannot be checked: a library is missing on this server, see above.",
    "unavailable": "The server could not store it just then; the provider was asked to come again.",
}


class SourcePage(SourceSettingsPage):
    async def get(self, source_id: str) -> None:
        """GET /settings/sources/{id}: the address, what to paste, where it goes, and how the source fares."""
        source = await self.source(source_id)
        webhook_url = f"{self.services.public_url}/webhooks/{source.kind}/{source.endpoint}"
        self.render_settings(
            "source",
            source=source,
            kind=SOURCE_KINDS[source.kind],
            settings=settings_of(source.kind, source.config),
            can_be_tried=source.kind in TRIALS,
            webhook_url=webhook_url,
            paste=SOURCE_KINDS[source.kind].paste(webhook_url),
            health=self.services.activity.health(source),
            rejections=[(it.at, reason(it, source.kind)) for it in await self.services.activity.rejections(source.id)],
            problem=out_of_reach(self.services.public_url),
            public_url=self.services.public_url,
            port=urlsplit(self.services.trial_calls.loopback_url).port,
        )


class SourceHealthHandler(SourceSettingsPage):
    """What the source's page asks for every two seconds."""

    needs_session = False
    is_before_first_run = True  # so that it answers with words to the script, never with another page

    async def prepare(self) -> None:
        await super().prepare()
        if self.grant is None:
            raise ApiError(401, "authentication_failed", "A signed-in session is needed.")

    async def get(self, source_id: str) -> None:
        """GET /settings/sources/{id}/health: {"now", "state", "last_event_at", "rejections": [{"at", "reason"}]}."""
        source = await self.source(source_id)
        health = self.services.activity.health(source)
        refused = await self.services.activity.rejections(source.id)
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(
            encode(
                {
                    "now": rfc3339(self.services.store.clock()),
                    "state": state(source, health.state),
                    "last_event_at": rfc3339(health.last_event_at),
                    "rejections": [{"at": rfc3339(it.at), "reason": reason(it, source.kind)} for it in refused],
                }
            )
        )


class SourceTestCallHandler(SourceSettingsPage):
    async def post(self, source_id: str) -> None:
        """POST /settings/sources/{id}/test-call: a short call begins at the source's own address."""
        row = await self.source(source_id)
        back = f"/settings/sources/{row.id}"
        source = await self.services.store.read(source_rows.by_endpoint, row.kind, row.endpoint)
        try:
            call_sid = await self.services.trial_calls.begin(source)
        except TrialFailed as failed:
            return self.go_on(back, f"The test call was not taken. {failed}")
        await self.services.store.write(audit.add, [entry_of(self, "source.tested", str(row.id), call=call_sid)])
        words = "A test call is being spoken: it came in by this source's address, signed as the provider signs."
        self.go_on(back, Note(words, link=f"/calls/{call_sid}", link_words="Read along"))


class SourceVerbHandler(SourceSettingsPage):
    async def post(self, source_id: str, verb: str) -> None:
        """POST /settings/sources/{id}/pause, …/resume, …/delete: it counts from the next request on."""
        row, store = await self.source(source_id), self.services.store
        entry = entry_of(self, f"source.{verb}d", str(row.id))
        if verb == "delete":
            await store.write(
                audit.recorded, entry, source_settings.delete, store.clock(), self.organization_id, row.id
            )
            await self.services.gate.poll()
            return self.go_on("/settings/sources", "The source is deleted. Its calls are still here.")
        paused_at = store.clock() if verb == "pause" else None
        await store.write(audit.recorded, entry, source_settings.set_paused, self.organization_id, row.id, paused_at)
        await self.services.gate.poll()
        said = "Paused: what is sent to the address is refused." if paused_at else "The source takes events again."
        self.go_on(f"/settings/sources/{row.id}", said)


def state(source: SourceRow, state: str) -> str:
    """`paused` goes before the others."""
    return state if source.paused_at is None else "paused"


def reason(rejection: Rejection, kind: str) -> str:
    """Why, in words."""
    if rejection.code == "bad_signature":
        return f"The signature does not fit. {SOURCE_KINDS[kind].mismatch}"
    words = _REASONS.get(rejection.code, f"It was refused ({rejection.code}).")
    return f"{words} The field is {rejection.field}." if rejection.field else words
