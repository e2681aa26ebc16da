"""Settings → Alerts: the rules that calls are held against."""

from events import Transcript
from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.settings_page import SettingsPage
from models import alert_rules, alert_targets, assistants, audit
from models.alert_rules import RuleRow
from rules.book import Rulebook
from rules.pattern import Span
from rules.rule import KINDS, LONGEST_TEXT, Rule

PATH = "/settings/alerts"
LONGEST_NAME = 80  # a wall has room for two or three
LONGEST_TRIED = 2000


class AlertSettingsPage(SettingsPage):
    """What the pages about alerts share."""

    async def show(self, form: Form) -> None:
        read, organization = self.services.store.read, self.organization_id
        self.render_settings(
            "alerts",
            form,
            rules=await read(alert_rules.listing, organization),
            assistants=await read(assistants.listing, organization),
            targets=await read(alert_targets.listing, organization),
            attempts=await read(alert_targets.attempts, organization),
            most_targets=alert_targets.MOST_TARGETS,
        )

    async def rule(self, rule_id: str) -> RuleRow:
        """Raises Refused, `not_found`."""
        return await self.services.store.read(alert_rules.one, self.organization_id, int(rule_id))

    async def posted(self, form: Form, id_: int = 0) -> Rule | None:
        """The rule as typed, None where the form has errors. Whether it can be one is the store's to say."""
        known = await self.services.store.read(assistants.listing, self.organization_id)
        name = form.line("name", "A name is needed: alerts bear it.", longest=LONGEST_NAME)
        kind = form.choice("kind", KINDS)
        text, threshold = form.lines("text", longest=LONGEST_TEXT), form.number("threshold")
        speaker = form.choice("speaker", ("", "user", "assistant"))
        assistant = form.choice("assistant", ("", *(str(row.id) for row in known)))
        on_interims = form.is_ticked("on_interims")
        if form.errors:
            return None
        is_about_words = kind in ("phrase", "pattern")
        return Rule(
            id=id_,
            name=name,
            kind=kind,
            text=text if is_about_words else "",
            threshold=None if is_about_words else threshold,
            speaker=speaker if speaker and kind != "silence" else None,
            assistant_id=int(assistant) if assistant else None,
            on_interims=on_interims and is_about_words,
        )


class AlertsPage(AlertSettingsPage):
    async def get(self) -> None:
        """GET /settings/alerts: the rules, the addresses that are told, and how that went."""
        await self.show(Form(defaults={"kind": "phrase"}))

    async def post(self) -> None:
        """POST /settings/alerts: make a rule; its page has room to try it."""
        form, store = Form(self), self.services.store
        rule = await self.posted(form)
        entry = entry_of(self, "alert_rule.created", form.value("name"), kind=form.value("kind"))
        work = (alert_rules.create, store.clock(), self.organization_id, rule)
        made = await form.submit(store, audit.recorded, entry, *work)
        if made is None:
            return await self.show(form)
        await self.services.alert_rules.poll()
        self.go_on(f"{PATH}/{made}", f"The rule “{rule.name}” is in force. Try it on a text here.")


class AlertRulePage(AlertSettingsPage):
    async def get(self, rule_id: str) -> None:
        """GET /settings/alerts/{id}: the rule, to change; with ?text= what it would say to that, kept nowhere."""
        row = await self.rule(rule_id)
        await self._show(row, Form(defaults=_typed(row.rule)))

    async def post(self, rule_id: str) -> None:
        """POST /settings/alerts/{id}: it is another rule from the next words on."""
        row, form = await self.rule(rule_id), Form(self)
        rule = await self.posted(form, row.rule.id)
        was = row.rule.name if row.rule.name != form.value("name") else None
        entry = entry_of(self, "alert_rule.changed", form.value("name"), was=was)
        await form.submit(self.services.store, audit.recorded, entry, alert_rules.change, self.organization_id, rule)
        if form.errors:
            return await self._show(row, form)
        await self.services.alert_rules.poll()
        self.go_on(f"{PATH}/{row.rule.id}", "Saved: it counts from the next words on.")

    async def _show(self, row: RuleRow, form: Form) -> None:
        text = self.get_query_argument("text", None)
        text = None if text is None else text[:LONGEST_TRIED]
        known = await self.services.store.read(assistants.listing, self.organization_id)
        found = None if text is None else tried(row.rule, text)
        self.render_settings("alert", form, row=row, assistants=known, tried=text, found=found)


class AlertRuleVerbHandler(AlertSettingsPage):
    async def post(self, rule_id: str, verb: str) -> None:
        """POST /settings/alerts/{id}/pause, …/resume, …/delete: it counts from the next words on."""
        row, store = await self.rule(rule_id), self.services.store
        name, about = row.rule.name, (self.organization_id, row.rule.id)
        entry = entry_of(self, f"alert_rule.{verb}d", name)
        if verb == "delete":
            await store.write(audit.recorded, entry, alert_rules.delete, store.clock(), *about)
        else:
            paused_at = store.clock() if verb == "pause" else None
            await store.write(audit.recorded, entry, alert_rules.set_paused, *about, paused_at)
        await self.services.alert_rules.poll()
        if verb == "delete":
            return self.go_on(PATH, f"The rule “{name}” is deleted. Its alerts are still here.")
        said = "Paused: it raises nothing." if verb == "pause" else "It is in force again."
        self.go_on(f"{PATH}/{row.rule.id}", said)


def tried(rule: Rule, text: str) -> list[Span]:
    """What fits of a text that whoever it is for says."""
    said = Transcript(segment_id="tried", speaker=rule.speaker or "user", content=text)
    found = Rulebook([rule]).judge(said, rule.assistant_id or 0)
    return [span for finding in found for span in finding.spans or ()]


def _typed(rule: Rule) -> dict[str, str]:
    """The values of the form's fields."""
    return {
        "name": rule.name,
        "kind": rule.kind,
        "text": rule.text,
        "threshold": "" if rule.threshold is None else f"{rule.threshold:g}",
        "speaker": rule.speaker or "",
        "assistant": str(rule.assistant_id or ""),
        "on_interims": "1" if rule.on_interims else "",
    }
