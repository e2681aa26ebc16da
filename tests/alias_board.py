"""A database with calls that have several ids, and what is asked of it: for the tests of aliases."""

from collections.abc import Iterator

from events import CallAnnounced
from models import aliases
from models.database import execute, migrate, open_database, write_transaction
from models.record import Heard, Recorded, record_all
from test_record import Board


class AliasBoard(Board):
    def together(self, *told: tuple) -> list[Recorded | Exception]:
        """What comes of these, each a call_sid and events, in one batch."""
        heards = [
            Heard(organization_id=self.organization_id, call_sid=call_sid, events=list(events))
            for call_sid, *events in told
        ]
        with write_transaction(self.db):
            return record_all(self.db, heards, clock=self.clock)

    def others(self, call_sid: str) -> tuple[list[str], list[str]]:
        """(aliases, linked) of the call."""
        call = self.call(call_sid)
        found = aliases.other_ids(self.db, [call.id])[call.id]
        return found.aliases, found.linked

    def all_calls(self) -> list[str]:
        return sorted(sid for (sid,) in execute(self.db, 'SELECT call_sid FROM "call"').fetchall())

    def spoken(self, call_sid: str) -> list[str]:
        return [segment for _, segment, *_ in self.log(call_sid)]


def told(alias: str | None = None, **facts) -> CallAnnounced:
    return CallAnnounced(alias=alias, **facts)


def opened(database_url: str) -> Iterator[AliasBoard]:
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield AliasBoard(db)
