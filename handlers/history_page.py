"""History: every call there was, and a search in what was said on them."""

import re
from typing import NamedTuple
from urllib.parse import urlencode

from events import Call, Refused
from handlers.api import ApiError
from handlers.audit import entry_of
from handlers.calls_api import instant
from handlers.form_fields import Form
from handlers.pages import PageHandler
from models import assistants, calls, search_index
from models.calls import CallFilter
from models.search import Found, FoundCall, Match
from rules.pattern import Span

SHOWN = 25
LAST_PAGE = 400
LATE_US = 10_000_000  # what cannot be found yet is told from then on; before that it is only just being said
FIELDS = ("q", "status", "assistant", "direction", "duration", "number", "date_from", "date_to")
DURATIONS = {"": (None, None), "under-1": (None, 59)} | {
    f"over-{minutes}": (minutes * 60, None) for minutes in (1, 2, 5, 10, 20, 30)
}
NO_DAY = "A day looks like 2026-01-19."
NOTHING = Found([], has_more=False, is_cut=False)
AROUND = 90  # characters that are shown before and behind what is marked

_FORMATTING = re.compile(r"[\s().\-/]")


class Excerpt(NamedTuple):
    """A match as the page shows it: of a long segment only what is around the first mark."""

    match: Match
    text: str
    marks: list[Span]


class HistoryPage(PageHandler):
    async def get(self) -> None:
        """GET /calls: a page of calls, the newest first; with `q` those in which it was said, the best first."""
        form, where = self.asked()
        query, number = form.value("q"), self._page_number()
        skip = (number - 1) * SHOWN
        found = await self.found(form, where, skip, SHOWN)
        if query and not form.errors:
            self.services.audit.note(entry_of(self, "calls.searched", query=query))
        wanted = {name: value for name in FIELDS if (value := form.value(name))}
        late = await self.services.store.read(search_index.behind_since) if query else None
        if late is not None and self.services.store.clock() - late < LATE_US:
            late = None
        has_calls = bool(found.calls) or await self._has_calls()
        self.render_page(
            "history.html",
            form=form,
            query=query,
            calls=[(it.call, [excerpt(match) for match in it.matches]) for it in found.calls],
            first=skip + 1,
            is_cut=found.is_cut,
            late=late,
            has_calls=has_calls,
            filters=len(wanted.keys() - {"q"}),
            newer=_query(wanted, number - 1) if number > 1 else None,
            older=_query(wanted, number + 1) if found.has_more and number < LAST_PAGE else None,
            without_filters=_query({"q": query} if query else {}, 1),
            export=_query(wanted, 1).replace("/calls", "/calls.csv", 1),
            assistants=await self.services.store.read(assistants.listing, self.grant.organization_id),
        )

    def asked(self) -> tuple[Form, CallFilter]:
        """What the address asks for; the form has errors where that makes no sense."""
        form = Form(defaults={name: self.get_query_argument(name, "") for name in FIELDS})
        return form, self._filter(form)

    async def found(self, form: Form, where: CallFilter, skip: int, limit: int) -> Found:
        """The calls that are asked for; none, and an error in the form, where `q` is nothing to search for."""
        query, organization_id = form.value("q"), self.grant.organization_id
        if form.errors:
            return NOTHING
        if not query:
            page = await self.services.store.read(_page, organization_id, where, skip, limit)
            return Found([FoundCall(call, []) for call in page[:limit]], len(page) > limit, False)
        try:
            return await self.services.searching.find(organization_id, query, where, skip, limit)
        except Refused as refused:
            form.errors["q"] = refused.message
            return NOTHING

    async def _has_calls(self) -> bool:
        return bool(await self.services.store.read(_page, self.grant.organization_id, CallFilter(), 0, 1))

    def _page_number(self) -> int:
        text = self.get_query_argument("page", "1")
        return min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdecimal() and len(text) < 9 else 1

    @staticmethod
    def _filter(form: Form) -> CallFilter:
        assistant, (least, most) = form.value("assistant"), DURATIONS.get(form.value("duration"), (None, None))
        return CallFilter(
            status=form.value("status") or None,
            assistant_id=int(assistant) if re.fullmatch("[0-9]{1,9}", assistant, re.ASCII) else None,
            direction=form.value("direction") or None,
            number=_FORMATTING.sub("", form.value("number")) or None,
            min_duration=least,
            max_duration=most,
            date_from=_day(form, "date_from"),
            date_to=_day(form, "date_to", is_end=True),
        )


def excerpt(match: Match) -> Excerpt:
    content = match.entry.transcript.content
    first = match.marks[0] if match.marks else (0, 0)
    start, end = _word_edge(content, first[0] - AROUND), min(first[1] + 2 * AROUND, len(content))
    before, behind = "… " if start else "", " …" if end < len(content) else ""
    by = len(before) - start
    marks = [(a + by, min(b, end) + by) for a, b in match.marks if a < end]
    return Excerpt(match, before + content[start:end] + behind, marks)


def _word_edge(text: str, at: int) -> int:
    """The beginning of a word near there; of the text where that is as near."""
    if at <= 20:
        return 0
    blank = text.find(" ", at, at + 20)
    return at if blank < 0 else blank + 1


def _day(form: Form, name: str, *, is_end: bool = False) -> int | None:
    try:
        return instant(name, form.value(name) or None, is_end=is_end)
    except ApiError:
        form.errors[name] = NO_DAY
        return None


def _query(wanted: dict[str, str], number: int) -> str:
    told = wanted | ({"page": str(number)} if number > 1 else {})
    return "/calls?" + urlencode(told) if told else "/calls"


def _page(db: object, organization_id: int, where: CallFilter, skip: int, limit: int) -> list[Call]:
    """One more than is shown, to know whether there are older ones."""
    return calls.page(db, organization_id, where, skip=skip, limit=limit + 1)
