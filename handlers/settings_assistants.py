"""Settings → Assistants: who answers the calls."""

from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.settings_page import SettingsPage
from models import assistants, audit

NEEDED = "An assistant needs a name."


class AssistantsPage(SettingsPage):
    async def get(self) -> None:
        """GET /settings/assistants: all of them, each to rename, and a form for one more."""
        await self.show(Form())

    async def post(self) -> None:
        """POST /settings/assistants: make one."""
        form, store = Form(self), self.services.store
        name = form.line("name", NEEDED)
        entry = entry_of(self, "assistant.created", name)
        work = (assistants.create, store.clock(), self.organization_id, name)
        if await form.submit(store, audit.recorded, entry, *work) is None:
            return await self.show(form)
        self.go_on("/settings/assistants", f"The assistant “{name}” is made.")

    async def show(self, form: Form) -> None:
        found = await self.services.store.read(assistants.listing, self.organization_id)
        self.render_settings("assistants", form, assistants=found)


class AssistantPage(SettingsPage):
    async def get(self, assistant_id: str) -> None:
        """GET /settings/assistants/{id}: its name, to change."""
        name = await self._name(assistant_id)
        self.render_settings("assistant", Form(defaults={"name": name}), old_name=name)

    async def post(self, assistant_id: str) -> None:
        """POST /settings/assistants/{id}: it has another name, in its past calls too."""
        form = Form(self)
        old, name = await self._name(assistant_id), form.line("name", NEEDED)
        entry = entry_of(self, "assistant.renamed", name, was=old)
        work = (assistants.rename, self.organization_id, int(assistant_id), name)
        await form.submit(self.services.store, audit.recorded, entry, *work)
        if form.errors:
            return self.render_settings("assistant", form, old_name=old)
        self.go_on("/settings/assistants", f"“{old}” is called “{name}” now.")

    async def _name(self, assistant_id: str) -> str:
        return (await self.services.store.read(assistants.one, self.organization_id, int(assistant_id))).name
