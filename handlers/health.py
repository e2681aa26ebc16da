"""Whether the server is well: for whoever restarts it, and for whoever sends it traffic."""

from handlers.api import BaseHandler


class _OpenHandler(BaseHandler):
    """Asked by machines, without a key."""

    def check_xsrf_cookie(self) -> None:
        """Nothing to check: nothing can be changed here, and another method is 405, not 403."""


class HealthHandler(_OpenHandler):
    def get(self) -> None:
        """GET /healthz: 200 as long as the server's loop runs. A restart would not mend what the database lacks."""
        self.finish_json({"status": "ok"})


class ReadyHandler(_OpenHandler):
    async def get(self) -> None:
        """GET /readyz: 200 while it can serve; else 503 and why, after at most two seconds."""
        hindrance = await self.services.checkup.hindrance()
        if hindrance is None:
            self.finish_json({"status": "ready"})
        else:
            self.set_header("Retry-After", "1")
            self.finish_json({"status": "not_ready", "reason": hindrance}, 503)
