"""The sources of one organisation, as its administrators see and change them; and how each of them fares."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from peewee import Database, fn

from events import Refused
from models import tables
from models.rights import rights_changed

REJECTIONS_KEPT = 20  # of each source, the newest: what a page shows


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """A source as pages show it: its secret stays in the database."""

    id: int
    kind: str
    endpoint: str
    assistant_id: int
    assistant_name: str
    account: str | None
    config: str  # JSON
    has_secret: bool
    created_at: int
    paused_at: int | None
    last_event_at: int | None
    last_rejected_at: int | None


class Rejection(NamedTuple):
    at: int  # µs
    code: str
    field: str | None  # the provider's name of the part that is wrong


def listing(db: Database, organization_id: int) -> list[SourceRow]:
    """Every source that is not deleted, oldest first."""
    return list(_sources(db, organization_id))


def one(db: Database, organization_id: int, source_id: int) -> SourceRow:
    """Raises Refused, `not_found`, where the organisation has no such source."""
    for row in _sources(db, organization_id, tables.Source.id == source_id):
        return row
    raise Refused("not_found", "There is no such source.")


def change_credentials(
    db: Database, organization_id: int, source_id: int, secret: str | None, account: str | None, config: str
) -> None:
    """Another account, None for any; another config; another secret, unless None. Raises Refused as `one`."""
    changes = {"account": account, "config": config} | ({"secret": secret} if secret is not None else {})
    _change(db, organization_id, source_id, changes)


def set_paused(db: Database, organization_id: int, source_id: int, paused_at: int | None) -> None:
    """From now on its address refuses everything; None: takes it again. Raises Refused as `one`."""
    _change(db, organization_id, source_id, {"paused_at": paused_at})


def delete(db: Database, now: int, organization_id: int, source_id: int) -> None:
    """Its address is gone, its secret and rejections too; its calls stay. Raises Refused as `one`."""
    _change(db, organization_id, source_id, {"deleted_at": now, "secret": None})
    tables.SourceRejection.delete().where(tables.SourceRejection.source_id == source_id).execute(db)


def rejections(db: Database, source_id: int) -> list[Rejection]:
    """Newest first, at most REJECTIONS_KEPT."""
    row = tables.SourceRejection
    query = row.select(row.at, row.code, row.field).where(row.source_id == source_id)
    return [Rejection(*found) for found in query.order_by(row.id.desc()).limit(REJECTIONS_KEPT).tuples().execute(db)]


def write_down(db: Database, heard_at: Mapping[int, int], rejected: Mapping[int, list[Rejection]]) -> None:
    """When sources (by id) were last heard of, and what they refused since the last time this was called."""
    source, row = tables.Source, tables.SourceRejection
    for source_id, at in heard_at.items():
        is_older = source.last_event_at.is_null() | (
            source.last_event_at < at
        )  # another server may know of a later one
        source.update(last_event_at=at).where(source.id == source_id, is_older).execute(db)
    for source_id, new in rejected.items():
        row.insert_many([dict(source=source_id, **rejection._asdict()) for rejection in new]).execute(db)
        kept = row.select(row.id).where(row.source_id == source_id).order_by(row.id.desc()).limit(REJECTIONS_KEPT)
        row.delete().where(row.source_id == source_id, row.id.not_in(kept)).execute(db)


def _change(db: Database, organization_id: int, source_id: int, changes: dict) -> None:
    rights_changed(db)  # every server knows its sources for a while
    row = one(db, organization_id, source_id)
    tables.Source.update(**changes).where(tables.Source.id == row.id).execute(db)


def _sources(db: Database, organization_id: int, *conditions) -> Iterable[SourceRow]:
    source, assistant, rejection = tables.Source, tables.Assistant, tables.SourceRejection
    last_rejected_at = rejection.select(fn.MAX(rejection.at)).where(rejection.source_id == source.id)
    query = (
        source.select(
            *(source.id, source.kind, source.endpoint, source.assistant_id, assistant.name, source.account),
            *(source.config, source.secret.is_null(False), source.created_at, source.paused_at, source.last_event_at),
            last_rejected_at,
        )
        .join(assistant)
        .where(source.organization_id == organization_id, source.deleted_at.is_null(), *conditions)
        .order_by(source.id)
    )
    for row in query.tuples().execute(db):
        values = dict(zip(SourceRow.__struct_fields__, row, strict=True))
        yield SourceRow(**values | {"has_secret": bool(values["has_secret"])})
