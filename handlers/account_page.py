"""One's own account: who one is here, and a new password, which nobody but oneself needs to know."""

from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.limits import TooMany
from handlers.notes import Note
from handlers.pages import PageHandler
from handlers.sign_in import keep_session
from models import audit, people


class AccountPage(PageHandler):
    def get(self) -> None:
        """GET /account: the form, for everyone who is signed in."""
        self._show(Form())

    async def post(self) -> None:
        """POST /account: the new password counts, and of one's sessions only a new one is left, in this browser.

        Who has only the session does not know the password: guesses at it count as those of the sign-in page do."""
        form, store, id_ = Form(self), self.services.store, self.grant.user_id
        current = form.secret("current_password", "Your current password is needed.")
        password = form.secret("password", "A new password is needed.")
        if password and form.secret("password_again") != password:
            form.errors["password_again"] = "The two passwords differ."
        try:
            if current and not await self._is_mine(current):
                form.errors = {"current_password": "This is not your password."} | form.errors
        except TooMany as problem:
            self.set_status(429)
            self.set_header("Retry-After", str(problem.retry_after))
            form.errors = {"form": f"{problem} Wait a minute, then try again."}
            return self._show(form)
        hashed = await form.hashed(self.services.passwords, password)
        entry = entry_of(self, "user.password_changed", self.grant.email)
        token = await form.submit(store, audit.recorded, entry, people.change_password, store.clock(), id_, hashed)
        if token is None:
            self.set_status(422)
            return self._show(form)
        await self.services.gate.poll()
        await keep_session(self, token)
        self.services.notes.leave(
            self.grant.right, Note("Your password is changed. You are signed out everywhere else.")
        )
        self.redirect("/account", status=303)

    async def _is_mine(self, password: str) -> bool:
        """Raises TooMany."""
        user = await self.services.passwords.sign_in(self.grant.email, password, self.request.remote_ip)
        if user is None:
            self.services.audit.note(entry_of(self, "user.password_refused", self.grant.email))
        return user is not None

    def _show(self, form: Form) -> None:
        note = self.services.notes.take(self.grant.right) if self.request.method == "GET" else None
        self.render_page("account.html", form=form, note=note)
