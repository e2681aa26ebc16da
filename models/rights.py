"""Who may do what: API keys, browser sessions and tickets, all known by their hash only.

A `Grant` is the answer to "what does this token allow". Whatever takes a right away raises `rights_version`,
which every server polls, so that open sockets end within a second wherever they are.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Literal

import msgspec
from peewee import Database, Expression

from events import SECOND, Refused
from models import aliases, tables
from models.database import execute

SCOPES = ("admin", "ingest", "read")
SESSION_US = 14 * 24 * 3600 * SECOND  # a fortnight: supervisors sign in on the same two screens every day
TICKET_US = 60 * SECOND
KEY_MARK, TICKET_MARK = "cb_", "tk_"  # the beginnings of keys and tickets, so that either can stand where the other can
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A right in force. `right` names what is behind it, so that it can be looked up again after a change."""

    right: tuple[Literal["key", "session"], int]
    user_id: int
    organization_id: int
    scopes: frozenset[str]
    expires_at: int | None = None  # µs
    role: str
    email: str = ""
    key_prefix: str | None = None  # None: a session

    def may(self, scope: str) -> bool:
        return scope in self.scopes


class KeyRow(msgspec.Struct, frozen=True, kw_only=True):
    """A key as lists show it."""

    prefix: str
    name: str
    email: str
    organization: str
    scopes: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None


def rights_changed(db: Database) -> None:
    """Tell every server to look at its open sockets' rights again."""
    execute(db, "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'rights_version'")


def rights_version(db: Database) -> int:
    return int(execute(db, "SELECT value FROM meta WHERE name = 'rights_version'").fetchone()[0])


def epoch(db: Database) -> str:
    """The identity of this log: cursors of another one mean nothing here."""
    return execute(db, "SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0]


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create_key(db: Database, now: int, user_id: int, name: str, scopes: list[str], expires_at: int | None) -> str:
    """The key, which nobody can show again; of `A-Z a-z 0-9 _`, a letter first, so that it fits a subprotocol."""
    if unknown := sorted(set(scopes) - set(SCOPES)):
        raise Refused("invalid_field", f"Unknown scope {unknown[0]!r}: choose from {', '.join(SCOPES)}.", "scopes")
    if not scopes:
        raise Refused("invalid_field", f"A key needs a scope: {', '.join(SCOPES)}.", "scopes")
    prefix = KEY_MARK + _random(8)
    key = f"{prefix}_{_random(32)}"
    row = dict(user=user_id, name=name, prefix=prefix, key_hash=hashed(key), scopes=",".join(sorted(set(scopes))))
    tables.Key.insert(**row, created_at=now, expires_at=expires_at).execute(db)
    return key


def revoke_key(db: Database, now: int, prefix_or_key: str) -> str:
    """The prefix of the key now revoked; revoking twice is no error. Raises Refused where unknown."""
    prefix = prefix_of(prefix_or_key)
    key = tables.Key
    if not key.select(key.id).where(key.prefix == prefix).tuples().execute(db):
        raise Refused("unknown_key", "There is no such key.", "key")
    key.update(revoked_at=now).where(key.prefix == prefix, key.revoked_at.is_null()).execute(db)
    rights_changed(db)
    return prefix


def keys(db: Database) -> list[KeyRow]:
    """Every key, newest first."""
    key, user, organization = tables.Key, tables.User, tables.Organization
    rows = (
        key.select(
            *(key.prefix, key.name, user.email, organization.name, key.scopes),
            *(key.created_at, key.expires_at, key.revoked_at, key.last_used_at),
        )
        .join(user)
        .join(organization)
        .order_by(key.id.desc())
        .tuples()
        .execute(db)
    )
    return [KeyRow(**dict(zip(KeyRow.__struct_fields__, row, strict=True))) for row in rows]


def touch_keys(db: Database, used_at: dict[int, int]) -> None:
    """Remember when keys (by id) were last used, µs."""
    for key_id, at in used_at.items():
        tables.Key.update(last_used_at=at).where(tables.Key.id == key_id).execute(db)


_KEY_GRANT = """
    SELECT api_key.id, api_key.key_hash, api_key.scopes, api_key.expires_at,
           account.id, account.organization_id, account.role, account.email, api_key.prefix
    FROM api_key JOIN account ON account.id = api_key.user_id
    WHERE account.is_active AND api_key.revoked_at IS NULL AND api_key."""


def key_grant(db: Database, now: int, key: str) -> Grant | None:
    """What this key allows now; None for unknown, revoked, expired, or of a deactivated user, without telling which."""
    row = None if "\x00" in key else execute(db, _KEY_GRANT + "prefix = ?", prefix_of(key)).fetchone()
    if row is None or not hmac.compare_digest(row[1], hashed(key)):
        return None
    return _key_grant(row, now)


def _key_grant(row: tuple, now: int) -> Grant | None:
    key_id, _, scopes, expires_at, user_id, organization, role, email, prefix = row
    if expires_at is not None and expires_at <= now:
        return None
    return Grant(
        right=("key", key_id),
        user_id=user_id,
        organization_id=organization,
        scopes=frozenset(scopes.split(",")),
        expires_at=expires_at,
        role=role,
        email=email,
        key_prefix=prefix,
    )


def create_session(db: Database, now: int, user_id: int) -> str:
    """The token for the cookie of a browser that has just signed in."""
    token = secrets.token_urlsafe(32)
    row = dict(user=user_id, token_hash=hashed(token), created_at=now, expires_at=now + SESSION_US)
    tables.Session.insert(**row).execute(db)
    return token


def end_session(db: Database, token: str) -> None:
    end_sessions(db, tables.Session.token_hash == hashed(token))


def end_sessions(db: Database, which: Expression) -> None:
    """Those that fit this condition on tables.Session, with their tickets."""
    ended = tables.Session.select(tables.Session.id).where(which)
    tables.Ticket.delete().where(tables.Ticket.session.in_(ended)).execute(db)
    tables.Session.delete().where(which).execute(db)
    rights_changed(db)


_SESSION_GRANT = """
    SELECT session.id, session.expires_at, account.id, account.organization_id, account.role, account.email
    FROM session JOIN account ON account.id = session.user_id
    WHERE account.is_active AND session."""


def session_grant(db: Database, now: int, token: str) -> Grant | None:
    row = execute(db, _SESSION_GRANT + "token_hash = ?", hashed(token)).fetchone()
    return _session_grant(row, now) if row else None


def _session_grant(row: tuple, now: int) -> Grant | None:
    session_id, expires_at, user_id, organization, role, email = row
    if expires_at <= now:
        return None
    return Grant(
        right=("session", session_id),
        user_id=user_id,
        organization_id=organization,
        scopes=frozenset({"read"}),
        expires_at=expires_at,
        role=role,
        email=email,
    )


def in_force(db: Database, now: int, rights: Iterable[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of the given rights that still hold."""
    held = set()
    for kind, id_ in rights:
        text, grant = (_KEY_GRANT, _key_grant) if kind == "key" else (_SESSION_GRANT, _session_grant)
        row = execute(db, text + "id = ?", id_).fetchone()
        if row is not None and grant(row, now) is not None:
            held.add((kind, id_))
    return held


def create_ticket(db: Database, now: int, grant: Grant, call_sid: str | None) -> str:
    """A ticket for one call, or (None) for the organisation's feed; it can be redeemed once, for a minute."""
    ticket = TICKET_MARK + _random(40)
    kind, id_ = grant.right
    row = dict(ticket_hash=hashed(ticket), user=grant.user_id, call_sid=call_sid, expires_at=now + TICKET_US)
    tables.Ticket.insert(**row, **{kind: id_}).execute(db)
    return ticket


def redeem_ticket(db: Database, now: int, ticket: str, call_sid: str | None) -> Grant | None:
    """The right behind the ticket, reduced to reading; None if used, expired, or for another call. Used either way."""
    sql = "DELETE FROM ticket WHERE ticket_hash = ? RETURNING key_id, session_id, call_sid, expires_at"
    rows = execute(db, sql, hashed(ticket)).fetchall()
    if not rows or rows[0][3] <= now:
        return None
    key_id, session_id, for_sid, _ = rows[0]
    if key_id is not None:
        row = execute(db, _KEY_GRANT + "id = ?", key_id).fetchone()
        grant = _key_grant(row, now) if row else None
    else:
        row = execute(db, _SESSION_GRANT + "id = ?", session_id).fetchone()
        grant = _session_grant(row, now) if row else None
    if grant is None or not grant.may("read") or not aliases.is_one(db, grant.organization_id, for_sid, call_sid):
        return None
    return msgspec.structs.replace(grant, scopes=frozenset({"read"}))


def forget_expired(db: Database, now: int) -> None:
    """Delete tickets and sessions that nobody can use any more."""
    tables.Ticket.delete().where(tables.Ticket.expires_at <= now).execute(db)
    tables.Session.delete().where(tables.Session.expires_at <= now - TICKET_US).execute(db)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def prefix_of(key: str) -> str:
    """`cb_ab12CD34` of `cb_ab12CD34_…`; a bare prefix is its own."""
    return "_".join(key.split("_")[:2])
