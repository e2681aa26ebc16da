"""Search: the calls in which something was said, and the segments that say it, with the words marked.

Found are the segments as last corrected, in calls of the organisation; the calls in the order of how much of them fits,
and those alike the newest first.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec
from peewee import Database

from events import Call, Entry
from models import calls, entries
from models.bulk import one_of
from models.calls import CallFilter
from models.database import execute, is_sqlite
from models.search_query import Phrase, Query, for_postgresql, for_sqlite, parse
from rules.pattern import Span

LOOKED_AT = 20_000  # segments that fit, the newest; the work for a word that everyone says has an end
CONSIDERED = 20  # of a call's segments, the newest; the best few of them are shown
SHOWN = 3


class Match(msgspec.Struct, frozen=True):
    entry: Entry
    marks: list[Span]  # [start, end) in characters of its content


class FoundCall(msgspec.Struct, frozen=True):
    call: Call
    matches: list[Match]  # the best, in the order in which they were stored


class Found(msgspec.Struct, frozen=True):
    calls: list[FoundCall]
    has_more: bool  # beyond `skip` and `limit`
    is_cut: bool  # more fits than was looked at: older calls may be missing


def search(db: Database, organization_id: int, query: str, where: CallFilter, skip: int, limit: int) -> Found:
    """Calls that `where` asks for and in which `query` (see search_query.py) was said. Raises Refused.

    A call in which two or three segments fit stands above one with one, one with four to seven above that, and so on;
    a segment with all words side by side counts as two."""
    asked = parse(query)
    hits = _hits(db, organization_id, asked.phrases, 0)
    together = asked.side_by_side
    close = {id_ for id_, _ in _hits(db, organization_id, [together], hits[-1][0])} if hits and together else set()
    said: dict[int, list[int]] = defaultdict(list)  # ids of entries by call, the newest first
    for id_, call_id in hits:
        said[call_id].append(id_)
    weight = {call_id: len(ids) + sum(id_ in close for id_ in ids) for call_id, ids in said.items()}
    wanted = calls.those(db, organization_id, where, said)
    ranked = sorted(wanted, key=lambda call_id: (weight[call_id].bit_length(), call_id), reverse=True)
    shown = ranked[skip : skip + limit]
    matches = _matches(db, asked, close, [id_ for call_id in shown for id_ in said[call_id][:CONSIDERED]])
    known = calls.by_ids(db, organization_id, shown)
    found = [FoundCall(known[id_], matches[id_]) for id_ in shown if id_ in known and id_ in matches]
    return Found(found, has_more=len(ranked) > skip + limit, is_cut=len(hits) == LOOKED_AT)


def _hits(db: Database, organization_id: int, phrases: Iterable[Phrase], oldest: int) -> list[tuple[int, int]]:
    """(entry, call) of what fits, the newest first, down to the entry `oldest`."""
    if is_sqlite(db):
        sql = "SELECT rowid, call_id FROM entry_terms WHERE entry_terms MATCH ? AND rowid >= ? ORDER BY rowid DESC"
        asked = for_sqlite(organization_id, phrases)
    else:
        sql = "SELECT entry_id, call_id FROM entry_terms WHERE terms @@ ?::tsquery AND entry_id >= ?"
        sql += " ORDER BY entry_id DESC"
        asked = for_postgresql(organization_id, phrases)
    return execute(db, f"{sql} LIMIT {LOOKED_AT}", asked, oldest).fetchall()


def _matches(db: Database, asked: Query, close: set[int], ids: list[int]) -> dict[int, list[Match]]:
    """The best of these entries by call, without those that were corrected since they were taken into the index."""
    source, params = one_of(db, ids)
    latest = (
        " NOT EXISTS (SELECT 1 FROM entry AS newer WHERE newer.call_id = entry.call_id"
        " AND newer.segment_id = entry.segment_id AND newer.seq > entry.seq)"
    )
    sql = f"SELECT call_id, {entries.COLUMNS} FROM entry WHERE id IN {source} AND {latest}"
    rows = execute(db, sql, *params).fetchall()

    def best(said: list[Entry]) -> list[Entry]:
        said.sort(key=lambda it: (it.id not in close, -asked.hits(it.transcript.content), -it.seq))
        return sorted(said[:SHOWN], key=lambda it: it.seq)

    found: dict[int, list[Entry]] = defaultdict(list)
    for call_id, *row in rows:
        found[call_id].append(entries.from_row(tuple(row)))
    return {
        call_id: [Match(it, asked.marks(it.transcript.content)) for it in best(said)] for call_id, said in found.items()
    }
