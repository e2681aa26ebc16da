"""The first schema: a frozen copy of `models/tables.py` as it was then, so that later changes there don't alter it."""

import secrets

from peewee import (
    BigAutoField,
    BigIntegerField,
    BooleanField,
    DoubleField,
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

    class Meta(Table):
        name = TextField(primary_key=True)
        value = TextField()

    class Organization(Table):
        name = TextField(unique=True)
        created_at = BigIntegerField()

    class User(Table):
        organization = ForeignKeyField(Organization)
        email = TextField(unique=True)
        password_hash = TextField()
        role = TextField()
        is_active = BooleanField(default=True)
        created_at = BigIntegerField()

        class Meta:
            table_name = "account"

    class Session(Table):
        user = ForeignKeyField(User)
        token_hash = TextField(unique=True)
        created_at = BigIntegerField()
        expires_at = BigIntegerField()

    class Key(Table):
        user = ForeignKeyField(User)
        name = TextField()
        prefix = TextField(unique=True)
        key_hash = TextField()
        scopes = TextField()
        created_at = BigIntegerField()
        expires_at = BigIntegerField(null=True)
        revoked_at = BigIntegerField(null=True)
        last_used_at = BigIntegerField(null=True)

        class Meta:
            table_name = "api_key"

    class Assistant(Table):
        organization = ForeignKeyField(Organization)
        name = TextField()
        created_at = BigIntegerField()

        class Meta:
            indexes = ((("organization", "name"), True),)

    class Source(Table):
        organization = ForeignKeyField(Organization)
        assistant = ForeignKeyField(Assistant)
        kind = TextField()
        endpoint = TextField(unique=True)
        secret = TextField(null=True)
        account = TextField(null=True)
        config = TextField(default="{}")
        created_at = BigIntegerField()

    class Call(Table):
        id = BigAutoField()
        organization = ForeignKeyField(Organization)
        assistant = ForeignKeyField(Assistant)
        call_sid = TextField()
        status = TextField()
        status_version = IntegerField(default=1)
        end_reason = TextField(null=True)
        direction = TextField(null=True)
        from_number = TextField(null=True)
        to_number = TextField(null=True)
        provider = TextField(null=True)
        metadata = TextField(default="{}")
        head_seq = BigIntegerField(default=0)
        transcript_count = BigIntegerField(default=0)
        started_at = BigIntegerField(null=True)
        ended_at = BigIntegerField(null=True)
        duration = BigIntegerField(null=True)
        terminal_at = BigIntegerField(null=True)
        last_entry_at = BigIntegerField(null=True)
        stopped_at = BigIntegerField(null=True)
        heard_at = BigIntegerField()
        created_at = BigIntegerField()
        updated_at = BigIntegerField()

        class Meta:
            indexes = (
                (("organization", "call_sid"), True),
                (("organization", "status", "id"), False),
                (("status", "heard_at"), False),
            )

    class Entry(Table):
        id = BigAutoField()
        call = ForeignKeyField(Call, index=False)
        seq = BigIntegerField()
        segment_id = TextField()
        revision = IntegerField()
        speaker = TextField()
        content = TextField()
        confidence = DoubleField(null=True)
        language = TextField(null=True)
        segment_start = DoubleField(null=True)
        segment_end = DoubleField(null=True)
        created_at = BigIntegerField()
        stored_at = BigIntegerField()

        class Meta:
            indexes = ((("call", "seq"), True), (("call", "segment_id", "revision"), True))

    class StatusChange(Table):
        id = BigAutoField()
        call = ForeignKeyField(Call)
        status = TextField()
        reason = TextField(null=True)
        at = BigIntegerField()
        stored_at = BigIntegerField()

    class SourceState(Table):
        source = ForeignKeyField(Source, index=False)
        call = ForeignKeyField(Call)
        version = IntegerField()
        state = TextField()

        class Meta:
            indexes = ((("source", "call"), True),)

    class Ticket(Table):
        ticket_hash = TextField(primary_key=True)
        user = ForeignKeyField(User, index=False)
        key = ForeignKeyField(Key, null=True, index=False)
        session = ForeignKeyField(Session, null=True, index=False)
        call_sid = TextField(null=True)
        expires_at = BigIntegerField(index=True)

    tables = [Meta, Organization, User, Session, Key, Assistant, Source, Call, Entry, StatusChange, SourceState, Ticket]
    db.create_tables(tables)
    Meta.insert_many(
        [("epoch", secrets.token_hex(4)), ("rights_version", "0")], fields=[Meta.name, Meta.value]
    ).execute()
