"""Settings → Sources: the provider accounts that feed calls, each at an address of its own."""

from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.settings_page import SettingsPage
from models import assistants, audit, source_settings
from models import sources as source_rows
from models.audit import AuditEntry
from models.source_settings import SourceRow
from sources import KINDS

NAMES = {"twilio": "Twilio"}
NO_SECRET = "Needed to check that what comes in is from the provider."


class SourcesPage(SettingsPage):
    async def get(self) -> None:
        """GET /settings/sources: all of them with how they fare, and a form for one more."""
        await self._show(Form(defaults={"kind": "twilio"}))

    async def post(self) -> None:
        """POST /settings/sources: make one; its page says what to tell the provider."""
        form, store, organization = Form(self), self.services.store, self.organization_id
        kind = form.choice("kind", tuple(KINDS))
        known = await store.read(assistants.listing, organization)
        assistant = form.choice("assistant", tuple(str(row.id) for row in known))
        secret, account = credentials(form)

        def entry(source_id: int) -> AuditEntry:
            return entry_of(self, "source.created", str(source_id), provider=kind, account=account or None)

        work = (_create, store.clock(), organization, assistant, kind, secret, account or None)
        made = await form.submit(store, audit.recorded, entry, *work)
        if made is None:
            return await self._show(form)
        self.go_on(f"/settings/sources/{made}", "The source is made. Now tell the provider its address.")

    async def _show(self, form: Form) -> None:
        read, organization = self.services.store.read, self.organization_id
        rows = await read(source_settings.listing, organization)
        self.render_settings(
            "sources",
            form,
            sources=[(row, self.services.activity.health(row)) for row in rows],
            assistants=await read(assistants.listing, organization),
            names=NAMES,
        )


class SourceSettingsPage(SettingsPage):
    """A page or a form of one source."""

    async def source(self, source_id: str) -> SourceRow:
        """Raises Refused, `not_found`."""
        return await self.services.store.read(source_settings.one, self.organization_id, int(source_id))


class SourceCredentialsPage(SourceSettingsPage):
    async def get(self, source_id: str) -> None:
        """GET /settings/sources/{id}/credentials: its account, and room for a new secret."""
        source = await self.source(source_id)
        self._show(Form(defaults={"account": source.account or ""}), source)

    async def post(self, source_id: str) -> None:
        """POST /settings/sources/{id}/credentials: they count from the next request on."""
        source, form = await self.source(source_id), Form(self)
        secret, account = credentials(form, is_optional=source.has_secret)
        change = {"account": account or None, "has_new_token": bool(secret)}
        entry = entry_of(self, "source.credentials_changed", str(source.id), **change)
        work = (source_settings.change_credentials, self.organization_id, source.id, secret or None, account or None)
        await form.submit(self.services.store, audit.recorded, entry, *work)
        if form.errors:
            return self._show(form, source)
        await self.services.gate.poll()
        self.go_on(f"/settings/sources/{source.id}", "Saved: it counts from the next request on.")

    def _show(self, form: Form, source: SourceRow) -> None:
        self.render_settings("source_credentials", form, source=source, names=NAMES)


def credentials(form: Form, *, is_optional: bool = False) -> tuple[str, str]:
    """(secret, account) as typed, without the blanks that copying adds; "" where left empty."""
    secret = form.secret("secret").strip()
    if not secret and not is_optional:
        form.errors["secret"] = NO_SECRET
    elif not secret.isprintable() or len(secret) > 255:
        form.errors["secret"] = "This cannot be a token: it is too long, or holds characters that cannot be shown."
    return secret, form.line("account", "", is_optional=True)


def _create(
    db: object, now: int, organization: int, assistant: str, kind: str, secret: str, account: str | None
) -> int:
    endpoint = source_rows.create(db, now, organization, int(assistant), kind, secret, account)
    return source_rows.by_endpoint(db, kind, endpoint).id
