"""Settings → API keys: for programs, shown once."""

from events import SECOND, rfc3339
from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.notes import Note
from handlers.settings_page import SettingsPage
from models import audit, keys, rights
from models.audit import AuditEntry
from models.keys import Key

DAY = 86_400 * SECOND
EXPIRIES = {"": "Never", "30": "In 30 days", "90": "In 90 days", "365": "In a year"}  # days
SCOPES = {  # as people decide about them; the order is that of how often they are wanted
    "read": "Watch calls: live, and those that are over",
    "ingest": "Feed calls: send transcripts and states",
    "admin": "Read what only administrators may",
}


class KeysPage(SettingsPage):
    async def get(self) -> None:
        """GET /settings/keys: the organisation's keys, and a form for one more."""
        await self._show(Form(defaults={"scopes": "read"}))

    async def post(self) -> None:
        """POST /settings/keys: make a key, for the administrator; the next page shows it, and none after that."""
        form = Form(self)
        name = form.line("name", "A name is needed, to know the key in the list.")
        scopes = form.choices("scopes", tuple(SCOPES), "A key that may do nothing is no use: choose at least one.")
        expires = form.choice("expires", tuple(EXPIRIES))
        now = self.services.store.clock()
        expires_at = now + int(expires) * DAY if expires in EXPIRIES and expires else None

        def entry(key: str) -> AuditEntry:
            detail = {"name": name, "scopes": ",".join(sorted(scopes)), "expires": rfc3339(expires_at)}
            return entry_of(self, "key.created", rights.prefix_of(key), **detail)

        made = (rights.create_key, now, self.grant.user_id, name, scopes, expires_at)
        key = await form.submit(self.services.store, audit.recorded, entry, *made)
        if key is None:
            return await self._show(form)
        example = _example(self.services.public_url, key, scopes)
        self.go_on("/settings/keys", Note(f"The key “{name}” is made.", secret=key, secret_name="key", example=example))

    async def _show(self, form: Form) -> None:
        found = await self.services.store.read(keys.listing, self.organization_id)
        self.render_settings("keys", form, keys=found, scopes=SCOPES, expiries=EXPIRIES)


class KeyRevocationHandler(SettingsPage):
    async def post(self, key_id: str) -> None:
        """POST /settings/keys/{id}/revoke: what is open with it closes within a second."""
        store = self.services.store

        def entry(key: Key) -> AuditEntry | None:
            """None where it was revoked before."""
            return entry_of(self, "key.revoked", key.prefix, name=key.name) if key.revoked_at is None else None

        key = await store.write(audit.recorded, entry, keys.revoke, store.clock(), self.organization_id, int(key_id))
        await self.services.gate.poll()
        self.go_on("/settings/keys", f"The key “{key.name}” ({key.prefix}) is revoked, and what it had open is closed.")


def _example(base_url: str, key: str, scopes: list[str]) -> str:
    """A command that shows the key at work: it lists calls if it may read, else it makes one."""
    key_line = f'echo "Authorization: Bearer {key}" |'  # others on the machine can read curl's arguments
    if "ingest" in scopes and "read" not in scopes:
        return (
            f"{key_line}\n  curl {base_url}/api/v1/calls/sid/test-1/transcripts -H @- \\\n"
            """  -H "Content-Type: application/json" -d '{"speaker": "user", "content": "Hello, is anybody there?"}'"""
        )
    return f"{key_line}\n  curl {base_url}/api/v1/calls -H @-"
