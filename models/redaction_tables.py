"""The tables of redaction: what organisations want hidden, and how much of it was. As tables.py: definitions only."""

from peewee import BigIntegerField, BooleanField, CompositeKey, ForeignKeyField, IntegerField, TextField

from models.tables import Organization, Table


class Redaction(Table):
    """No row: never turned on."""

    organization = ForeignKeyField(Organization, primary_key=True)
    is_on = BooleanField()
    kinds = TextField()  # sorted, comma-separated; those that are always hidden are not among them
    turned_at = BigIntegerField()  # on or off


class RedactionPattern(Table):
    organization = ForeignKeyField(Organization)
    label = TextField()
    pattern = TextField()
    created_at = BigIntegerField()


class RedactionCount(Table):
    """How many labels stand in the finals that were stored on a day. What they stand for is kept nowhere."""

    organization = ForeignKeyField(Organization, index=False)
    day = IntegerField()  # since the Unix epoch, UTC
    label = TextField()
    count = BigIntegerField()

    class Meta:
        primary_key = CompositeKey("organization", "day", "label")


TABLES = (Redaction, RedactionPattern, RedactionCount)
