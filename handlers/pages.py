"""What all pages share: who is signed in, rendering, and the headers that keep a page to itself."""

import secrets
from collections.abc import AsyncGenerator
from typing import Any, ClassVar
from urllib.parse import quote

from jinja2 import Environment
from jinja2.environment import TemplateStream

from handlers.api import ApiError, BaseHandler
from handlers.services import Services
from handlers.static_files import StaticFiles
from handlers.tickets_api import SESSION_COOKIE
from models.rights import Grant

PIECE = 60  # of what a template gives out, written at once: some 20 segments of a call, 2 ms

_PHRASES = {
    401: ("Signed out", "Sign in again to read on."),
    404: ("Nothing here", "There is no page at this address, or it is not yours to see."),
    403: ("Not allowed", "This page is for administrators, or the form was too old: go back, reload and try again."),
    503: ("One moment", "The server cannot answer just now. Try again in a few seconds."),
}
_FAILED = ("Something failed", "The server failed to make this page, and has written down why.")


class PageHandler(BaseHandler):
    """A page; `needs_session` sends who is not signed in to the sign-in page and back afterwards."""

    needs_session = True
    is_before_first_run = False  # whether it is there before there is a user
    is_embedded = False  # whether it is made to stand in a frame of one of our own pages, and of no others
    frames = "'none'"  # what it may have in frames
    phrases: ClassVar[dict[int, tuple[str, str]]] = {}  # of its own for errors: status → title and what to do
    grant: Grant | None = None

    def initialize(self, services: Services, templates: Environment, static: StaticFiles) -> None:
        super().initialize(services)
        self.templates, self.static = templates, static
        self.nonce = secrets.token_urlsafe(16)

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        # as frame-ancestors, for what knows only this
        self.set_header("X-Frame-Options", "SAMEORIGIN" if self.is_embedded else "DENY")

    async def prepare(self) -> None:
        cookie = self.get_cookie(SESSION_COOKIE)
        self.grant = await self.services.gate.session(cookie) if cookie else None
        if self.grant is not None:
            return
        if self.is_embedded:
            raise ApiError(401, "authentication_failed", "Sign in to read this call.")  # signing in is not for frames
        if not self.is_before_first_run and await self.services.set_up.is_due():
            self.redirect("/first-run")
        elif self.needs_session:
            self.redirect("/sign-in?next=" + quote(self.request.uri, safe=""))

    def set_cookie(self, name: str, value: str | bytes, *args: Any, **options: Any) -> None:
        """Every cookie of ours is for this site and no script, and for https alone where that is how we are reached."""
        is_https = self.services.is_https or self.request.protocol == "https"
        super().set_cookie(name, value, *args, **options | {"httponly": True, "samesite": "Lax", "secure": is_https})

    def render_page(self, name: str, **context: Any) -> None:
        """The template with what every page knows; scripts run only with this answer's nonce or from our own files."""
        self.finish("".join(self._rendering(name, context)))

    async def stream_page(self, name: str, **context: Any) -> None:
        """As `render_page`, of what may be very long: piece by piece, as the client takes them. The loop has its turns
        in between, and the browser begins to draw with the first."""
        rendering = self._rendering(name, context)
        rendering.enable_buffering(PIECE)

        async def pieces() -> AsyncGenerator[str, None]:
            for piece in rendering:
                yield piece

        await self.finish_in_pieces(pieces())

    def _rendering(self, name: str, context: dict[str, Any]) -> TemplateStream:
        socket = self.services.websocket_url
        ancestors = "'self'" if self.is_embedded else "'none'"
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src 'self' 'nonce-{self.nonce}'; style-src 'self'; img-src 'self' data:;"
            f" connect-src 'self' {socket}; frame-src {self.frames}; form-action 'self'; base-uri 'none';"
            f" frame-ancestors {ancestors}",
        )
        self.set_header("Content-Type", "text/html; charset=utf-8")
        return self.templates.get_template(name).stream(
            csp_nonce=self.nonce,
            import_map=self.static.import_map,
            static_url=self.static.url,
            xsrf_token=self.xsrf_token.decode(),
            xsrf_form_html=self.xsrf_form_html(),
            user=self.grant,
            is_embedded=self.is_embedded,
            now=self.services.store.clock(),
            **context,
        )

    def finish_error(self, error: ApiError) -> None:
        """A page for browsers, JSON for programs."""
        if "text/html" not in self.request.headers.get("Accept", ""):
            super().finish_error(error)
            return
        otherwise = _FAILED if error.status >= 500 else (error.message, "")
        title, message = (_PHRASES | self.phrases).get(error.status, otherwise)
        self.render_page("error.html", code=error.status, title=title, message=message)


class NotFoundHandler(PageHandler):
    """Any other address, by any method: 404, as a page or as JSON by `Accept`."""

    needs_session = False
    is_before_first_run = True

    def check_xsrf_cookie(self) -> None:
        """There is nothing to forge a request to."""

    async def prepare(self) -> None:
        await super().prepare()
        raise ApiError(404, "not_found", "There is nothing at this address.")
