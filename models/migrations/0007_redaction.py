"""Redaction: each organisation's settings and patterns, counts of what was hidden, and a version that servers poll."""

from peewee import (
    BigIntegerField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    Model,
    SqliteDatabase,
    TextField,
)


def up(migrator, db):
    class Table(Model):
        class Meta:
            database = db
            legacy_table_names = False
            strict_tables = isinstance(db, SqliteDatabase)

    class Organization(Table):
        """As far as the new tables need it."""

    class Redaction(Table):
        organization = ForeignKeyField(Organization, primary_key=True)
        is_on = BooleanField()
        kinds = TextField()
        turned_at = BigIntegerField()

    class RedactionPattern(Table):
        organization = ForeignKeyField(Organization)
        label = TextField()
        pattern = TextField()
        created_at = BigIntegerField()

    class RedactionCount(Table):
        organization = ForeignKeyField(Organization, index=False)
        day = IntegerField()
        label = TextField()
        count = BigIntegerField()

        class Meta:
            primary_key = CompositeKey("organization", "day", "label")

    db.create_tables([Redaction, RedactionPattern, RedactionCount])
    db.execute_sql("INSERT INTO meta (name, value) VALUES ('redaction_version', '1')")
