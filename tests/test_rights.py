"""Keys, sessions and tickets: what they allow, how long, and how their end is noticed."""

import re

import msgspec
import pytest

from events import SECOND, Refused
from models import accounts, rights, tables
from models.database import migrate, open_database
from models.rights import SESSION_US, TICKET_US

NOW = 1_770_000_000_000_000


class People:
    def __init__(self, db):
        self.db = db
        self.organization = accounts.create_organization(db, NOW, "Larkspur")
        self.user = accounts.create_user(db, NOW, self.organization, "ada@example.com", "admin", "correct horse")

    def deactivate(self, db) -> None:
        """… who leaves an administrator behind."""
        accounts.create_user(db, NOW, self.organization, "bob@example.com", "admin", "correct horse")
        accounts.deactivate_user(db, "ada@example.com")

    def key(self, *scopes: str, expires_at: int | None = None) -> str:
        return rights.create_key(self.db, NOW, self.user, "test", list(scopes), expires_at)

    def changes(self, function, *args) -> bool:
        """Whether running servers will notice this."""
        before = rights.rights_version(self.db)
        function(self.db, *args)
        return rights.rights_version(self.db) > before


@pytest.fixture
def people(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield People(db)


def test_a_key_fits_everywhere_a_token_goes_and_is_kept_as_its_hash(people):
    key = people.key("read", "ingest", "read")
    assert re.fullmatch(r"cb_[A-Za-z0-9]{8}_[A-Za-z0-9]{32}", key)
    (row,) = tables.Key.select().execute(people.db)
    assert row.prefix == key[:11] and row.scopes == "ingest,read"
    assert key[12:] not in row.key_hash + row.prefix + row.name
    for scopes in (["root"], []):
        with pytest.raises(Refused) as refused:
            people.key(*scopes)
        assert refused.value.field == "scopes"


def test_a_key_allows_what_it_was_made_for(people):
    grant = rights.key_grant(people.db, NOW, people.key("read", "ingest"))
    assert (grant.user_id, grant.organization_id, grant.role) == (people.user, people.organization, "admin")
    assert [grant.may(scope) for scope in ("read", "ingest", "admin")] == [True, True, False]
    assert grant.email == "ada@example.com"


def test_whatever_is_no_key_allows_nothing(people):
    key = people.key("read")
    wrong = (
        key[:-1],
        key + "x",
        key[:11],
        key[:11] + "_",
        "",
        "_",
        "cb_",
        "ä",
        "x\x00",
        key + "\x00",
        "'; --",
        "_" * 9,
    )
    assert [rights.key_grant(people.db, NOW, other) for other in wrong] == [None] * len(wrong)


def test_a_key_ends_by_time_revocation_or_with_its_user(people):
    db, timed, revoked, other = (
        people.db,
        people.key("read", expires_at=NOW + 5),
        people.key("read"),
        people.key("read"),
    )
    assert rights.key_grant(db, NOW + 4, timed) is not None
    assert rights.key_grant(db, NOW + 5, timed) is None
    assert people.changes(rights.revoke_key, NOW, revoked)
    assert rights.key_grant(db, NOW, revoked) is None
    assert rights.revoke_key(db, NOW + 9, revoked[:11]) == revoked[:11], "twice is no error"
    assert [row.revoked_at for row in rights.keys(db)] == [None, NOW, None]
    with pytest.raises(Refused):
        rights.revoke_key(db, NOW, "cb_unknown_")
    assert rights.key_grant(db, NOW, other) is not None
    assert people.changes(people.deactivate)
    assert rights.key_grant(db, NOW, other) is None


def test_keys_are_listed_newest_first_with_their_use(people):
    first, second = people.key("read"), people.key("admin", expires_at=NOW + 5)
    rights.touch_keys(people.db, {rights.key_grant(people.db, NOW, first).right[1]: NOW + 1})
    listed = rights.keys(people.db)
    assert [(row.prefix, row.last_used_at, row.expires_at) for row in listed] == [
        (second[:11], None, NOW + 5),
        (first[:11], NOW + 1, None),
    ]
    assert (listed[0].email, listed[0].organization, listed[0].scopes) == ("ada@example.com", "Larkspur", "admin")


def test_a_session_reads_for_a_fortnight_or_until_it_is_ended(people):
    db = people.db
    token, other = (rights.create_session(db, NOW, people.user) for _ in range(2))
    grant = rights.session_grant(db, NOW + SESSION_US - 1, token)
    assert (grant.scopes, grant.organization_id) == (frozenset({"read"}), people.organization)
    assert rights.session_grant(db, NOW + SESSION_US, token) is None
    rights.create_ticket(db, NOW, grant, None)
    assert people.changes(rights.end_session, token), "with a ticket still out"
    assert rights.session_grant(db, NOW, token) is None
    rights.end_session(db, token)
    assert rights.session_grant(db, NOW, other) is not None
    people.deactivate(db)
    assert rights.session_grant(db, NOW, other) is None
    assert token not in {row.token_hash for row in tables.Session.select().execute(db)}


def test_a_ticket_opens_one_thing_once_within_a_minute(people):
    db, grant = people.db, rights.key_grant(people.db, NOW, people.key("read", "ingest", "admin"))
    make = lambda call_sid: rights.create_ticket(db, NOW, grant, call_sid)  # noqa: E731
    ticket = make("CA1")
    redeemed = rights.redeem_ticket(db, NOW + TICKET_US - 1, ticket, "CA1")
    assert redeemed == msgspec.structs.replace(grant, scopes=frozenset({"read"}))
    assert rights.redeem_ticket(db, NOW, ticket, "CA1") is None
    for made_for, used_for, at in (
        ("CA1", "CA2", NOW),
        ("CA1", None, NOW),
        (None, "CA1", NOW),
        (None, None, NOW + TICKET_US),
    ):
        ticket = make(made_for)
        assert rights.redeem_ticket(db, at, ticket, used_for) is None
        assert rights.redeem_ticket(db, NOW, ticket, made_for) is None, "used up either way"
    assert rights.redeem_ticket(db, NOW, make(None), None) is not None


def test_a_ticket_is_worth_what_is_behind_it(people):
    db = people.db
    feeder = rights.key_grant(db, NOW, people.key("ingest"))
    assert rights.redeem_ticket(db, NOW, rights.create_ticket(db, NOW, feeder, "CA1"), "CA1") is None
    key = people.key("read")
    ticket = rights.create_ticket(db, NOW, rights.key_grant(db, NOW, key), "CA1")
    rights.revoke_key(db, NOW, key)
    assert rights.redeem_ticket(db, NOW, ticket, "CA1") is None
    session = rights.create_session(db, NOW, people.user)
    ticket = rights.create_ticket(db, NOW, rights.session_grant(db, NOW, session), "CA1")
    rights.end_session(db, session)
    assert rights.redeem_ticket(db, NOW, ticket, "CA1") is None


def test_of_many_rights_those_in_force_are_told(people):
    db = people.db
    kept, revoked = (rights.key_grant(db, NOW, people.key("read")).right for _ in range(2))
    timed = rights.key_grant(db, NOW, people.key("read", expires_at=NOW + 5)).right
    session = rights.session_grant(db, NOW, rights.create_session(db, NOW, people.user)).right
    rights.revoke_key(db, NOW, rights.keys(db)[1].prefix)
    asked = {kept, revoked, timed, session, ("key", 999), ("session", 999)}
    assert rights.in_force(db, NOW, asked) == {kept, timed, session}
    assert rights.in_force(db, NOW + SESSION_US, asked) == {kept}
    people.deactivate(db)
    assert rights.in_force(db, NOW, asked) == set()


def test_what_nobody_can_use_any_more_is_forgotten(people):
    db = people.db
    session = rights.session_grant(db, NOW, rights.create_session(db, NOW, people.user))
    end = NOW + SESSION_US
    ticket = rights.create_ticket(db, end - SECOND, session, None)
    rights.forget_expired(db, end)
    assert (tables.Ticket.select().count(db), tables.Session.select().count(db)) == (1, 1), "the ticket needs it"
    assert rights.redeem_ticket(db, end, ticket, None) is None
    rights.create_ticket(db, end - SECOND, session, None)
    rights.forget_expired(db, end + TICKET_US)
    assert (tables.Ticket.select().count(db), tables.Session.select().count(db)) == (0, 0)
