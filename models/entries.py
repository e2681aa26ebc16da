"""Reading the log of a call: from a cursor on, in pages; or as people read it, each segment once in speaking order."""

from collections.abc import Sequence
from operator import itemgetter
from typing import NamedTuple

from msgspec.structs import replace
from peewee import Database

from events import Entry, Transcript
from models.database import execute

COLUMNS = (
    "id, seq, stored_at, segment_id, speaker, content, revision, confidence,"
    " segment_start, segment_end, language, created_at"
)
PAGE = 200  # about 70 KiB on the wire: far below what a viewer may have unsent, and one query every few ms of writing


def after(db: Database, call_id: int, cursor: int, limit: int | None = PAGE, speaker: str | None = None) -> list[Entry]:
    """Entries with `seq` above `cursor`, in order of `seq`; fewer than `limit` means that these are the last."""
    only = " AND speaker = ?" if speaker else ""
    top = f" LIMIT {int(limit)}" if limit is not None else ""
    rows = execute(
        db,
        f"SELECT {COLUMNS} FROM entry WHERE call_id = ? AND seq > ?{only} ORDER BY seq{top}",
        *((call_id, cursor, speaker) if speaker else (call_id, cursor)),
    )
    return [from_row(row) for row in rows.fetchall()]


def mark(db: Database, call_id: int, seq: int) -> tuple[int, int] | None:
    """What tells this entry from one that took its place after an erasure: its id and when it was stored."""
    return execute(db, "SELECT id, stored_at FROM entry WHERE call_id = ? AND seq = ?", call_id, seq).fetchone()


class Spoken(NamedTuple):
    """A segment as last corrected, without its text."""

    seq: int  # of the latest entry
    segment_id: str
    speaker: str
    start: float | None  # s from the answer; of a correction that tells no times, those that it had
    end: float | None
    has_words: bool  # no: it was withdrawn


def spoken(db: Database, call_id: int, speaker: str | None = None) -> list[Spoken]:
    """Every segment once, in the order in which people spoke.

    By `segment_start`; a segment without one stands behind what was stored before it, and a correction without one
    where its segment stood. Cheap: no text is read.
    """
    rows = execute(
        db,
        "SELECT seq, segment_id, speaker, segment_start, segment_end, content <> '' FROM entry"
        " WHERE call_id = ? ORDER BY seq",
        call_id,
    ).fetchall()
    first: dict[str, int] = {}
    latest: dict[str, Spoken] = {}
    for seq, segment_id, said_by, start, end, has_words in rows:
        first.setdefault(segment_id, seq)
        if start is None and (before := latest.get(segment_id)) is not None:
            start, end = before.start, before.end if end is None else end
        latest[segment_id] = Spoken(seq, segment_id, said_by, start, end, bool(has_words))
    places, furthest = [], 0.0
    for segment_id, place in first.items():  # in order of first storing
        said = latest[segment_id]
        furthest = max(furthest, said.start or 0.0)
        if speaker is None or said.speaker == speaker:
            places.append((furthest if said.start is None else said.start, place, said))
    places.sort(key=itemgetter(0, 1))
    return [said for _, _, said in places]


def as_spoken(entry: Entry, said: Spoken) -> Entry:
    """The entry of a segment with the segment's times."""
    was = entry.transcript
    if (was.segment_start, was.segment_end) == (said.start, said.end):
        return entry
    return replace(entry, transcript=replace(was, segment_start=said.start, segment_end=said.end))


def speaking_order(db: Database, call_id: int, speaker: str | None = None) -> list[int]:
    """The `seq` of `spoken`."""
    return [said.seq for said in spoken(db, call_id, speaker)]


def by_seq(db: Database, call_id: int, seqs: Sequence[int]) -> list[Entry]:
    """These entries, in the order asked for."""
    if not seqs:
        return []
    marks = ", ".join("?" * len(seqs))
    rows = execute(db, f"SELECT {COLUMNS} FROM entry WHERE call_id = ? AND seq IN ({marks})", call_id, *seqs)
    found = {row[1]: from_row(row) for row in rows.fetchall()}
    return [found[seq] for seq in seqs]


def latest(db: Database, call_id: int, speaker: str | None = None, limit: int | None = None) -> list[Entry]:
    """The latest entry of each segment in speaking order; with `limit`, the first so many."""
    return by_seq_in_pages(db, call_id, speaking_order(db, call_id, speaker)[:limit])


def by_seq_in_pages(db: Database, call_id: int, seqs: Sequence[int]) -> list[Entry]:
    return [entry for at in range(0, len(seqs), PAGE) for entry in by_seq(db, call_id, seqs[at : at + PAGE])]


def from_row(row: tuple) -> Entry:
    """The Entry in a row of COLUMNS."""
    id_, seq, stored_at, segment_id, speaker, content, revision, confidence, start, end, language, created_at = row
    said = Transcript(
        segment_id=segment_id,
        speaker=speaker,
        content=content,
        revision=revision,
        confidence=confidence,
        segment_start=start,
        segment_end=end,
        language=language,
        created_at=created_at,
    )
    return Entry(id=id_, seq=seq, stored_at=stored_at, transcript=said)
