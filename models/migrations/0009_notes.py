"""Notes that supervisors write to a call or to a moment of it. They go with their call, whoever erases it."""

from peewee import (
    BigAutoField,
    BigIntegerField,
    DoubleField,
    ForeignKeyField,
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
        """As far as the new table needs it."""

    class User(Table):
        """As far as the new table needs it."""

        class Meta:
            table_name = "account"

    class Call(Table):
        """As far as the new table needs it."""

        id = BigAutoField()

    class Note(Table):
        id = BigAutoField()
        organization = ForeignKeyField(Organization, index=False)
        call = ForeignKeyField(Call, on_delete="CASCADE")
        user = ForeignKeyField(User, index=False)
        author = TextField()
        segment_id = TextField(null=True)
        at_seconds = DoubleField(null=True)
        text = TextField(default="")
        created_at = BigIntegerField()
        updated_at = BigIntegerField()

    db.create_tables([Note])
