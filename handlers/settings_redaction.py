"""Settings → Redaction: what of the words is hidden before they are stored, and a place to try it out."""

from collections.abc import Callable
from typing import Any

from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.redactors import redactor_of
from handlers.settings_page import SettingsPage
from models import audit, redaction_settings
from models.audit import AuditEntry
from models.redaction_settings import DAY_US, PatternRow, RedactionSettings
from redaction import BUILT_IN, KINDS, MOST_PATTERNS, OwnPattern, PatternRefused, checked, checked_label

PATH = "/settings/redaction"
STATES = ("on", "off")
RECENT_DAYS = 30
LONGEST_TRIED = 1000
NOT_KNOWN = frozenset(BUILT_IN)


class RedactionPage(SettingsPage):
    async def get(self) -> None:
        """GET /settings/redaction: whether it is on, since when, what is hidden, and how much was."""
        await self._show(await self._its())

    async def post(self) -> None:
        """POST /settings/redaction: every server knows it within a second, for calls that run, too."""
        form, was = Form(self), await self._its()
        state = form.choice("state", STATES)
        kinds = tuple(sorted(form.choices("kinds", KINDS, "")))
        form.errors.pop("kinds", None)  # none of them is a choice, too
        is_on = state == "on"
        deed = "changed" if is_on == was.is_on else f"turned_{state}"
        entry = entry_of(self, f"redaction.{deed}", None, kinds=", ".join(kinds) or "none")
        work = (redaction_settings.change, self.services.store.clock(), self.organization_id, is_on, kinds)
        await form.submit(self.services.store, audit.recorded, entry, *work)
        if form.errors:
            return await self._show(was, form)
        await self.services.redactors.poll()
        self.go_on(PATH, "Redaction is on: it counts from the next words on." if is_on else "Redaction is off.")

    async def _its(self) -> RedactionSettings:
        return await self.services.store.read(redaction_settings.settings, self.organization_id)

    async def _show(self, its: RedactionSettings, form: Form | None = None, **tried: Any) -> None:
        """`form` is of either form of the page: what the other one shows is what is stored."""
        form, kinds = form or Form(), KINDS if its.kinds is None else its.kinds
        stored = Form(defaults={"state": STATES[not its.is_on], "kinds": ",".join(kinds)})
        totals, first_day = redaction_settings.totals, self.services.store.clock() // DAY_US - RECENT_DAYS + 1
        self.render_settings(
            "redaction",
            form,
            its=its,
            switch=form if "state" in form.errors else stored,
            most_patterns=MOST_PATTERNS,
            recent_days=RECENT_DAYS,
            recent=await self.services.store.read(totals, self.organization_id, first_day),
            ever=await self.services.store.read(totals, self.organization_id),
            **{"tried": None, "counts": {}, "text": ""} | tried,
        )


class RedactionPatternsHandler(RedactionPage):
    """GET /settings/redaction/patterns: what a reload of the form's answer shows."""

    async def post(self) -> None:
        """POST /settings/redaction/patterns: one more; or with do=try a text as it would be stored, kept nowhere."""
        form, its = Form(self), await self._its()
        is_trial = self.get_body_argument("do", "") == "try"
        text = self.get_body_argument("text", "", strip=False)[:LONGEST_TRIED]
        own = _pattern(form, is_optional=is_trial)
        if is_trial and not form.errors:
            redactor = redactor_of(its, with_pattern=own)
            tried = redactor.text(text)
            return await self._show(its, form, tried=tried, counts=redactor.counts(tried), text=text)
        if not form.errors and own is not None:
            entry = entry_of(self, "redaction.pattern_added", own.label)
            work = (redaction_settings.add_pattern, self.services.store.clock(), self.organization_id, *own)
            await form.submit(self.services.store, audit.recorded, entry, *work)
        if form.errors or own is None:
            return await self._show(its, form, text=text)
        await self.services.redactors.poll()
        when = "from the next words on" if its.is_on else "once redaction is turned on"
        self.go_on(PATH, f"What fits the pattern is shown as [{own.label}] {when}.")


class RedactionPatternDeletionHandler(SettingsPage):
    async def post(self, pattern_id: str) -> None:
        """POST /settings/redaction/patterns/{id}/delete: what it hid stays hidden."""

        def entry(row: PatternRow) -> AuditEntry:
            return entry_of(self, "redaction.pattern_deleted", row.label)

        work = (redaction_settings.delete_pattern, self.organization_id, int(pattern_id))
        row = await self.services.store.write(audit.recorded, entry, *work)
        await self.services.redactors.poll()
        self.go_on(PATH, f"The pattern of [{row.label}] is deleted.")


def _pattern(form: Form, *, is_optional: bool) -> OwnPattern | None:
    """As typed, with what is wrong beside the field; None where there is none, which is right for a trial only."""
    label = form.line("label", "A label is needed, such as ORDER.", is_optional=is_optional)
    pattern = form.line("pattern", "A pattern is needed.", is_optional=is_optional)
    if is_optional and not pattern:
        return None
    label = _judged(form, "label", checked_label, label or "OWN", NOT_KNOWN)
    _judged(form, "pattern", checked, OwnPattern("OWN", pattern))
    return None if form.errors else OwnPattern(label, pattern)


def _judged(form: Form, field: str, check: Callable[..., Any], *args: Any) -> Any:
    """What `check` makes of a field that nothing is wrong with yet."""
    if field not in form.errors:
        try:
            return check(*args)
        except PatternRefused as refused:
            form.errors[field] = str(refused)
    return None
