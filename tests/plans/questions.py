"""The questions that are asked for every event, viewer and page, of a database as `filling` makes it."""

from collections.abc import Callable
from typing import Any, NamedTuple

from peewee import Database

from events import Transcript
from models import aliases, calls, entries, running, search_index, sources
from models.calls import CallFilter
from models.database import execute
from models.record import Heard, SourceStep, record_all
from models.search import search
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


def _write_one(db: Database, number: int) -> None:
    said = Transcript(segment_id="s007", revision=2, speaker="user", content="Is my boat ready?")
    record_all(db, [Heard(organization_id=1, call_sid=f"CA{_middle(number)}", events=[said])], clock=lambda: NOW)


def _state(db: Database, number: int) -> None:
    row = execute(db, "SELECT endpoint FROM source WHERE id = 1").fetchone()
    sources.state(db, sources.by_endpoint(db, "twilio", row[0]), f"CA{_middle(number)}")


def _page(**filters: Any) -> Callable[[Database, int], Any]:
    return lambda db, number: calls.page(db, 1, CallFilter(**filters), skip=0, limit=100)


def _search(words: str, **filters: Any) -> Callable[[Database, int], Any]:
    return lambda db, number: search(db, 1, words, CallFilter(**filters), 0, 20)


def _index(db: Database, number: int) -> None:
    """The next entries, and then none of it."""
    with db.atomic() as transaction:
        _write_one(db, number)
        search_index.take(db, search_index.Watermark(search_index.watermark(db).id, None))
        transaction.rollback()


QUESTIONS = (
    Question("calls.by_sid", lambda db, number: calls.by_sid(db, 1, f"CA{_middle(number)}")),
    Question("calls.by_sid, alias", lambda db, number: calls.by_sid(db, 1, f"VA{_middle(number)}")),
    Question("aliases.own_keys", lambda db, number: aliases.own_keys(db, [(1, f"VA{id_}") for id_ in _keys(number)])),
    Question("aliases.named", lambda db, number: aliases.named(db, (1, f"VA{_middle(number)}"))),
    Question("aliases.other_ids", lambda db, number: aliases.other_ids(db, _keys(number))),
    Question("calls.by_id", lambda db, number: calls.by_id(db, 1, _middle(number))),
    Question("calls.by_sids", lambda db, number: calls.by_sids(db, [(1, f"CA{id_}") for id_ in _keys(number)])),
    Question("calls.segments", lambda db, number: calls.segments(db, [(id_, "s007") for id_ in _keys(number)])),
    Question(
        "calls.state_versions", lambda db, number: calls.state_versions(db, [(1, f"CA{id_}") for id_ in _keys(number)])
    ),
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
    Question("search, a rare word", _search("boat")),
    Question("search, side by side", _search('"my boat ready"')),
    Question("search, a beginning", _search("boa*", status="completed")),
    Question("search, two words, one of all", _search("ready boat")),
    Question("search, a word of all", _search("ready"), grows=True),  # up to the newest so many
    Question("search_index.is_behind", lambda db, number: search_index.is_behind(db)),
    Question("search_index.behind_since", lambda db, number: search_index.behind_since(db)),
    Question("search_index.take", _index),
    Question("calls.last_ended", lambda db, number: calls.last_ended(db, 1), grows=True),
)
