"""Whether the server is well."""

from handlers.api import BaseHandler
from models import rights


class HealthHandler(BaseHandler):
    def check_xsrf_cookie(self) -> None:
        """Nothing to check: nothing can be changed here, and another method is 405, not 403."""

    async def get(self) -> None:
        """GET /healthz: 200 while it serves and its database answers, 503 while it does not or is stopping."""
        if self.services.gate.is_closing:
            self.finish_json({"status": "stopping"}, 503)
            return
        await self.services.store.read(rights.rights_version)
        self.finish_json({"status": "ok"})
