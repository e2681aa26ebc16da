"""The API keys of one organisation, as its administrators see and revoke them. (What a key allows: rights.)"""

from collections.abc import Iterable

import msgspec
from peewee import Database

from events import Refused
from models import rights, tables


class Key(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    prefix: str
    scopes: str  # sorted, comma-separated
    email: str  # of its owner
    is_owner_active: bool
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None  # to the minute

    def state(self, now: int) -> str:
        """`active`, or why it is not: revoked, expired, or its owner is deactivated."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "active" if self.is_owner_active else "owner deactivated"


def listing(db: Database, organization_id: int) -> list[Key]:
    """Every key, newest first."""
    return list(_keys(db, organization_id))


def revoke(db: Database, now: int, organization_id: int, key_id: int) -> Key:
    """The key now revoked; twice is no error. Raises Refused, `not_found`, where the organisation has no such key."""
    for key in _keys(db, organization_id, tables.Key.id == key_id):
        rights.revoke_key(db, now, key.prefix)
        return key
    raise Refused("not_found", "There is no such key.")


def organization_of(db: Database, prefix: str) -> int:
    """Of the key with this prefix, which must exist."""
    key, user = tables.Key, tables.User
    query = key.select(user.organization_id).join(user).where(key.prefix == prefix)
    return query.tuples().execute(db)[0][0]


def _keys(db: Database, organization_id: int, *conditions) -> Iterable[Key]:
    key, user = tables.Key, tables.User
    columns = (
        *(key.id, key.name, key.prefix, key.scopes, user.email, user.is_active),
        *(key.created_at, key.expires_at, key.revoked_at, key.last_used_at),
    )
    query = key.select(*columns).join(user).where(user.organization_id == organization_id, *conditions)
    for row in query.order_by(key.id.desc()).tuples().execute(db):
        yield Key(**dict(zip(Key.__struct_fields__, row, strict=True)))
