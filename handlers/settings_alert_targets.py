"""Settings → Alerts → addresses: who outside is told of alerts, and a test delivery."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.notes import Note
from handlers.public_resolver import is_public
from handlers.settings_alerts import PATH, AlertsPage
from handlers.settings_page import SettingsPage
from models import alert_targets, audit

LONGEST_URL = 500


class AlertTargetsPage(AlertsPage):
    """GET /settings/alerts/targets: what a reload of the form's answer shows."""

    async def post(self) -> None:
        """POST /settings/alerts/targets: one more; its secret is shown this once."""
        form, store = Form(self), self.services.store
        url = form.line("url", "An address is needed.", longest=LONGEST_URL)
        with_text = form.is_ticked("with_text")
        if "url" not in form.errors and (wrong := _wrong(url, to_private=self.services.alert_sender.to_private)):
            form.errors["url"] = wrong
        entry = entry_of(self, "alert_target.created", _host(url), with_text=with_text)
        work = (alert_targets.create, store.clock(), self.organization_id, url, with_text)
        made = await form.submit(store, audit.recorded, entry, *work)
        if made is None:
            return await self.show(form)
        words = "Alerts are sent there from now on."
        self.go_on(PATH, Note(words, secret=made[1], secret_name="signing secret"))


class AlertTargetVerbHandler(SettingsPage):
    async def post(self, target_id: str, verb: str) -> None:
        """POST /settings/alerts/targets/{id}/test, …/delete."""
        store, about = self.services.store, (self.organization_id, int(target_id))
        target = await store.read(alert_targets.one, *about)
        host = _host(target.url)
        if verb == "delete":
            entry = entry_of(self, "alert_target.deleted", host)
            await store.write(audit.recorded, entry, alert_targets.delete, *about)
            return self.go_on(PATH, f"Nothing is sent to {host} any more.")
        entry = entry_of(self, "alert_target.tested", host)
        await store.write(audit.recorded, entry, alert_targets.send_test, store.clock(), *about)
        self.services.alert_sender.wake()
        self.go_on(PATH, f"A test is on its way to {host}. In a moment its outcome stands below: reload this page.")


def _wrong(url: str, *, to_private: bool) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "This is not an address."
    schemes = ("https", "http") if to_private else ("https",)
    if parts.scheme not in schemes or not host:
        return "An address that begins with https:// is needed."
    if parts.username or parts.password or parts.fragment:
        return "Leave out what is before an @ and behind a #: deliveries are signed, and need no password."
    try:
        is_private = not is_public(str(ip_address(host)))
    except ValueError:
        return None  # a name: looked up, and then judged, with each delivery
    return "This is an address of this server's own network." if is_private and not to_private else None


def _host(url: str) -> str:
    """What may be told of an address: the rest is often a secret."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
