"""What programs read of the interface before they use it: its REST as OpenAPI, its sockets as AsyncAPI."""

from pathlib import Path

from handlers.api import BaseHandler

DOCS = Path(__file__).parent.parent / "docs"
OPENAPI = (DOCS / "openapi.json").read_bytes()
ASYNCAPI = (DOCS / "asyncapi.json").read_bytes()


class DescriptionHandler(BaseHandler):
    """A description as it stands in docs/; without a key, and for pages of any origin."""

    description: bytes

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Access-Control-Allow-Origin", "*")
        self.set_header("Cache-Control", "no-cache")  # it changes with the server: ask, and mostly get 304

    def check_xsrf_cookie(self) -> None:
        """Nothing to check: nothing can be changed here, and another method is 405, not 403."""

    async def get(self) -> None:
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(self.description)

    head = get


class OpenApiHandler(DescriptionHandler):
    """GET /openapi.json: what answers over HTTP, in OpenAPI 3.1."""

    description = OPENAPI


class AsyncApiHandler(DescriptionHandler):
    """GET /asyncapi.json: what is said on the sockets, in AsyncAPI 3.0."""

    description = ASYNCAPI
