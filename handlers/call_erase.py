"""The page that asks before a call is erased, and erases it."""

from handlers.api import ApiError
from handlers.audit import entry_of
from handlers.settings_page import SettingsPage
from models import erasing
from models.erasing import Extent


class CallErasePage(SettingsPage):
    """For administrators, as the settings."""

    async def get(self, call_sid: str) -> None:
        """GET /calls/{call_sid}/erase: what would be erased."""
        _, extent = await self._found(call_sid)
        self.render_page("call_erase.html", call_sid=call_sid, extent=extent)

    async def post(self, call_sid: str) -> None:
        """POST /calls/{call_sid}/erase: nothing of it, and of those linked with it, is left; on to the history."""
        ids, extent = await self._found(call_sid)
        own = extent.call_sids[0] if len(ids) == 1 else call_sid
        await self.services.erasing.erase(ids, entry_of(self, "call.erased", own, calls=len(ids)))
        self.redirect("/calls", status=303)

    async def _found(self, call_sid: str) -> tuple[list[int], Extent]:
        """Raises ApiError where the organisation has no such call."""
        ids = await self.services.store.read(erasing.with_sid, call_sid, self.organization_id)
        if not ids:
            raise ApiError(404, "not_found", "There is no such call.")
        return ids, await self.services.store.read(erasing.extent, ids)
