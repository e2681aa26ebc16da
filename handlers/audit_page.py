"""Settings → Audit log: who watched, read or changed what, in sentences."""

from urllib.parse import urlencode

from handlers.api import ApiError
from handlers.audit_words import ACTIONS, sentence
from handlers.calls_api import instant
from handlers.form_fields import Form
from handlers.settings_page import SettingsPage
from models import audit
from models.audit import AuditEntry, AuditFilter

SHOWN = 50
FIELDS = ("action", "user", "target", "date_from", "date_to")
NO_DAY = "A day looks like 2026-01-19."


class AuditPage(SettingsPage):
    async def get(self) -> None:
        """GET /settings/audit: a page of entries, newest first; `before` is the id of the last one seen."""
        asked = {name: self.get_query_argument(name, "").strip() for name in FIELDS}
        form, before = Form(defaults=asked), self.get_query_argument("before", "")
        where = AuditFilter(
            action=asked["action"] or None,
            actor=asked["user"].lower() or None,
            target=asked["target"] or None,
            date_from=_day(form, "date_from"),
            date_to=_day(form, "date_to", is_end=True),
        )
        known = int(before) if before.isascii() and before.isdecimal() and len(before) <= 18 else None
        found = []
        if not form.errors:
            found = await self.services.store.read(_page, self.organization_id, where, known)
        wanted = {name: value for name, value in asked.items() if value}
        older = "?" + urlencode(wanted | {"before": found[SHOWN - 1].id}) if len(found) > SHOWN else None
        self.render_settings(
            "audit",
            form,
            entries=[(entry, sentence(entry)) for entry in found[:SHOWN]],
            actions=[("", "Anything"), *((name, words) for name, (words, _) in ACTIONS.items())],
            older=older,
            newest="?" + urlencode(wanted) if known else None,
            is_filtered=bool(wanted),
        )


def _day(form: Form, name: str, *, is_end: bool = False) -> int | None:
    try:
        return instant(name, form.value(name) or None, is_end=is_end)
    except ApiError:
        form.errors[name] = NO_DAY
        return None


def _page(db: object, organization_id: int, where: AuditFilter, before: int | None) -> list[AuditEntry]:
    """One more than is shown, to know whether there are older ones."""
    return audit.page(db, organization_id, where, before=before, skip=0, limit=SHOWN + 1)
