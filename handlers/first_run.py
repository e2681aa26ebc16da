"""The first page of an empty database: it makes the first organisation and its administrator."""

from typing import Any

from handlers.api import ApiError
from handlers.form_fields import Form
from handlers.pages import PageHandler
from handlers.set_up_code import TooManyWrongCodes
from handlers.sign_in import begin_session
from models import accounts, audit, people
from models.audit import AuditEntry


class FirstRunPage(PageHandler):
    """404 as soon as there is a user."""

    needs_session = False
    is_before_first_run = True

    async def prepare(self) -> None:
        await super().prepare()
        if not await self.services.set_up.is_due():
            raise ApiError(404, "not_found", "There is a user already.")

    def get(self) -> None:
        """GET /first-run: the form."""
        self._show(Form())

    async def post(self) -> None:
        """POST /first-run: signed in on the live calls; or the form again. Nothing is made without the right code."""
        form, store = Form(self), self.services.store
        code = form.line("code", "The code is on the server's console, in the line that begins with “No user yet”.")
        organization = form.line("organization", "An organisation needs a name.")
        email = form.line("email", "An e-mail address is needed to sign in with.", longest=254)
        password = form.secret("password", "A password is needed.")
        if password and form.secret("password_again") != password:
            form.errors["password_again"] = "The two passwords differ."
        try:
            if code and not await self.services.set_up.fits(code):
                form.errors = {"code": "This is not the set-up code that the console shows."} | form.errors
        except TooManyWrongCodes:
            self.set_status(429)
            self.set_header("Retry-After", "5")
            form.errors = {"code": "Too many wrong codes are being tried just now. Wait a few seconds."}
            return self._show(form)
        address = self.request.remote_ip
        hashed = await form.hashed(self.services.passwords, password)
        user_id = await form.submit(store, _found, store.clock(), address, organization, email, hashed)
        if user_id is None:
            self.set_status(422)
            return self._show(form)
        await begin_session(self, user_id)
        self.redirect("/", status=303)

    def _show(self, form: Form) -> None:
        self.render_page("first_run.html", form=form)


def _found(db: Any, now: int, address: str, organization: str, email: str, password: str) -> int:
    user_id, email = people.found(db, now, organization, email, password), email.strip().lower()
    entry = AuditEntry(
        organization_id=accounts.organization_of(db, email),
        at=now,
        action="user.created",
        user_id=user_id,
        actor=email,
        address=address,
        target=email,
        detail={"role": "admin", "organization": organization},
    )
    audit.add(db, [entry])
    return user_id
