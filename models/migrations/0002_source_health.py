"""Sources can be paused and deleted, and tell when they were last heard of and what they refused."""

from peewee import BigAutoField, BigIntegerField, ForeignKeyField, Model, SqliteDatabase, TextField


def up(migrator, db):
    migrator.migrate(
        *(
            migrator.add_column("source", name, BigIntegerField(null=True))
            for name in ("paused_at", "deleted_at", "last_event_at")
        )
    )

    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False
            strict_tables = isinstance(db, SqliteDatabase)

    class Source(Table):
        """As far as the new table needs it."""

    class SourceRejection(Table):
        id = BigAutoField()
        source = ForeignKeyField(Source)
        at = BigIntegerField()
        code = TextField()
        field = TextField(null=True)

    db.create_tables([SourceRejection])
