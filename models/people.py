"""The people of one organisation, as its administrators see and change them; and the very first of all."""

from collections.abc import Iterable

import msgspec
from peewee import Database

from events import Refused
from models import accounts, assistants, tables
from models.rights import create_session, end_sessions, rights_changed


class Person(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    email: str
    role: str
    is_active: bool
    created_at: int


def listing(db: Database, organization_id: int) -> list[Person]:
    """Everyone, those who are active first, each by e-mail."""
    return sorted(_people(db, organization_id), key=lambda person: (not person.is_active, person.email))


def one(db: Database, organization_id: int, user_id: int) -> Person:
    """Raises Refused, `not_found`, where the organisation has nobody of this id."""
    for person in _people(db, organization_id, tables.User.id == user_id):
        return person
    raise Refused("not_found", "There is no such user.")


def deactivate(db: Database, organization_id: int, user_id: int, *, by: int) -> Person:
    """Shut a person out: sessions end for good, keys for as long as it lasts. Raises Refused for `by`, whose own id it
    is, and for the last administrator."""
    rights_changed(db)  # first: it locks that row, so that of two who deactivate each other one comes second
    person = one(db, organization_id, user_id)
    if user_id == by:
        raise Refused("oneself", "You cannot deactivate yourself: another administrator can.")
    accounts.shut_out(db, organization_id, user_id)
    return person


def reactivate(db: Database, organization_id: int, user_id: int) -> Person:
    """Let a person in again, whose keys then work again too."""
    person = one(db, organization_id, user_id)
    tables.User.update(is_active=True).where(tables.User.id == user_id).execute(db)
    rights_changed(db)
    return person


def set_password(db: Database, organization_id: int, user_id: int, password: str) -> Person:
    """A new password, which ends every session that was begun with the old one. Raises Refused where too short."""
    person = one(db, organization_id, user_id)
    hashed = accounts.hashed(password)
    tables.User.update(password_hash=hashed).where(tables.User.id == user_id).execute(db)
    end_sessions(db, tables.Session.user_id == user_id)
    return person


def change_password(db: Database, now: int, user_id: int, password: str) -> str:
    """The token of a new session, the only one that is left to the person. Raises Refused where it is too short."""
    hashed = accounts.hashed(password)
    tables.User.update(password_hash=hashed).where(tables.User.id == user_id).execute(db)
    end_sessions(db, tables.Session.user_id == user_id)
    return create_session(db, now, user_id)


def found(db: Database, now: int, organization: str, email: str, password: str) -> int:
    """The id of the first user, administrator of the first organisation, which also gets an assistant.

    Raises Refused: `not_the_first` where there is a user, else as create_organization and create_user."""
    rights_changed(db)  # first: of two founders at once, one waits here until the other is stored
    if accounts.has_users(db):
        raise Refused("not_the_first", "There is a user already.")
    try:
        organization_id = accounts.organization_id(db, organization.strip())  # made by the command line, still empty
    except Refused:
        organization_id = accounts.create_organization(db, now, organization)
    user_id = accounts.create_user(db, now, organization_id, email, "admin", password)
    assistants.default(db, now, organization_id)
    return user_id


def _people(db: Database, organization_id: int, *conditions) -> Iterable[Person]:
    user = tables.User
    query = user.select(user.id, user.email, user.role, user.is_active, user.created_at)
    for id_, email, role, is_active, created_at in (
        query.where(user.organization_id == organization_id, *conditions).tuples().execute(db)
    ):
        yield Person(id=id_, email=email, role=role, is_active=bool(is_active), created_at=created_at)
