"""The button that ends the demo, and how it is ended in a server that runs."""

from functools import partial

from handlers.audit import entry_of
from handlers.services import Services
from handlers.settings_page import SettingsPage
from models import audit, demo
from models.audit import AuditEntry
from models.record import Recorded


class DemoErasePage(SettingsPage):
    async def post(self) -> None:
        """POST /demo/erase: nothing of the organisation's demo is left, and back to the live calls."""
        if await self.services.store.read(demo.is_there, self.organization_id):
            await erase_demo(self.services, entry_of(self, "demo.erased"))
        self.redirect("/", status=303)


async def erase_demo(services: Services, entry: AuditEntry | None = None) -> None:
    """Stop the player, delete everything of the demo, and let viewers of its calls know that these have ended. The
    entry is None where whoever stopped it has stored it."""
    await services.store.write(audit.recorded, entry, demo.stop)
    await services.gate.poll()  # the player is cut off now: nothing of it may come after what follows
    await services.store.write(demo.erase, services.store.clock, then=partial(_publish, services))


async def end_demo_calls(services: Services) -> None:
    """Demo calls that nobody plays any more are completed."""
    await services.store.write(demo.end_calls, services.store.clock, then=partial(_publish, services))


def _publish(services: Services, ended: list[Recorded]) -> None:
    for recorded in ended:
        services.hub.publish(recorded.call, recorded.entries)
