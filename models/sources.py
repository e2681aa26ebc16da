"""Sources: provider accounts that feed an assistant, and what their adapters remember of each call."""

import secrets

import msgspec
from peewee import Database

from models import tables
from models.database import execute


class Source(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    organization_id: int
    assistant_id: int
    kind: str
    endpoint: str
    secret: str | None
    account: str | None
    config: str  # JSON
    paused_at: int | None  # µs; what comes since is refused


class KnownState(msgspec.Struct, frozen=True):
    """An adapter's state of one call; version 0 where nothing is stored yet."""

    version: int = 0
    state: str | None = None  # JSON


def create(
    db: Database, now: int, organization_id: int, assistant_id: int, kind: str, secret: str | None, account: str | None
) -> str:
    """The new source's endpoint: 128 random bits, so that the address itself cannot be guessed."""
    endpoint = secrets.token_hex(16)
    row = dict(organization=organization_id, assistant=assistant_id, kind=kind, endpoint=endpoint)
    tables.Source.insert(**row, secret=secret, account=account, config="{}", created_at=now).execute(db)
    return endpoint


def by_endpoint(db: Database, kind: str, endpoint: str) -> Source | None:
    source = tables.Source
    columns = [getattr(source, name) for name in Source.__struct_fields__]
    query = source.select(*columns).where(source.kind == kind, source.endpoint == endpoint, source.deleted_at.is_null())
    for row in query.tuples().execute(db):
        return Source(**dict(zip(Source.__struct_fields__, row, strict=True)))
    return None


def state(db: Database, source: Source, call_sid: str) -> KnownState:
    """What the source's adapter last stored about this call."""
    row = execute(
        db,
        "SELECT source_state.version, source_state.state FROM source_state"
        ' JOIN "call" ON "call".id = source_state.call_id'
        ' WHERE source_state.source_id = ? AND "call".organization_id = ? AND "call".call_sid = ?',
        *(source.id, source.organization_id, call_sid),
    ).fetchone()
    return KnownState(row[0], row[1]) if row else KnownState()
