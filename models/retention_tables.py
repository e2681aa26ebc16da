"""The tables of retention and erasure. As tables.py: definitions only."""

from peewee import BigIntegerField, BooleanField, ForeignKeyField, IntegerField, TextField

from models.tables import Organization, Table


class Retention(Table):
    """How long an organisation keeps its ended calls, and how the last round of deleting went."""

    organization = ForeignKeyField(Organization, primary_key=True)
    days = IntegerField(null=True)  # null: for ever
    ran_at = BigIntegerField(null=True)  # when the last round began; null: there was none
    deleted = IntegerField(default=0)  # calls, in it
    took = BigIntegerField(default=0)  # µs
    is_behind = BooleanField(default=False)  # it ended before it was through
    problem = TextField(null=True)  # why it failed; null: it did not


class ErasedCall(Table):
    """A name of a call that was erased on request: nothing more is taken under it."""

    name_hash = TextField(primary_key=True)
    erased_at = BigIntegerField(index=True)


TABLES = (Retention, ErasedCall)
