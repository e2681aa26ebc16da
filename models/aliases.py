"""The other ids of a call: those under which other providers tell of it, and the calls that turned out to be the same.

A name of a call is its own call_sid or an alias of it. Within an organisation a name leads to one call only.
"""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec
from peewee import Database

from events import Call, CallAnnounced
from models import erased
from models.bulk import wanted
from models.database import execute, is_sqlite
from models.heard import Heard

Key = tuple[int, str]  # organisation, and a name of a call in it

_OWN = (
    'SELECT call_alias.organization_id, call_alias.alias, "call".call_sid FROM {} CROSS JOIN call_alias'
    ' JOIN "call" ON "call".id = call_alias.call_id'
    " WHERE call_alias.organization_id = wanted.a AND call_alias.alias = wanted.b"
)
_NAMED = (
    'SELECT id, call_sid FROM "call" WHERE organization_id = ? AND call_sid = ?'
    ' UNION ALL SELECT "call".id, "call".call_sid FROM call_alias JOIN "call" ON "call".id = call_alias.call_id'
    " WHERE call_alias.organization_id = ? AND call_alias.alias = ?"
)
_OTHERS = (
    "SELECT call_alias.call_id, 1, call_alias.alias FROM {0} CROSS JOIN call_alias WHERE call_alias.call_id = wanted.a"
    ' UNION ALL SELECT call_link.call_id, 0, "call".call_sid FROM {0} CROSS JOIN call_link'
    ' JOIN "call" ON "call".id = call_link.other_id WHERE call_link.call_id = wanted.a'
)


class OtherIds(msgspec.Struct, frozen=True):
    """By what else a call can be found: its aliases, and the call_sid of each call that it is linked with; sorted."""

    aliases: list[str] = []
    linked: list[str] = []


class Named(NamedTuple):
    id: int
    call_sid: str


def own_keys(db: Database, keys: Iterable[Key]) -> dict[Key, Key]:
    """Of those of these names that are aliases, what the calls are called themselves."""
    source, params = wanted(db, keys, "text")
    rows = execute(db, _OWN.format(source), *params).fetchall()
    return {(organization_id, alias): (organization_id, own) for organization_id, alias, own in rows}


def named(db: Database, key: Key) -> Named | None:
    """The call with this name, if there is one. After `claim` that stays as it is until the transaction ends."""
    row = execute(db, _NAMED, *key, *key).fetchone()
    return Named(*row) if row else None


def is_one(db: Database, organization_id: int, name: str | None, other: str | None) -> bool:
    """Whether these are names of one call, or the same name of one not known yet, or both None."""
    if name == other or name is None or other is None:
        return name == other
    found = named(db, (organization_id, name))
    return found is not None and found == named(db, (organization_id, other))


def claim(db: Database, keys: Iterable[Key]) -> None:
    """Have other nodes wait that want to give these names to calls. A call's own id and an alias are in two tables, so
    that no constraint could keep two nodes from giving one name twice."""
    if is_sqlite(db):
        return  # it has one writer
    names = sorted(keys)  # in one order everywhere
    sql = "SELECT pg_advisory_xact_lock(a, hashtext(b)) FROM unnest(?::int[], ?::text[]) AS claimed(a, b)"
    execute(db, sql, [organization for organization, _ in names], [name for _, name in names]).fetchall()


def add(db: Database, key: Key, call_id: int) -> None:
    """Give the call this name, which was claimed and is no call's."""
    sql = "INSERT INTO call_alias (organization_id, alias, call_id) VALUES (?, ?, ?)"
    execute(db, sql, *key, call_id)


def link(db: Database, call_id: int, other_id: int) -> None:
    """Remember that these two calls are one; once more changes nothing."""
    sql = "INSERT INTO call_link (call_id, other_id) VALUES (?, ?), (?, ?) ON CONFLICT DO NOTHING"
    execute(db, sql, call_id, other_id, other_id, call_id)


def other_ids(db: Database, call_ids: Iterable[int]) -> dict[int, OtherIds]:
    """For each of these calls by what else it can be found."""
    call_ids = list(call_ids)
    source, params = wanted(db, [(id_, id_) for id_ in call_ids], "bigint")
    found: dict[int, OtherIds] = {id_: OtherIds([], []) for id_ in call_ids}
    for id_, is_alias, name in sorted(execute(db, _OTHERS.format(source), *params, *params).fetchall()):
        (found[id_].aliases if is_alias else found[id_].linked).append(name)
    return found


class Names:
    """Which calls the names lead to that are heard in one batch, as what is heard goes on to tell.

    For the writer's thread, within its transaction: what is given is in the database at once."""

    def __init__(self, db: Database):
        self._db = db
        self._claimed: set[Key] = set()
        self.own: dict[Key, Key] = {}  # of aliases: what their calls are called themselves

    def learn(self, unknown: set[Key], heards: Iterable[Heard]) -> set[Key]:
        """Find out which of these names, of no call of their own, are aliases: what those calls are called."""
        of_unknown = (heard for heard in heards if (heard.organization_id, heard.call_sid) in unknown)
        self._claim(unknown.union(*map(_announced, of_unknown)))  # all at once, or two nodes could block each other
        self.own = own_keys(self._db, unknown)
        return set(self.own.values())

    def announced(self, heard: Heard) -> Key | None:
        """The call, by its own id, that this unknown one is, where it is told with a name that a call has already.
        Raises Refused, `call_erased`."""
        erased.check(self._db, [(heard.organization_id, heard.call_sid), *_announced(heard)])
        for key in _announced(heard):
            found = named(self._db, key)
            if found and named(self._db, (heard.organization_id, heard.call_sid)) is None:  # else another node made it
                return heard.organization_id, found.call_sid
        return None

    def give(self, key: Key, call: Call) -> bool:
        """The call is heard of under this alias: whether that is new."""
        if key in self.own:
            return False
        add(self._db, key, call.id)
        self.own[key] = call.organization_id, call.call_sid
        return True

    def take(self, key: Key, call: Call) -> bool:
        """The call is told to have this alias: whether it has got it now. Where it is another call's, or another call,
        the two are linked."""
        if key[1] == call.call_sid or self.own.get(key) == (call.organization_id, call.call_sid):
            return False
        self._claim({key})
        found = named(self._db, key)
        if found is not None:
            if found.id != call.id:
                link(self._db, call.id, found.id)
            return False
        return self.give(key, call)

    def _claim(self, keys: set[Key]) -> None:
        if unclaimed := keys - self._claimed:
            claim(self._db, unclaimed)
            self._claimed |= unclaimed


def _announced(heard: Heard) -> list[Key]:
    """The aliases that it tells."""
    told = [event.alias for event in heard.events if isinstance(event, CallAnnounced)]
    return [(heard.organization_id, alias) for alias in told if alias is not None]
