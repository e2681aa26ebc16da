"""Signing in and out."""

from typing import Any

from handlers.audit import entry_of
from handlers.limits import TooMany
from handlers.pages import PageHandler
from handlers.tickets_api import SESSION_COOKIE
from models import accounts, audit, rights
from models.audit import AuditEntry


async def begin_session(page: PageHandler, user_id: int, entry: AuditEntry | None = None) -> None:
    """The browser is signed in as this user, by a new session, and the entry is stored with it; the session it came
    with, if any, ends."""
    store, old = page.services.store, page.get_cookie(SESSION_COOKIE)
    await keep_session(page, await store.write(audit.recorded, entry, _rotate, store.clock(), user_id, old))


async def keep_session(page: PageHandler, token: str) -> None:
    """The browser has this new session from now on, and so has the page: what it says once is said to the new one."""
    page.set_cookie(SESSION_COOKIE, token, expires_days=rights.SESSION_US // 86_400_000_000)
    page.grant = await page.services.gate.session(token)


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
        try:
            user = await self.services.passwords.sign_in(email, password, self.request.remote_ip)
        except TooMany as problem:
            self.set_header("Retry-After", str(problem.retry_after))
            return self._again(429, f"{problem} Wait a minute, then try again.", email)
        if user is None:
            await self._note_failure(email)
            return self._again(401, "E-mail and password do not fit together.", email)
        await begin_session(self, user.id, self._entry("signed_in", user.organization_id, user.id, user.email))
        self.redirect(self._next(), status=303)

    def _again(self, status: int, error: str, email: str) -> None:
        self.set_status(status)
        self.render_page("sign_in.html", error=error, email=email, next=self._next())

    async def _note_failure(self, email: str) -> None:
        """Not of an e-mail that nobody has: it belongs to no organisation, and may be a password typed too early."""
        organization = await self.services.store.read(accounts.organization_of, email)
        if organization is not None:
            self.services.audit.note(self._entry("sign_in_failed", organization, target=email.strip().lower()))

    def _entry(
        self, action: str, organization_id: int, user_id: int | None = None, email: str | None = None, **more: str
    ) -> AuditEntry:
        at, address = self.services.store.clock(), self.request.remote_ip
        return AuditEntry(
            organization_id=organization_id, at=at, action=action, user_id=user_id, actor=email, address=address, **more
        )

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
            entry = entry_of(self, "signed_out") if self.grant is not None else None
            await self.services.store.write(audit.recorded, entry, rights.end_session, cookie)
            await self.services.gate.poll()
        self.clear_cookie(SESSION_COOKIE)
        self.redirect("/sign-in", status=303)
