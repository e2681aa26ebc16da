"""What all pages share: who is signed in, rendering, and the headers that keep a page to itself."""

import secrets
from typing import Any
from urllib.parse import quote

from jinja2 import Environment

from handlers.api import ApiError, BaseHandler
from handlers.services import Services
from handlers.static_files import StaticFiles
from handlers.tickets_api import SESSION_COOKIE
from models.rights import Grant

_PHRASES = {
    404: ("Nothing here", "There is no page at this address, or it is not yours to see."),
    403: ("Not allowed", "This page is for administrators, or the form was too old: go back, reload and try again."),
    503: ("One moment", "The server cannot answer just now. Try again in a few seconds."),
}
_FAILED = ("Something failed", "The server failed to make this page, and has written down why.")


class PageHandler(BaseHandler):
    """A page; `needs_session` sends who is not signed in to the sign-in page and back afterwards."""

    needs_session = True
    is_before_first_run = False  # whether it is there before there is a user
    grant: Grant | None = None

    def initialize(self, services: Services, templates: Environment, static: StaticFiles) -> None:
        super().initialize(services)
        self.templates, self.static = templates, static
        self.nonce = secrets.token_urlsafe(16)

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Cross-Origin-Opener-Policy", "same-origin")
        self.set_header("X-Frame-Options", "DENY")  # as frame-ancestors, for what knows only this

    async def prepare(self) -> None:
        cookie = self.get_cookie(SESSION_COOKIE)
        self.grant = await self.services.gate.session(cookie) if cookie else None
        if self.grant is not None:
            return
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
        socket = self.services.websocket_url
        self.set_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src 'self' 'nonce-{self.nonce}'; style-src 'self'; img-src 'self' data:;"
            f" connect-src 'self' {socket}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        )
        self.set_header("Content-Type", "text/html; charset=utf-8")
        page = self.templates.get_template(name).render(
            csp_nonce=self.nonce,
            import_map=self.static.import_map,
            static_url=self.static.url,
            xsrf_token=self.xsrf_token.decode(),
            xsrf_form_html=self.xsrf_form_html(),
            user=self.grant,
            now=self.services.store.clock(),
            **context,
        )
        self.finish(page)

    def finish_error(self, error: ApiError) -> None:
        """A page for browsers, JSON for programs."""
        if "text/html" not in self.request.headers.get("Accept", ""):
            super().finish_error(error)
            return
        title, message = _PHRASES.get(error.status, _FAILED if error.status >= 500 else (error.message, ""))
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
