"""Retention and erasure: how long organisations keep calls, which calls take nothing more, and a version for servers.

`erasing_version` grows with every call that is deleted. On SQLite `erasing_cleaned` says up to which version nothing of
them is left in the write-ahead log, `index_unclean` whether there may be words of them in pieces of the search index,
and ids of deleted calls are never given again: a server still knows calls by them for a moment.
"""

from peewee import BigIntegerField, BooleanField, ForeignKeyField, IntegerField, Model, SqliteDatabase, TextField

_HIGHEST = "(SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'highest_deleted_call')"
_SQLITE = (
    "INSERT INTO meta (name, value) VALUES"
    " ('erasing_cleaned', '0'), ('index_unclean', '0'), ('highest_deleted_call', '0')",
    'CREATE TRIGGER call_deleted AFTER DELETE ON "call" BEGIN'
    " UPDATE meta SET value = CAST(old.id AS TEXT) WHERE name = 'highest_deleted_call'"
    " AND CAST(value AS INTEGER) < old.id;"
    " END",
    f'CREATE TRIGGER call_inserted AFTER INSERT ON "call" WHEN new.id <= {_HIGHEST} BEGIN'
    f' UPDATE "call" SET id = {_HIGHEST} + 1 WHERE id = new.id;'
    " END",
)


def up(migrator, db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False
            strict_tables = isinstance(db, SqliteDatabase)

    class Organization(Table):
        """As far as the new tables need it."""

    class Retention(Table):
        organization = ForeignKeyField(Organization, primary_key=True)
        days = IntegerField(null=True)
        ran_at = BigIntegerField(null=True)
        deleted = IntegerField(default=0)
        took = BigIntegerField(default=0)
        is_behind = BooleanField(default=False)
        problem = TextField(null=True)

    class ErasedCall(Table):
        name_hash = TextField(primary_key=True)
        erased_at = BigIntegerField(index=True)

    db.create_tables([Retention, ErasedCall])
    db.execute_sql("INSERT INTO meta (name, value) VALUES ('erasing_version', '0')")
    if isinstance(db, SqliteDatabase):
        for sql in _SQLITE:
            db.execute_sql(sql)
