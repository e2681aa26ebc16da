"""A big database, quickly: so many entries, and the calls, states and status changes that belong to them."""

from peewee import Database

from events import SECOND
from models.database import is_sqlite

PER_CALL = 20  # entries
RARE = 10  # segments that speak of a boat, whatever the number of those that don't
RUNNING = 100  # calls in progress, whatever the number of those that ended
NOW = 1_770_000_000 * SECOND

_SERIES = {
    True: "(WITH RECURSIVE n(i) AS (SELECT {0} UNION ALL SELECT i + 1 FROM n WHERE i < {1}) SELECT i FROM n) AS series",
    False: "generate_series({0}, {1}) AS series(i)",
}
_SEGMENT = {True: "printf('s%03d', i % {0})", False: "'s' || lpad((i % {0})::text, 3, '0')"}

_CONTENT = "CASE WHEN (i + 20) % {0} = 0 THEN 'Is my boat ready?' ELSE 'Is my bike ready?' END"
_BOAT = "CASE WHEN content LIKE '%boat%' THEN 'boat' ELSE 'bike' END"
_OF_CALL = ' FROM entry JOIN "call" ON "call".id = entry.call_id ORDER BY entry.id'
_TERMS = {
    True: "INSERT INTO entry_terms (rowid, call_id, terms)"
    f" SELECT entry.id, call_id, '=' || organization_id || ' is my ' || {_BOAT} || ' ready' {_OF_CALL}",
    False: "INSERT INTO entry_terms (entry_id, call_id, terms) SELECT entry.id, call_id,"
    f" ('''=' || organization_id || ''':1 is:2 my:3 ' || {_BOAT} || ':4 ready:5')::tsvector {_OF_CALL}",
}


def fill(db: Database, rows: int) -> None:
    """An empty database gets this many entries, and the calls, states and status changes that belong to them."""
    number, lite = rows // PER_CALL, is_sqlite(db)
    said = _SERIES[lite].format(0, rows - 1)
    every_call = _SERIES[lite].format(1, number)
    _prepare(db)
    for statement in (
        "INSERT INTO organization (id, name, created_at) VALUES (1, 'Larkspur', 1), (2, 'Other', 1)",
        "INSERT INTO assistant (id, organization_id, name, created_at) VALUES (1, 1, 'Ada', 1), (2, 2, 'Bo', 1)",
        "INSERT INTO source (id, organization_id, assistant_id, kind, endpoint, config, created_at)"
        " VALUES (1, 1, 1, 'twilio', 'e', '{}', 1)",
        'INSERT INTO "call" (id, organization_id, assistant_id, call_sid, status, status_version, metadata, head_seq,'
        " transcript_count, started_at, ended_at, duration, terminal_at, last_entry_at, heard_at, created_at,"
        " updated_at)"
        f" SELECT i, 1 + i % 2, 1 + i % 2, 'CA' || i, CASE WHEN i > {number - RUNNING} THEN 'in-progress'"
        f" ELSE 'completed' END, 1, '{{}}', {PER_CALL}, {PER_CALL}, {NOW} + i, {NOW} + i, 60, {NOW} + i, {NOW} + i,"
        f" {NOW} + i, {NOW} + i, {NOW} + i FROM {every_call}",
        "INSERT INTO entry (call_id, seq, segment_id, revision, speaker, content, created_at, stored_at)"
        f" SELECT 1 + i / {PER_CALL}, 1 + i % {PER_CALL}, {_SEGMENT[lite].format(PER_CALL)}, 1, 'user',"
        f" {_CONTENT.format(max(1, rows // RARE))}, {NOW} + i, {NOW} + i FROM {said}",
        _TERMS[lite],
        "UPDATE meta SET value = (SELECT CAST(MAX(id) AS TEXT) FROM entry) WHERE name = 'searchable_through'",
        f"INSERT INTO status_change (call_id, status, at, stored_at) SELECT i, 'in-progress', 1, 1 FROM {every_call}",
        "INSERT INTO source_state (source_id, call_id, sid, version, state)"
        f" SELECT 1, i, 'CA' || i, 1, '{{}}' FROM {every_call} WHERE i % 2 = 0",
        f"INSERT INTO call_alias (organization_id, alias, call_id) SELECT 1 + i % 2, 'VA' || i, i FROM {every_call}",
        f"INSERT INTO call_link (call_id, other_id) SELECT i, i - 2 FROM {every_call} WHERE i > 2",
    ):
        db.execute_sql(statement if lite else statement.replace("%", "%%"))
    if not lite:
        db.execute_sql("SELECT setval(pg_get_serial_sequence('call', 'id'), %s)", (number,))
    db.execute_sql("ANALYZE" if lite else "VACUUM ANALYZE")  # as PostgreSQL does by itself, sooner or later


def _prepare(db: Database) -> None:
    """What makes filling quick and small: nothing of it changes a plan."""
    if is_sqlite(db):
        for pragma, value in (("synchronous", 0), ("foreign_keys", 0), ("wal_autocheckpoint", 1000)):
            db.pragma(pragma, value)
        return
    db.execute_sql("SET statement_timeout = 0")
    db.execute_sql("SET session_replication_role = replica")  # no foreign key is looked up
    for table in ("entry_terms", "entry", "status_change", "source_state"):
        db.execute_sql(f"ALTER TABLE {table} SET UNLOGGED")  # else it is written twice
