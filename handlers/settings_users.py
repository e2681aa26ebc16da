"""Settings → Users: who may sign in, and as what."""

from functools import partial

from handlers.audit import entry_of
from handlers.form_fields import Form
from handlers.notes import Note
from handlers.settings_page import SettingsPage
from handlers.sign_in import begin_session
from models import accounts, audit, people
from models.audit import AuditEntry
from models.people import Person


class UsersPage(SettingsPage):
    async def get(self) -> None:
        """GET /settings/users: everyone of the organisation, and a form for one more."""
        await self._show(Form(defaults={"role": "supervisor"}))

    async def post(self) -> None:
        """POST /settings/users: make a user; a password that was generated is shown once."""
        form = Form(self)
        email = form.line("email", "An e-mail address is needed to sign in with.", longest=254)
        role = form.choice("role", accounts.ROLES)
        given = form.secret("password")
        password = given or accounts.generate_password()
        store, organization = self.services.store, self.organization_id
        entry = entry_of(self, "user.created", email.lower(), role=role)
        hashed = await form.hashed(self.services.passwords, password)
        work = (accounts.create_user, store.clock(), organization, email, role, hashed)
        made = await form.submit(store, audit.recorded, entry, *work)
        if made is None:
            return await self._show(form)
        note = f"{email.lower()} can sign in now."
        self.go_on("/settings/users", Note(note) if given else _with_password(note, password))

    async def _show(self, form: Form) -> None:
        everyone = await self.services.store.read(people.listing, self.organization_id)
        self.render_settings("users", form, people=everyone)


class UserPage(SettingsPage):
    async def get(self, user_id: str, *_: str) -> None:
        """GET /settings/users/{id}: one of them, to shut out or give another password; and on a reload of its forms."""
        await self.show(int(user_id), Form())

    def entry(self, action: str, person: Person) -> AuditEntry:
        return entry_of(self, action, person.email)

    async def show(self, user_id: int, form: Form) -> None:
        everyone = await self.services.store.read(people.listing, self.organization_id)
        person = await self.services.store.read(people.one, self.organization_id, user_id)
        is_last = person.role == "admin" and person.is_active and sum(map(_is_administrator, everyone)) == 1
        is_oneself = user_id == self.grant.user_id
        self.render_settings("user", form, person=person, is_oneself=is_oneself, is_last=is_last)


class UserPasswordHandler(UserPage):
    async def post(self, user_id: str) -> None:
        """POST /settings/users/{id}/password: a new one; whoever was signed in with the old one no longer is."""
        form = Form(self)
        given = form.secret("password")
        password, id_ = given or accounts.generate_password(), int(user_id)
        entry = partial(self.entry, "user.password_set")
        hashed = await form.hashed(self.services.passwords, password)
        work = (people.set_password, self.organization_id, id_, hashed)
        person = await form.submit(self.services.store, audit.recorded, entry, *work)
        if person is None:
            return await self.show(id_, form)
        await self.services.gate.poll()
        if id_ == self.grant.user_id:
            await begin_session(self, id_)  # or the administrator would be signed out here too
        note = f"{person.email} has a new password, and is signed out wherever it was signed in with the old one."
        self.go_on(f"/settings/users/{id_}", Note(note) if given else _with_password(note, password))


class UserActivityHandler(UserPage):
    async def post(self, user_id: str, verb: str) -> None:
        """POST /settings/users/{id}/deactivate, …/reactivate: what the user has open closes within a second."""
        form, id_, organization = Form(self), int(user_id), self.organization_id
        submit = partial(form.submit, self.services.store, audit.recorded, partial(self.entry, f"user.{verb}d"))
        if verb == "reactivate":
            person = await submit(people.reactivate, organization, id_)
            said = "{} can sign in again, and their keys work again."
        else:
            person = await submit(people.deactivate, organization, id_, by=self.grant.user_id)
            said = "{} is shut out: signed out everywhere, and their keys work no more."
        if person is None:
            return await self.show(id_, form)
        await self.services.gate.poll()
        self.go_on("/settings/users", said.format(person.email))


def _is_administrator(person: Person) -> bool:
    return person.is_active and person.role == "admin"


def _with_password(words: str, password: str) -> Note:
    return Note(words, secret=password, secret_name="password")
