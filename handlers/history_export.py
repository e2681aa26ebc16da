"""What the history lists, as a file."""

from collections.abc import AsyncGenerator

from exports import call_list
from handlers.api import ApiError
from handlers.audit import entry_of
from handlers.history_page import FIELDS, HistoryPage

AT_ONCE = 50  # calls: a search goes through all that fits anew for each
MOST_CALLS = 1000


class HistoryExport(HistoryPage):
    async def get(self) -> None:
        """GET /calls.csv: the calls that the history lists for the same filters and words, the first MOST_CALLS."""
        form, where = self.asked()
        page = await self.found(form, where, 0, AT_ONCE)
        if form.errors:
            name, message = next(iter(form.errors.items()))
            raise ApiError(400, "invalid_parameter", message, name)
        wanted = {name: value for name in FIELDS if (value := form.value(name))}
        self.services.audit.note(entry_of(self, "calls.exported", **wanted))
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", 'attachment; filename="calls.csv"')

        async def pieces() -> AsyncGenerator[str | bytes, None]:
            told: set[int] = set()  # a call that begins meanwhile moves the others on by one
            yield call_list.begin()
            found = page
            for skip in range(AT_ONCE, MOST_CALLS + 1, AT_ONCE):
                fresh = [it for it in found.calls if it.call.id not in told]
                told |= {it.call.id for it in fresh}
                yield "".join(call_list.listed(it.call, [match.entry for match in it.matches]) for it in fresh)
                if not found.has_more or skip == MOST_CALLS:
                    return
                found = await self.found(form, where, skip, AT_ONCE)

        await self.finish_in_pieces(pieces())
