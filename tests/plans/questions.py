"""The questions that are asked for every event, viewer and page, of a database as `filling` makes it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from peewee import Database

from events import Transcript
from models import calls, entries, running, sources
from models.calls import CallFilter
from models.database import execute
from models.record import Heard, SourceStep, record_all
from tests.plans.filling import NOW

BATCH = 64


class Question(NamedTuple):
    name: str
    ask: Callable[[Database, int], Any]  # of a database with so many calls
    grows: bool = False  # with the calls of the organisation: an index is all that one may ask


def _middle(number: int) -> int:
    return number // 4 * 2  # of the first organisation: its calls are the even ones


def _keys(number: int) -> list[int]:
    return [2 + (_middle(number) + 14 * n) // 2 * 2 % (number - 2) for n in range(BATCH)]


def _write(db: Database, number: int) -> None:
    said = Transcript(segment_id="new", speaker="user", content="words")
    heard = [
        Heard(organization_id=1, call_sid=f"CA{id_}", events=[said], step=SourceStep(1, 1, "{}") if n < 3 else None)
        for n, id_ in enumerate(_keys(number))
    ]
    with db.atomic() as transaction:
        record_all(db, [*heard, Heard(organization_id=1, call_sid="new", events=[said])], clock=lambda: NOW)
        transaction.rollback()


def _state(db: Database, number: int) -> None:
    row = execute(db, "SELECT endpoint FROM source WHERE id = 1").fetchone()
    sources.state(db, sources.by_endpoint(db, "twilio", row[0]), f"CA{_middle(number)}")


def _page(**filters: Any) -> Callable[[Database, int], Any]:
    return lambda db, number: calls.page(db, 1, CallFilter(**filters), skip=0, limit=100)


QUESTIONS = (
    Question("calls.by_sid", lambda db, number: calls.by_sid(db, 1, f"CA{_middle(number)}")),
    Question("calls.by_id", lambda db, number: calls.by_id(db, 1, _middle(number))),
    Question("calls.by_sids", lambda db, number: calls.by_sids(db, [(1, f"CA{id_}") for id_ in _keys(number)])),
    Question("calls.segments", lambda db, number: calls.segments(db, [(id_, "s007") for id_ in _keys(number)])),
    Question("calls.state_versions", lambda db, number: calls.state_versions(db, [(1, id_) for id_ in _keys(number)])),
    Question("sources.state", _state),
    Question("record_all", _write),
    Question("entries.after", lambda db, number: entries.after(db, _middle(number), 5)),
    Question("entries.speaking_order", lambda db, number: entries.speaking_order(db, _middle(number))),
    Question("entries.by_seq", lambda db, number: entries.by_seq(db, _middle(number), [3, 4, 17])),
    Question("running (the wall)", lambda db, number: running.running(db, 1)),
    Question("calls.quiet", lambda db, number: calls.quiet(db, NOW * 2, NOW * 2)),
    Question("calls.page", _page()),
    Question("calls.page, in progress", _page(status="in-progress")),
    Question("calls.page, completed", _page(status="completed")),
    Question("calls.count, in progress", lambda db, number: calls.count(db, 1, CallFilter(status="in-progress"))),
    Question("calls.count", lambda db, number: calls.count(db, 1, CallFilter()), grows=True),
    Question("calls.stats", lambda db, number: calls.stats(db, 1), grows=True),
    Question("calls.last_ended", lambda db, number: calls.last_ended(db, 1), grows=True),
)
