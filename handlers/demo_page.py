"""The button that ends the demo, and how it is ended in a server that runs."""

from events import StatusReported
from handlers.api import ApiError
from handlers.pages import PageHandler
from handlers.services import Services
from models import demo


class DemoErasePage(PageHandler):
    async def post(self) -> None:
        """POST /demo/erase: nothing of the demo is left, and back to the live calls; for its administrators."""
        grant = self.grant
        if grant is None or grant.role != "admin":
            raise ApiError(403, "forbidden", "Only administrators may erase the demo.")
        if await self.services.store.read(demo.is_there, grant.organization_id):
            await erase_demo(self.services)
        self.redirect("/", status=303)


async def erase_demo(services: Services) -> None:
    """Stop the player, end its calls, so that their viewers hear of it, and delete everything of the demo."""
    await services.store.write(demo.stop)
    await services.gate.poll()  # the player is cut off now: nothing of it may come after what follows
    await end_demo_calls(services)
    await services.store.write(demo.erase)


async def end_demo_calls(services: Services) -> None:
    """Demo calls that nobody plays any more are completed."""
    for call in await services.store.read(demo.running):
        ended = StatusReported(status="completed", reason="demo-stopped")
        await services.pipeline.hear(call.organization_id, call.call_sid, [ended])
