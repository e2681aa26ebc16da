"""What each organisation wants hidden of what is said, and how much was."""

from collections import Counter
from collections.abc import Mapping

import msgspec
from peewee import Database

from events import SECOND, Refused, Transcript
from models.database import execute
from models.heard import Heard, Outcome
from models.redaction_tables import Redaction, RedactionPattern
from redaction import MOST_PATTERNS

DAY_US = 86_400 * SECOND

Count = tuple[int, int, str]  # organisation, day since the Unix epoch, label


class PatternRow(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    label: str  # without brackets
    pattern: str
    created_at: int


class RedactionSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Of one organisation; `turned_at` is when it was turned on or off, None: it was never on."""

    organization_id: int
    is_on: bool = False
    kinds: tuple[str, ...] | None = None  # None: never chosen
    turned_at: int | None = None
    patterns: tuple[PatternRow, ...] = ()


def settings(db: Database, organization_id: int) -> RedactionSettings:
    for found in _settings(db, organization_id):
        return found
    return RedactionSettings(organization_id=organization_id, patterns=_patterns(db, organization_id))


def in_force(db: Database) -> tuple[int, list[RedactionSettings]]:
    """The version, and the settings of every organisation that has it turned on."""
    read = version(db)  # first: what changes in between is read again
    return read, [found for found in _settings(db) if found.is_on]


def version(db: Database) -> int:
    """Grows with every change."""
    return int(execute(db, "SELECT value FROM meta WHERE name = 'redaction_version'").fetchone()[0])


def change(db: Database, now: int, organization_id: int, is_on: bool, kinds: tuple[str, ...]) -> None:
    _changed(db)
    execute(
        db,
        "INSERT INTO redaction (organization_id, is_on, kinds, turned_at) VALUES (?, ?, ?, ?)"
        " ON CONFLICT (organization_id) DO UPDATE SET is_on = excluded.is_on, kinds = excluded.kinds, turned_at ="
        " CASE WHEN redaction.is_on = excluded.is_on THEN redaction.turned_at ELSE excluded.turned_at END",
        *(organization_id, is_on, ",".join(sorted(kinds)), now),
    )


def add_pattern(db: Database, now: int, organization_id: int, label: str, pattern: str) -> int:
    """Its id. Raises Refused where there are MOST_PATTERNS, or the same one."""
    _changed(db)
    there = _patterns(db, organization_id)
    if len(there) >= MOST_PATTERNS:
        raise Refused("too_many", f"There are {MOST_PATTERNS} patterns, and no more can be.", "pattern")
    if any((row.label, row.pattern) == (label, pattern) for row in there):
        raise Refused("name_taken", f"[{label}] has this pattern already.", "pattern")
    row = RedactionPattern.insert(organization=organization_id, label=label, pattern=pattern, created_at=now)
    return row.execute(db)


def delete_pattern(db: Database, organization_id: int, pattern_id: int) -> PatternRow:
    """The one that was. Raises Refused, `not_found`, where the organisation has no such pattern."""
    _changed(db)
    for row in _patterns(db, organization_id):
        if row.id == pattern_id:
            RedactionPattern.delete().where(RedactionPattern.id == pattern_id).execute(db)
            return row
    raise Refused("not_found", "There is no such pattern.")


def counted(heard: Heard, outcomes: list[Outcome], now: int) -> Counter[Count]:
    """The labels in those finals of `heard` that are new in the log."""
    counts: Counter[Count] = Counter()
    finals = [event for event in heard.events if isinstance(event, Transcript)]
    for said, outcome in zip(finals, outcomes, strict=True):
        if outcome.error is None and not outcome.is_repeat:
            for label, many in (heard.hidden or {}).get(said, {}).items():
                counts[heard.organization_id, now // DAY_US, label] += many
    return counts


def add_counts(db: Database, counts: Mapping[Count, int]) -> None:
    """In one order everywhere, so that no two servers wait for each other."""
    for key, many in sorted(counts.items()):
        execute(
            db,
            "INSERT INTO redaction_count (organization_id, day, label, count) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (organization_id, day, label) DO UPDATE SET count = redaction_count.count + excluded.count",
            *(*key, many),
        )


def totals(db: Database, organization_id: int, since_day: int = 0) -> dict[str, int]:
    """How many of each label were stored since that day, the most first."""
    sql = (
        "SELECT label, SUM(count) FROM redaction_count WHERE organization_id = ? AND day >= ?"
        " GROUP BY label ORDER BY 2 DESC, 1"
    )
    return {label: int(many) for label, many in execute(db, sql, organization_id, since_day).fetchall()}


def _changed(db: Database) -> None:
    execute(db, "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT) WHERE name = 'redaction_version'")


def _settings(db: Database, organization_id: int | None = None) -> list[RedactionSettings]:
    row = Redaction
    query = row.select(row.organization_id, row.is_on, row.kinds, row.turned_at)
    if organization_id is not None:
        query = query.where(row.organization_id == organization_id)
    return [
        RedactionSettings(
            organization_id=whose,
            is_on=bool(is_on),
            kinds=tuple(kinds.split(",")) if kinds else (),
            turned_at=turned_at,
            patterns=_patterns(db, whose),
        )
        for whose, is_on, kinds, turned_at in query.tuples().execute(db)
    ]


def _patterns(db: Database, organization_id: int) -> tuple[PatternRow, ...]:
    row = RedactionPattern
    query = row.select(row.id, row.label, row.pattern, row.created_at).where(row.organization_id == organization_id)
    names = PatternRow.__struct_fields__
    return tuple(PatternRow(**dict(zip(names, it, strict=True))) for it in query.order_by(row.id).tuples().execute(db))
