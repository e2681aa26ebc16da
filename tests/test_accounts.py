"""Organisations, people and their passwords."""

import pytest

from events import Refused
from models import accounts, rights, tables
from models.database import migrate, open_database


@pytest.fixture
def db(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield db


def refusal(function, *args) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        function(*args)
    return refused.value.code, refused.value.field


def signed_in(db, email, password):
    user, stored = accounts.credentials(db, email)
    return user if accounts.fits(stored, password) else None


def test_a_password_is_kept_as_argon2id_and_opens_its_account_only(db):
    organization = accounts.create_organization(db, 1, " Larkspur ")
    assert not accounts.has_users(db)
    accounts.create_user(db, 1, organization, " Ada@Example.com ", "admin", "correct horse")
    (row,) = tables.User.select().execute(db)
    assert row.password_hash.startswith("$argon2id$") and "correct" not in row.password_hash
    user = signed_in(db, "ADA@example.COM ", "correct horse")
    assert user == accounts.User(row.id, organization, "Larkspur", "ada@example.com", "admin")
    assert user.is_admin and accounts.has_users(db)
    assert accounts.user_by_email(db, "ada@example.com") == user
    for email, password in (("ada@example.com", "Correct horse"), ("ada@example.com", ""), ("eve@example.com", "x")):
        assert signed_in(db, email, password) is None


def test_an_unknown_or_inactive_user_costs_a_verification_too(db, monkeypatch):
    verified = []

    class Recorder:
        def verify(self, hash, password):
            verified.append(hash)
            return hasher.verify(hash, password)

    organization = accounts.create_organization(db, 1, "Larkspur")
    accounts.create_user(db, 1, organization, "ada@example.com", "supervisor", "correct horse")
    hasher = accounts._hasher
    accounts._nobody()  # made with the real hasher, before the other takes its place
    monkeypatch.setattr(accounts, "_hasher", Recorder())
    assert signed_in(db, "nobody@example.com", "correct horse") is None
    version = rights.rights_version(db)
    accounts.deactivate_user(db, "ADA@example.com")
    assert rights.rights_version(db) > version
    assert signed_in(db, "ada@example.com", "correct horse") is None
    assert verified == [accounts._nobody()] * 2
    known, nobody = (hash.split("$")[1:4] for hash in (tables.User.select().execute(db)[0].password_hash, verified[0]))
    assert known == nobody, "of the same cost"


def test_what_cannot_be_an_account_is_refused(db):
    organization = accounts.create_organization(db, 1, "Larkspur")
    assert refusal(accounts.create_organization, db, 1, "Larkspur") == ("name_taken", "name")
    assert refusal(accounts.create_organization, db, 1, " ") == ("invalid_field", "name")
    accounts.create_user(db, 1, organization, "ada@example.com", "admin", "12345678")
    for email in ("", "@", "ada", "@x", "a b@c"):
        assert refusal(accounts.create_user, db, 1, organization, email, "admin", "12345678")[1] == "email"
    create = accounts.create_user
    assert refusal(create, db, 1, organization, "ADA@example.com", "admin", "12345678") == ("email_taken", "email")
    assert refusal(create, db, 1, organization, "b@example.com", "admin", "1234567") == ("invalid_field", "password")
    assert refusal(create, db, 1, organization, "b@example.com", "owner", "12345678") == ("invalid_field", "role")
    assert refusal(accounts.deactivate_user, db, "b@example.com") == ("unknown_user", "email")
    assert refusal(accounts.organization_id, db, "Other") == ("unknown_organization", "organization")
    assert accounts.organization_id(db, "Larkspur") == organization


def test_a_generated_password_is_long_enough_and_new_each_time():
    made = {accounts.generate_password() for _ in range(50)}
    assert len(made) == 50 and min(map(len, made)) >= accounts.MIN_PASSWORD
