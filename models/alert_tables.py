"""The tables of alert rules, what they raised, and who outside is told. As tables.py: definitions only."""

from peewee import BigAutoField, BigIntegerField, BooleanField, DoubleField, ForeignKeyField, IntegerField, TextField

from models.tables import Assistant, Call, Organization, Table


class AlertRule(Table):
    organization = ForeignKeyField(Organization)
    name = TextField()
    kind = TextField()  # phrase | pattern | confidence | silence
    text = TextField(default="")
    threshold = DoubleField(null=True)
    speaker = TextField(null=True)
    assistant = ForeignKeyField(Assistant, null=True, index=False)  # null: all
    on_interims = BooleanField(default=False)
    created_at = BigIntegerField()
    paused_at = BigIntegerField(null=True)
    deleted_at = BigIntegerField(null=True)  # the row stays, because its alerts do


class Alert(Table):
    """A rule that fitted: once for each segment or silence of a call. What was said stands in the log, not here."""

    id = BigAutoField()
    organization = ForeignKeyField(Organization, index=False)
    call = ForeignKeyField(Call, index=False)
    rule = ForeignKeyField(AlertRule, index=False)
    rule_name = TextField()  # as it was then
    segment_id = TextField(null=True)  # null: a silence
    seq = BigIntegerField(null=True)  # the newest entry of the segment that fits
    spans = TextField(null=True)  # JSON
    at = BigIntegerField()

    class Meta:
        indexes = (
            (("call", "segment_id", "rule"), True),
            (("organization", "id"), False),
        )


class AlertTarget(Table):
    """An address outside that is told of each alert."""

    organization = ForeignKeyField(Organization)
    url = TextField()
    secret = TextField()  # what we sign with: needed in clear, as a source's
    with_text = BooleanField(default=False)  # whether the words that fitted are sent, too
    created_at = BigIntegerField()


class AlertDelivery(Table):
    """One alert on its way to one target."""

    id = BigAutoField()
    target = ForeignKeyField(AlertTarget, on_delete="CASCADE")
    alert = ForeignKeyField(Alert, null=True, on_delete="CASCADE")  # null: a test
    created_at = BigIntegerField()
    attempts = IntegerField(default=0)  # begun
    next_at = BigIntegerField(null=True, index=True)  # when the next one is due; null: it arrived, or was given up
    tried_at = BigIntegerField(null=True)
    status = IntegerField(null=True)  # what the target answered last
    problem = TextField(null=True)  # what went wrong last; null: nothing


TABLES = (AlertRule, Alert, AlertTarget, AlertDelivery)
