"""Settings → Retention: how long ended calls are kept, and how the last round of deleting went."""

from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.settings_page import SettingsPage
from models import audit, retention
from models.retention import DAY_US, MOST_DAYS

PATH = "/settings/retention"
STATES = ("forever", "days")


class RetentionPage(SettingsPage):
    async def get(self) -> None:
        """GET /settings/retention: how long calls are kept, how many are due, and how the last round went."""
        await self._show()

    async def post(self) -> None:
        """POST /settings/retention: it counts from the next round on, which is within the hour."""
        form = Form(self)
        state, days = form.choice("state", STATES), form.number("days")
        if state == "days" and "days" not in form.errors and not (days and days % 1 == 0 and 1 <= days <= MOST_DAYS):
            form.errors["days"] = f"A whole number of days from 1 to {MOST_DAYS:,}."
        if state != "days":
            form.errors.pop("days", None)
        kept = int(days) if state == "days" and not form.errors else None
        entry = entry_of(self, "retention.changed", None, days=kept or "forever")
        await form.submit(self.services.store, audit.recorded, entry, retention.keep, self.organization_id, kept)
        if form.errors:
            return await self._show(form)
        words = f"Ended calls are kept for {kept} {'day' if kept == 1 else 'days'}." if kept else "All calls are kept."
        self.go_on(PATH, words)

    async def _show(self, form: Form | None = None) -> None:
        read = self.services.store.read
        rule = await read(retention.rule, self.organization_id)
        stored = {"state": STATES[rule.days is not None], "days": str(rule.days or "")}
        due = 0
        if rule.days is not None:
            before = self.services.store.clock() - rule.days * DAY_US
            due = await read(retention.how_many_due, self.organization_id, before)
        self.render_settings("retention", form or Form(defaults=stored), rule=rule, due=due, most_days=MOST_DAYS)
