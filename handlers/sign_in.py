"""Signing in and out."""

from typing import Any

from handlers.pages import PageHandler
from handlers.tickets_api import SESSION_COOKIE
from models import accounts, rights


async def begin_session(page: PageHandler, user_id: int) -> None:
    """The browser is signed in as this user, by a new session; the one it came with, if any, ends."""
    store = page.services.store
    token = await store.write(_rotate, store.clock(), user_id, page.get_cookie(SESSION_COOKIE))
    page.set_cookie(
        SESSION_COOKIE,
        token,
        expires_days=rights.SESSION_US // 86_400_000_000,
        httponly=True,
        samesite="Lax",
        secure=page.services.is_https,
    )


def _rotate(db: Any, now: int, user_id: int, old: str | None) -> str:
    if old:
        rights.end_session(db, old)
    return rights.create_session(db, now, user_id)


class SignInHandler(PageHandler):
    needs_session = False

    def get(self) -> None:
        """GET /sign-in: the form; who is signed in goes on at once."""
        if self.grant is not None:
            self.redirect(self._next())
        else:
            self.render_page("sign_in.html", error=None, email="", next=self._next())

    async def post(self) -> None:
        """POST /sign-in: a new session and the page that was asked for; or the form again, with what is wrong."""
        email = self.get_body_argument("email", "")
        password = self.get_body_argument("password", "", strip=False)
        store = self.services.store
        user = await store.read(accounts.sign_in, email, password)
        if user is None:
            self.set_status(401)
            error = "E-mail and password do not fit together."
            self.render_page("sign_in.html", error=error, email=email, next=self._next())
            return
        await begin_session(self, user.id)
        self.redirect(self._next(), status=303)

    def _next(self) -> str:
        """The page to go on to: one of ours, whatever the address says."""
        wanted = self.get_argument("next", "/")
        is_ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
        return wanted if is_ours else "/"


class SignOutHandler(PageHandler):
    needs_session = False

    async def post(self) -> None:
        """POST /sign-out: the session ends, with whatever is open on it."""
        if cookie := self.get_cookie(SESSION_COOKIE):
            await self.services.store.write(rights.end_session, cookie)
            await self.services.gate.poll()
        self.clear_cookie(SESSION_COOKIE)
        self.redirect("/sign-in", status=303)
