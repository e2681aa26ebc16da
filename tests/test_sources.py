"""Sources as stored: found by kind and endpoint, and nothing else."""

import pytest

from models import accounts, assistants, sources
from models.database import migrate, open_database


@pytest.fixture
def db(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield db


def test_a_source_is_found_by_its_unguessable_endpoint_and_kind(db):
    organization = accounts.create_organization(db, 1, "Larkspur")
    assistant = assistants.create(db, 1, organization, "Front desk")
    made = [sources.create(db, 1, organization, assistant, "twilio", "secret", account) for account in ("AC1", None)]
    assert all(len(endpoint) == 32 and int(endpoint, 16) >= 0 for endpoint in made) and made[0] != made[1]
    found = sources.by_endpoint(db, "twilio", made[0])
    assert (found.organization_id, found.assistant_id, found.kind) == (organization, assistant, "twilio")
    assert (found.secret, found.account, found.config) == ("secret", "AC1", "{}")
    assert sources.by_endpoint(db, "twilio", made[1]).account is None
    for kind, endpoint in (("vapi", made[0]), ("twilio", made[0][:-1]), ("twilio", ""), ("", made[0])):
        assert sources.by_endpoint(db, kind, endpoint) is None
