"""The table of notes. As tables.py: definitions only."""

from peewee import BigAutoField, BigIntegerField, DoubleField, ForeignKeyField, TextField

from models.tables import Call, Organization, Table, User


class Note(Table):
    """What a supervisor wrote to a call, or to a moment of it; without text it marks the moment."""

    id = BigAutoField()
    organization = ForeignKeyField(Organization, index=False)
    call = ForeignKeyField(Call, on_delete="CASCADE")
    user = ForeignKeyField(User, index=False)
    author = TextField()  # the user's e-mail as it was then
    segment_id = TextField(null=True)  # may be one that is only being spoken: it is not in the log yet
    at_seconds = DoubleField(null=True)  # s from the answer
    text = TextField(default="")
    created_at = BigIntegerField()
    updated_at = BigIntegerField()


TABLES = (Note,)
