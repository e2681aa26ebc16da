"""Settings → Sources: the provider accounts that feed calls, each at an address of its own."""

from msgspec.structs import replace

from events import Refused
from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.settings_page import SettingsPage
from handlers.source_kinds import SOURCE_KINDS, SourceKind, config_of, settings_of
from models import assistants, audit, source_settings
from models import sources as source_rows
from models.audit import AuditEntry
from models.source_settings import SourceRow
from sources import KINDS

SET = "set_"  # before the name of a setting, where a form has it
NO_SECRET = "Needed to check that what comes in is from the provider."


class SourcesPage(SettingsPage):
    async def get(self) -> None:
        """GET /settings/sources: all of them with how they fare, and a form for one more, of the provider `?kind=`."""
        kind = self.get_query_argument("kind", "twilio")
        await self._show(Form(defaults={"kind": kind if kind in KINDS else "twilio"}))

    async def post(self) -> None:
        """POST /settings/sources: make one; its page says what to tell the provider."""
        form, store, organization = Form(self), self.services.store, self.organization_id
        kind = form.choice("kind", tuple(KINDS))
        known = await store.read(assistants.listing, organization)
        assistant = form.choice("assistant", tuple(str(row.id) for row in known))
        secret, account = credentials(form, SOURCE_KINDS.get(kind))

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
            kinds=SOURCE_KINDS,
            kind=SOURCE_KINDS.get(form.value("kind"), SOURCE_KINDS["twilio"]),
        )


class SourceSettingsPage(SettingsPage):
    """A page or a form of one source."""

    async def source(self, source_id: str) -> SourceRow:
        """Raises Refused, `not_found`."""
        return await self.services.store.read(source_settings.one, self.organization_id, int(source_id))


class SourceCredentialsPage(SourceSettingsPage):
    async def get(self, source_id: str) -> None:
        """GET /settings/sources/{id}/credentials: its account, what else is set, and room for a new secret."""
        source = await self.source(source_id)
        settings = {SET + setting.name: setting.value for setting in settings_of(source.kind, source.config)}
        self._show(Form(defaults={"account": source.account or ""} | settings), source)

    async def post(self, source_id: str) -> None:
        """POST /settings/sources/{id}/credentials: they count from the next request on."""
        source, form = await self.source(source_id), Form(self)
        secret, account = credentials(form, SOURCE_KINDS[source.kind], is_optional=source.has_secret)
        config = _config(form, source)
        change = {"account": account or None, "has_new_token": bool(secret)}
        if config != source.config:
            change["settings"] = {setting.name: setting.value for setting in settings_of(source.kind, config)}
        entry = entry_of(self, "source.credentials_changed", str(source.id), **change)
        change_to = secret or None, account or None, config
        work = (source_settings.change_credentials, self.organization_id, source.id, *change_to)
        await form.submit(self.services.store, audit.recorded, entry, *work)
        if form.errors:
            return self._show(form, source)
        await self.services.gate.poll()
        self.go_on(f"/settings/sources/{source.id}", "Saved: it counts from the next request on.")

    def _show(self, form: Form, source: SourceRow) -> None:
        settings = [(SET + setting.name, setting) for setting in settings_of(source.kind, source.config)]
        kind = SOURCE_KINDS[source.kind]
        self.render_settings("source_credentials", form, source=source, kind=kind, settings=settings)


def credentials(form: Form, kind: SourceKind | None, *, is_optional: bool = False) -> tuple[str, str]:
    """(secret, account) as typed, without the blanks that copying adds; "" where left empty."""
    secret = form.secret("secret").strip()
    if not secret and not is_optional:
        form.errors["secret"] = NO_SECRET
    elif not secret.isprintable() or len(secret) > 255:
        form.errors["secret"] = "This cannot be a token: it is too long, or holds characters that cannot be shown."
    account = form.line("account", "", is_optional=True)
    if account and kind is not None and kind.account is None:
        form.errors["account"] = f"What {kind.name} sends does not tell an account: leave this empty."
    return secret, account


def _config(form: Form, source: SourceRow) -> str:
    """The source's config with what the form has of it, JSON; as it is where the form has nothing."""
    for setting in settings_of(source.kind, source.config):
        if (text := form.given(SET + setting.name)) is not None and text != setting.value:
            try:
                source = replace(source, config=config_of(source.kind, {setting.name: text}, source.config))
            except Refused as refused:
                form.errors[SET + setting.name] = refused.message
    return source.config


def _create(
    db: object, now: int, organization: int, assistant: str, kind: str, secret: str, account: str | None
) -> int:
    endpoint = source_rows.create(db, now, organization, int(assistant), kind, secret, account)
    return source_rows.by_endpoint(db, kind, endpoint).id
