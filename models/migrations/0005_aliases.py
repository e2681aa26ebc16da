"""Two sources of one call: its other ids, calls that turned out to be one, and states by the id that a source uses."""

from peewee import BigAutoField, CompositeKey, ForeignKeyField, Model, SqliteDatabase, TextField


def up(migrator, db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False
            strict_tables = isinstance(db, SqliteDatabase)

    class Organization(Table):
        """As far as the new tables need it."""

    class Call(Table):
        id = BigAutoField()

    class CallAlias(Table):
        organization = ForeignKeyField(Organization, index=False)
        alias = TextField()
        call = ForeignKeyField(Call)

        class Meta:
            primary_key = CompositeKey("organization", "alias")

    class CallLink(Table):
        call = ForeignKeyField(Call, index=False, backref="links")
        other = ForeignKeyField(Call, backref="linked_by")

        class Meta:
            primary_key = CompositeKey("call", "other")

    db.create_tables([CallAlias, CallLink])
    for sql in (
        "ALTER TABLE source_state ADD COLUMN sid TEXT NOT NULL DEFAULT ''",
        'UPDATE source_state SET sid = (SELECT call_sid FROM "call" WHERE "call".id = source_state.call_id)',
        "CREATE UNIQUE INDEX source_state_source_id_sid ON source_state (source_id, sid)",
        "DROP INDEX source_state_source_id_call_id",
    ):
        db.execute_sql(sql)
