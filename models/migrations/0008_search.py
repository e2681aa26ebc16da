"""Search: the words of each segment's latest entry, and through which entry they are in there. None are, to begin with.

Ids are given anew on SQLite once the newest entries are deleted; so there `searchable_through` goes back with them.
"""

from peewee import SqliteDatabase

_NEWEST = "(SELECT COALESCE(MAX(id), 0) FROM entry)"
# `merge`s are asked for in small pieces instead: SQLite's own hold the writer up for 50 ms now and then.
_SQLITE = (
    'CREATE VIRTUAL TABLE entry_terms USING fts5(terms, call_id UNINDEXED, columnsize = 0, tokenize = "ascii tokenchars'
    " '='\")",
    "INSERT INTO entry_terms (entry_terms, rank) VALUES ('automerge', 0)",
    "INSERT INTO entry_terms (entry_terms, rank) VALUES ('crisismerge', 200)",
    "CREATE TRIGGER entry_deleted AFTER DELETE ON entry BEGIN"
    " DELETE FROM entry_terms WHERE rowid = old.id;"
    f" UPDATE meta SET value = CAST({_NEWEST} AS TEXT)"
    f" WHERE name = 'searchable_through' AND CAST(value AS INTEGER) > {_NEWEST};"
    " END",
)
_POSTGRESQL = (
    "CREATE TABLE entry_terms (entry_id BIGINT NOT NULL PRIMARY KEY REFERENCES entry (id) ON DELETE CASCADE,"
    " call_id BIGINT NOT NULL, terms TSVECTOR NOT NULL)",
    "CREATE INDEX entry_terms_terms ON entry_terms USING gin (terms)",
)


def up(migrator, db):
    for sql in _SQLITE if isinstance(db, SqliteDatabase) else _POSTGRESQL:
        db.execute_sql(sql)
    db.execute_sql("INSERT INTO meta (name, value) VALUES ('searchable_through', '0')")
