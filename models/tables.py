"""The tables. Definitions only; the questions asked of them are in the other files of this folder.

Times are µs integers and identities are opaque text: both databases then keep and compare them alike. Models are
not bound to a database: every query names the one it runs on, so that several stores can live in one process.
The schema itself is made by `migrations/`, and a test holds the two together.
"""

from peewee import (
    SQL,
    BigAutoField,
    BigIntegerField,
    BooleanField,
    CompositeKey,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)


class Table(Model):
    class Meta:
        legacy_table_names = False


class Meta(Table):
    """Facts about the database: `epoch` (identity of the log), `rights_version` (grows when rights change)."""

    name = TextField(primary_key=True)
    value = TextField()


class Organization(Table):
    name = TextField(unique=True)
    created_at = BigIntegerField()


class User(Table):
    organization = ForeignKeyField(Organization)
    email = TextField(unique=True)  # lower case
    password_hash = TextField()  # argon2id, with its parameters
    role = TextField()  # admin | supervisor
    is_active = BooleanField(default=True)
    created_at = BigIntegerField()

    class Meta:
        table_name = "account"  # `user` is a reserved word in PostgreSQL


class Session(Table):
    """A signed-in browser; its cookie carries the token whose hash this is. Ids are never given again (0011)."""

    user = ForeignKeyField(User)
    token_hash = TextField(unique=True)
    created_at = BigIntegerField()
    expires_at = BigIntegerField()


class Key(Table):
    user = ForeignKeyField(User)
    name = TextField()
    prefix = TextField(unique=True)  # shown in lists, finds the row
    key_hash = TextField()  # SHA-256: keys are random, so no salt or stretching is needed
    scopes = TextField()  # sorted, comma-separated
    created_at = BigIntegerField()
    expires_at = BigIntegerField(null=True)
    revoked_at = BigIntegerField(null=True)
    last_used_at = BigIntegerField(null=True)  # to the minute

    class Meta:
        table_name = "api_key"


class Assistant(Table):
    organization = ForeignKeyField(Organization)
    name = TextField()
    created_at = BigIntegerField()

    class Meta:
        indexes = ((("organization", "name"), True),)


class Source(Table):
    """One provider account feeding one assistant, at an unguessable address."""

    organization = ForeignKeyField(Organization)
    assistant = ForeignKeyField(Assistant)
    kind = TextField()
    endpoint = TextField(unique=True)
    secret = TextField(null=True)  # the provider's signing secret, needed in clear to check signatures
    account = TextField(null=True)  # the provider's account id, where it must match
    config = TextField(default="{}")  # JSON
    created_at = BigIntegerField()
    paused_at = BigIntegerField(null=True)  # what comes since is refused
    deleted_at = BigIntegerField(null=True)  # the row stays: its calls' states name it, and its id is never given again
    last_event_at = BigIntegerField(null=True)  # some seconds late


class SourceRejection(Table):
    """What a source's address was sent and did not take: only why, never what; the newest few of each source."""

    id = BigAutoField()
    source = ForeignKeyField(Source)
    at = BigIntegerField()
    code = TextField()
    field = TextField(null=True)  # the provider's name of the part that is wrong


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
    metadata = TextField(default="{}")  # JSON
    head_seq = BigIntegerField(default=0)
    transcript_count = BigIntegerField(default=0)
    started_at = BigIntegerField(null=True)
    ended_at = BigIntegerField(null=True)
    duration = BigIntegerField(null=True)
    terminal_at = BigIntegerField(null=True)
    last_entry_at = BigIntegerField(null=True)
    stopped_at = BigIntegerField(null=True)  # the provider stopped transcribing
    heard_at = BigIntegerField()  # anything stored for it: a quiet call is closed by this
    created_at = BigIntegerField()
    updated_at = BigIntegerField()

    class Meta:
        indexes = (
            (("organization", "call_sid"), True),
            (("organization", "status", "id"), False),
            (("organization", "terminal_at"), False),
        )


Call.add_index(Call.index(Call.organization, where=Call.status == "in-progress", name="call_running"))


class Entry(Table):
    """The append-only log: one row per final and per correction."""

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
    """What a source's adapter remembers of one call: stored with the finals that it numbered."""

    source = ForeignKeyField(Source, index=False)
    call = ForeignKeyField(Call)
    version = IntegerField()
    state = TextField()
    sid = TextField(constraints=[SQL("DEFAULT ''")])  # by which the source calls it; may be an alias, or one of several

    class Meta:
        indexes = ((("source", "sid"), True),)


class CallAlias(Table):
    """Another provider's id of a call; never the call_sid of a call."""

    organization = ForeignKeyField(Organization, index=False)
    alias = TextField()
    call = ForeignKeyField(Call)

    class Meta:
        primary_key = CompositeKey("organization", "alias")


class CallLink(Table):
    """Two calls that turned out to be one when both were there already; a row for each direction."""

    call = ForeignKeyField(Call, index=False, backref="links")
    other = ForeignKeyField(Call, backref="linked_by")

    class Meta:
        primary_key = CompositeKey("call", "other")


class Ticket(Table):
    """A right to open one socket once, within a minute."""

    ticket_hash = TextField(primary_key=True)
    user = ForeignKeyField(User, index=False)
    key = ForeignKeyField(Key, null=True, index=False)  # the right behind it: this key …
    session = ForeignKeyField(Session, null=True, index=False)  # … or this session
    call_sid = TextField(null=True)  # null: the feed
    expires_at = BigIntegerField(index=True)


class AuditEntry(Table):
    """Who did what: rows are only ever added, the database refuses anything else. What it names may be long gone."""

    id = BigAutoField()
    organization = ForeignKeyField(Organization, index=False)
    at = BigIntegerField()
    action = TextField()
    user_id = IntegerField(null=True)
    actor = TextField(null=True)  # e-mail as it was then, or `command line`
    key_prefix = TextField(null=True)
    address = TextField(null=True)
    target = TextField(null=True)
    detail = TextField(default="{}")  # JSON

    class Meta:
        indexes = (
            (("organization", "id"), False),
            (("organization", "action", "id"), False),
            (("organization", "target", "id"), False),
        )


TABLES = (
    *(Meta, Organization, User, Session, Key, Assistant, Source, SourceRejection),
    *(Call, Entry, StatusChange, SourceState, CallAlias, CallLink, Ticket, AuditEntry),
)
