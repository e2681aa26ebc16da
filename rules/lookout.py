"""The rules of every organisation as this process knows them, and what it remembers of words that only pass through."""

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from events import AlertRaised, Call, Transcript
from rules.book import Rulebook
from rules.rule import Rule

MOST_REMEMBERED = 20_000  # segments that are open, or calls that are running, at once


class QuietCall(NamedTuple):
    """A running call for which nothing was stored for a while."""

    organization_id: int
    call_sid: str
    call_id: int
    assistant_id: int
    since: int  # µs, its last entry; its beginning where there is none
    alerted: dict[int, int]  # rule id → when it last fitted a silence of this call, µs


class Lookout:
    """`books` has the organisations that have rules, and no others: it is what the rest of the house asks, and it is
    never changed, only replaced."""

    def __init__(self) -> None:
        self.books: dict[int, Rulebook] = {}
        self._raised: OrderedDict[tuple[int, int, str], None] = OrderedDict()  # call, rule, segment: by interims
        self._heard_at: OrderedDict[int, int] = OrderedDict()  # call → µs of its last interim, where silence matters

    def take(self, rules: dict[int, list[Rule]]) -> None:
        """The active rules by organisation, all of them; what has not changed stays compiled."""
        books = self.books
        self.books = {
            organization_id: books[organization_id]
            if organization_id in books and books[organization_id].rules == tuple(of_it)
            else Rulebook(of_it)
            for organization_id, of_it in rules.items()
            if of_it
        }

    def hear(self, call: Call, interims: Iterable[Transcript], now: int) -> list[AlertRaised]:
        """What these unfinished words raise that they had not raised before."""
        book = self.books.get(call.organization_id)
        if book is None or not book.is_for_interims:
            return []
        raised = []
        for said in interims:
            if said.content and book.silences:
                _remember(self._heard_at, call.id, now)
            for rule, spans in book.judge(said, call.assistant_id):
                key = (call.id, rule.id, said.segment_id)
                if key not in self._raised:
                    _remember(self._raised, key, None)
                    about = {"segment_id": said.segment_id, "spans": spans}
                    raised.append(AlertRaised(rule_id=rule.id, rule_name=rule.name, at=now, **about))
        return raised

    def forget(self, call: Call, alert: AlertRaised) -> None:
        """It could not be stored: the next words may raise it again."""
        self._raised.pop((call.id, alert.rule_id, alert.segment_id), None)

    def shortest_silences(self) -> dict[int, int]:
        """µs by organisation, of those that have a rule about silence."""
        return {id_: min(r.silence_us for r in book.silences) for id_, book in self.books.items() if book.silences}

    def silences(self, calls: Iterable[QuietCall], now: int) -> list[tuple[QuietCall, AlertRaised]]:
        """Which of these calls are now quiet for longer than a rule allows, each once for a silence."""
        found = []
        for call in calls:
            book = self.books.get(call.organization_id)
            since = max(call.since, self._heard_at.get(call.call_id, 0))
            for rule in book.silences if book else ():
                is_new = call.alerted.get(rule.id, 0) <= since
                if is_new and rule.is_for(call.assistant_id) and now - since >= rule.silence_us:
                    told = AlertRaised(rule_id=rule.id, rule_name=rule.name, at=now, since=since)
                    found.append((call, told))
        return found


def _remember(known: OrderedDict, key: object, value: object) -> None:
    known[key] = value
    known.move_to_end(key)
    if len(known) > MOST_REMEMBERED:
        known.popitem(last=False)
