"""Organisations and their people: who they are, and whether a password is theirs."""

import secrets
from functools import cache

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from peewee import Database, IntegrityError

from events import Refused
from models import tables
from models.rights import end_sessions, rights_changed

ROLES = ("admin", "supervisor")
MIN_PASSWORD = 8  # characters; NIST SP 800-63B's minimum
_hasher = PasswordHasher()  # argon2id, the library's current recommendation (RFC 9106, low memory)


class User(msgspec.Struct, frozen=True):
    id: int
    organization_id: int
    organization_name: str
    email: str
    role: str

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"


def still_active(db: Database, ids: set[int]) -> set[int]:
    """Those of the people who may sign in."""
    user = tables.User
    query = user.select(user.id).where(user.id.in_(ids), user.is_active)
    return {id_ for (id_,) in query.tuples().execute(db)}


def generate_password() -> str:
    """Eighteen hex digits, 72 bits: no character in it means anything to a shell or an option parser."""
    return secrets.token_hex(9)


def create_organization(db: Database, now: int, name: str) -> int:
    """The new organisation's id. Raises Refused where the name is empty or taken."""
    if not name.strip():
        raise Refused("invalid_field", "An organisation needs a name.", "name")
    try:
        return tables.Organization.insert(name=name.strip(), created_at=now).execute(db)
    except IntegrityError:
        raise Refused("name_taken", f"There is an organisation {name!r} already.", "name") from None


def organization_id(db: Database, name: str) -> int:
    """Raises Refused where there is none of that name."""
    rows = tables.Organization.select(tables.Organization.id).where(tables.Organization.name == name)
    for (found,) in rows.tuples().execute(db):
        return found
    raise Refused("unknown_organization", f"There is no organisation {name!r}.", "organization")


def create_user(db: Database, now: int, organization: int, email: str, role: str, password: str) -> int:
    """The new user's id. Raises Refused where the e-mail is malformed or taken, or the password too short;
    `password` may be hashed already."""
    email = email.strip().lower()
    if "@" not in email.strip("@") or any(c.isspace() for c in email):
        raise Refused("invalid_field", f"{email!r} is not an e-mail address.", "email")
    if role not in ROLES:
        raise Refused("invalid_field", f"A role is one of {', '.join(ROLES)}.", "role")
    row = dict(organization=organization, email=email, role=role, password_hash=hashed(password), created_at=now)
    try:
        return tables.User.insert(**row).execute(db)
    except IntegrityError:
        raise Refused("email_taken", f"There is a user {email!r} already.", "email") from None


class Hashed(str):
    """What is stored of a password."""


def hashed(password: str) -> Hashed:
    """What is stored of this password; of one that is hashed already itself, so that whoever writes need not take the
    writer's time. Raises Refused where it is too short. Slow on purpose: some 50 ms of one core."""
    if isinstance(password, Hashed):
        return password
    if len(password) < MIN_PASSWORD:
        raise Refused("invalid_field", f"A password needs at least {MIN_PASSWORD} characters.", "password")
    return Hashed(_hasher.hash(password))


def deactivate_user(db: Database, email: str) -> None:
    """As `shut_out`, by e-mail. Raises Refused where unknown too."""
    rights_changed(db)
    user = tables.User
    query = user.select(user.id, user.organization_id).where(user.email == email.strip().lower())
    for user_id, organization in query.tuples().execute(db):
        return shut_out(db, organization, user_id)
    raise Refused("unknown_user", f"There is no user {email!r}.", "email")


def shut_out(db: Database, organization: int, user_id: int) -> None:
    """Sessions end for good, keys for as long as it lasts; what is open closes within a second, here and in a running
    server. Raises Refused for the last administrator. Call rights_changed first: it locks, so that of two who shut out
    each other one comes second."""
    user = tables.User
    administrators = user.select(user.id).where(user.organization == organization, user.role == "admin", user.is_active)
    if [id_ for (id_,) in administrators.tuples().execute(db)] == [user_id]:
        raise Refused("last_administrator", "This is the last active administrator: make another one first.")
    user.update(is_active=False).where(user.id == user_id).execute(db)
    end_sessions(db, tables.Session.user_id == user_id)


def organization_of(db: Database, email: str) -> int | None:
    """Of the user with this e-mail, active or not; None where there is none."""
    query = tables.User.select(tables.User.organization_id).where(tables.User.email == email.strip().lower())
    return next((found for (found,) in query.tuples().execute(db)), None)


def user_by_email(db: Database, email: str) -> User:
    """The active user with this e-mail. Raises Refused where there is none."""
    found = _user(db, tables.User.email == email.strip().lower())
    if found is None:
        raise Refused("unknown_user", f"There is no active user {email!r}.", "user")
    return found


def credentials(db: Database, email: str) -> tuple[User | None, str | None]:
    """The active user with this e-mail and what is stored of their password; twice None where there is none."""
    email = email.strip().lower()
    query = tables.User.select(tables.User.password_hash).where(tables.User.email == email, tables.User.is_active)
    rows = query.tuples().execute(db)
    return (_user(db, tables.User.email == email), rows[0][0]) if rows else (None, None)


def fits(password_hash: str | None, password: str) -> bool:
    """Whether this is the password. Slow on purpose, and as slow where there is nothing to compare it with."""
    try:
        _hasher.verify(password_hash or _nobody(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


@cache
def _nobody() -> str:
    """Verified when no such user exists, so that an unknown e-mail takes as long as a wrong password."""
    return _hasher.hash(secrets.token_hex())


def has_users(db: Database) -> bool:
    return bool(tables.User.select(tables.User.id).limit(1).tuples().execute(db))


def _user(db: Database, condition) -> User | None:
    user, organization = tables.User, tables.Organization
    rows = (
        user.select(user.id, user.organization_id, organization.name, user.email, user.role)
        .join(organization)
        .where(condition, user.is_active)
        .tuples()
        .execute(db)
    )
    return User(*rows[0]) if rows else None
