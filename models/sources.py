"""Sources: provider accounts that feed an assistant, and what their adapters remember of each call."""

import secrets
from collections.abc import Callable, Collection, Iterator

import msgspec
from peewee import Database

from events import Refused
from models import assistants, audit, tables
from models.audit import AuditEntry
from models.database import execute
from models.rights import rights_changed


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
    db: Database,
    now: int,
    organization_id: int,
    assistant_id: int,
    kind: str,
    secret: str | None,
    account: str | None,
    config: str = "{}",
) -> str:
    """The new source's endpoint: 128 random bits, so that the address itself cannot be guessed."""
    endpoint = secrets.token_hex(16)
    row = dict(organization=organization_id, assistant=assistant_id, kind=kind, endpoint=endpoint)
    tables.Source.insert(**row, secret=secret, account=account, config=config, created_at=now).execute(db)
    return endpoint


def by_endpoint(db: Database, kind: str, endpoint: str) -> Source | None:
    return next(_sources(db, tables.Source.kind == kind, tables.Source.endpoint == endpoint), None)


def oldest(db: Database, organization_id: int, kind: str) -> Source | None:
    """The oldest of this kind that takes events; None where the organisation has none at all. Raises Refused,
    `source_paused`, where all of them are."""
    found = list(_sources(db, tables.Source.organization_id == organization_id, tables.Source.kind == kind))
    if not found:
        return None
    for source in found:
        if source.paused_at is None:
            return source
    raise Refused("source_paused", "The source is paused.")


def made_once(db: Database, now: int, organization_id: int, kind: str, entry: Callable[[int], AuditEntry]) -> Source:
    """As `oldest`; where there is none, a new one for the first assistant, and `entry(its id)` beside it.

    Its secret is nobody's: until somebody sets another, nothing can be posted to its address."""
    rights_changed(db)  # first: another node that does the same then waits here, and finds what we made
    found = oldest(db, organization_id, kind)
    if found is None:
        assistant = assistants.default(db, now, organization_id)
        endpoint = create(db, now, organization_id, assistant, kind, secrets.token_urlsafe(24), None)
        found = by_endpoint(db, kind, endpoint)
        audit.add(db, [entry(found.id)])
    return found


def remembering(db: Database, call_id: int, kinds: Collection[str]) -> list[tuple[Source, str]]:
    """The sources of these kinds that have stored a state of the call, each with the id it uses for it."""
    sids = dict(execute(db, "SELECT source_id, sid FROM source_state WHERE call_id = ?", call_id).fetchall())
    found = _sources(db, tables.Source.id.in_(list(sids)), tables.Source.kind.in_(kinds)) if sids else ()
    return [(source, sids[source.id]) for source in found]


def _sources(db: Database, *conditions) -> Iterator[Source]:
    source = tables.Source
    columns = [getattr(source, name) for name in Source.__struct_fields__]
    query = source.select(*columns).where(source.deleted_at.is_null(), *conditions).order_by(source.id)
    for row in query.tuples().execute(db):
        yield Source(**dict(zip(Source.__struct_fields__, row, strict=True)))


def state(db: Database, source: Source, call_sid: str) -> KnownState:
    """What the source's adapter last stored about this call, by the id that the source itself uses: one that tells of
    a call under two ids (an agent that handed over to another) counts its segments under each."""
    row = execute(
        db,
        "SELECT version, state FROM source_state WHERE source_id = ? AND sid = ?",
        *(source.id, call_sid),
    ).fetchone()
    return KnownState(row[0], row[1]) if row else KnownState()
