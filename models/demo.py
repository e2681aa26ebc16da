"""The demo: whether it is on, with which key and assistants, and its calls, which can all be erased.

One row of `meta` remembers it. A demo call is one whose id begins with `demo-` and whose metadata say `"demo":true`.
"""

from collections.abc import Callable

import msgspec
from peewee import Database, ModelSelect

from events import StatusReported
from models import assistants, erasing, rights, tables
from models.database import execute
from models.record import Heard, Recorded, record

CALL_MARK = "demo-"
KEY_NAME = "demo"
METADATA = {"demo": True}
_METADATA_MARK = msgspec.json.encode(METADATA).decode().strip("{}")  # as `record` writes it
KEPT_CALLS = 100  # an hour of the wall; a demo left on for weeks stays this small, and quick to erase


class Demo(msgspec.Struct):
    organization_id: int
    is_on: bool = True
    key: str | None = None  # the prefix of the player's, while one plays
    assistants: list[int] = []  # msgspec copies the default


def turn_on(db: Database) -> None:
    """From now on `run` plays, in the organisation of the first administrator; nothing where there is none."""
    if admin := _admin(db):
        _keep(db, Demo(organization_id=admin[1]))


def is_on(db: Database, organization_id: int | None = None) -> bool:
    """Whether it is on, in this organisation where one is named; also while nothing plays."""
    demo = _demo(db)
    return demo is not None and demo.is_on and organization_id in (None, demo.organization_id)


def is_there(db: Database, organization_id: int | None = None) -> bool:
    """Whether there is something of it to erase, in this organisation where one is named."""
    demo = _demo(db)
    return demo is not None and organization_id in (None, demo.organization_id)


def begin(db: Database, now: int, names: list[str]) -> str | None:
    """A new key for a player, in place of the last one's, with these assistants there; None where the demo is off."""
    demo = _demo(db)
    admin = _admin(db, demo.organization_id) if demo and demo.is_on else None
    if admin is None:
        return None
    _forget_key(db, demo)
    key = rights.create_key(db, now, admin[0], KEY_NAME, ["ingest"], None)
    demo.key = rights.KEY_MARK + key.split("_")[1]
    known = dict(
        tables.Assistant.select(tables.Assistant.name, tables.Assistant.id)
        .where(tables.Assistant.organization == demo.organization_id, tables.Assistant.name.in_(names))
        .tuples()
        .execute(db)
    )
    made = [assistants.create(db, now, demo.organization_id, name) for name in names if name not in known]
    demo.assistants += made
    _keep(db, demo)
    return key


def is_played_with(db: Database, key: str) -> bool:
    """Whether this is still the player's key: not where the demo was stopped, or another player has begun."""
    demo = _demo(db)
    return demo is not None and demo.key is not None and key.startswith(demo.key + "_")


def pause(db: Database, key: str) -> None:
    """The player with this key has ended; the next may begin."""
    if is_played_with(db, key):
        demo = _demo(db)
        _forget_key(db, demo)
        _keep(db, demo)


def running(db: Database) -> list[str]:
    """The call_sid of each of its running calls."""
    demo = _demo(db)
    if demo is None:
        return []
    query = _calls(demo, tables.Call.call_sid).where(tables.Call.status == "in-progress").order_by(tables.Call.id)
    return [call_sid for (call_sid,) in query.tuples().execute(db)]


def end_calls(db: Database, clock: Callable[[], int]) -> list[Recorded]:
    """Complete its running calls, which nobody plays any more; what came of it, for publishing."""
    demo, ended = _demo(db), [StatusReported(status="completed", reason="demo-stopped")]
    return [
        record(db, clock, Heard(organization_id=demo.organization_id, call_sid=call_sid, events=ended))
        for call_sid in running(db)
    ]


def stop(db: Database) -> int | None:
    """Play no more: the player loses its key, and so its connections, within a second. Its calls stay. The organisation
    that has it; None where there is no demo."""
    demo = _demo(db)
    if demo is None:
        return None
    _forget_key(db, demo)
    demo.is_on = False
    _keep(db, demo)
    return demo.organization_id


def trim(db: Database, keep: int = KEPT_CALLS) -> None:
    """Delete the oldest ended calls of the demo."""
    if demo := _demo(db):
        newest = _calls(demo, tables.Call.id, tables.Call.status).order_by(tables.Call.id.desc())
        old = newest.offset(keep).tuples().execute(db)
        erasing.delete(db, [id_ for id_, status in old if status != "in-progress"])


def erase(db: Database, clock: Callable[[], int]) -> list[Recorded]:
    """Stop, and delete the demo's calls with everything about them, its key, and its assistants that nothing else
    uses; nothing where there is no demo. As `end_calls`, for the viewers of those that were running."""
    demo = _demo(db)
    if demo is None:
        return []
    stop(db)
    ended = end_calls(db, clock)
    erasing.delete(db, [id_ for (id_,) in _calls(demo, tables.Call.id).tuples().execute(db)])
    for id_ in demo.assistants:
        uses = tables.Assistant._meta.backrefs.items()
        if not any(table.select().where(field == id_).limit(1).tuples().execute(db) for field, table in uses):
            tables.Assistant.delete().where(tables.Assistant.id == id_).execute(db)
    tables.Meta.delete().where(tables.Meta.name == "demo").execute(db)
    return ended


def _demo(db: Database) -> Demo | None:
    row = execute(db, "SELECT value FROM meta WHERE name = 'demo'").fetchone()
    return msgspec.json.decode(row[0], type=Demo) if row else None


def _keep(db: Database, demo: Demo) -> None:
    text = msgspec.json.encode(demo).decode()
    sql = "INSERT INTO meta (name, value) VALUES ('demo', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    execute(db, sql, text)


def _admin(db: Database, organization_id: int | None = None) -> tuple[int, int] | None:
    """(user, organisation) of the first administrator."""
    user = tables.User
    query = user.select(user.id, user.organization_id).where(user.role == "admin", user.is_active).order_by(user.id)
    if organization_id is not None:
        query = query.where(user.organization == organization_id)
    rows = query.limit(1).tuples().execute(db)
    return rows[0] if rows else None


def _calls(demo: Demo, *columns) -> ModelSelect:
    call = tables.Call
    return call.select(*columns).where(
        call.organization == demo.organization_id,
        call.call_sid.startswith(CALL_MARK),
        call.metadata.contains(_METADATA_MARK),
    )


def _forget_key(db: Database, demo: Demo) -> None:
    """Delete the player's key, not only revoke it: nobody made it, so nobody should find it in the list."""
    if demo.key is None:
        return
    for (id_,) in list(tables.Key.select(tables.Key.id).where(tables.Key.prefix == demo.key).tuples().execute(db)):
        for field, table in tables.Key._meta.backrefs.items():
            table.delete().where(field == id_).execute(db)
        tables.Key.delete().where(tables.Key.id == id_).execute(db)
    rights.rights_changed(db)
    demo.key = None
