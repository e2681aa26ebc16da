"""Alert rules, the alerts that they raised, the targets that are told of them, and what is on its way there."""

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

    class Organization(Table):
        """As far as the new tables need it."""

    class Assistant(Table):
        """As far as the new tables need it."""

    class Call(Table):
        """As far as the new tables need it."""

        id = BigAutoField()

    class AlertRule(Table):
        organization = ForeignKeyField(Organization)
        name = TextField()
        kind = TextField()
        text = TextField(default="")
        threshold = DoubleField(null=True)
        speaker = TextField(null=True)
        assistant = ForeignKeyField(Assistant, null=True, index=False)
        on_interims = BooleanField(default=False)
        created_at = BigIntegerField()
        paused_at = BigIntegerField(null=True)
        deleted_at = BigIntegerField(null=True)

    class Alert(Table):
        id = BigAutoField()
        organization = ForeignKeyField(Organization, index=False)
        call = ForeignKeyField(Call, index=False)
        rule = ForeignKeyField(AlertRule, index=False)
        rule_name = TextField()
        segment_id = TextField(null=True)
        seq = BigIntegerField(null=True)
        spans = TextField(null=True)
        at = BigIntegerField()

        class Meta:
            indexes = (
                (("call", "segment_id", "rule"), True),
                (("organization", "id"), False),
            )

    class AlertTarget(Table):
        organization = ForeignKeyField(Organization)
        url = TextField()
        secret = TextField()
        with_text = BooleanField(default=False)
        created_at = BigIntegerField()

    class AlertDelivery(Table):
        id = BigAutoField()
        target = ForeignKeyField(AlertTarget, on_delete="CASCADE")
        alert = ForeignKeyField(Alert, null=True, on_delete="CASCADE")
        created_at = BigIntegerField()
        attempts = IntegerField(default=0)
        next_at = BigIntegerField(null=True, index=True)
        tried_at = BigIntegerField(null=True)
        status = IntegerField(null=True)
        problem = TextField(null=True)

    db.create_tables([AlertRule, Alert, AlertTarget, AlertDelivery])
