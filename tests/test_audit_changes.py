"""Every change that a route makes leaves one entry: who, from where, to what; and never a secret."""

import pytest
from tornado.web import RequestHandler

from audit_log import logged
from events import encode
from handlers.audit_words import ACTIONS
from handlers.routes import API, PAGES, SOCKETS
from handlers.settings_page import ID
from house import open_house
from models import demo, keys
from test_settings_pages import addresses
from visitor import Visitor

SECRETS = ("correct horse", "bob's password", "another password", "auth token one", "auth token two", "ada's next")
BOB = "bob@example.com"
DEEDS = (  # (address, fields, action, target), each on top of those before; the target None: whatever is new
    ("/sign-in", {"email": "Ada@example.com", "password": SECRETS[0]}, "signed_in", None),
    (
        "/settings/users",
        {"email": "Bob@example.com", "role": "supervisor", "password": SECRETS[1]},
        "user.created",
        BOB,
    ),
    ("/settings/users/2/password", {"password": SECRETS[2]}, "user.password_set", BOB),
    ("/settings/users/2/deactivate", {}, "user.deactivated", BOB),
    ("/settings/users/2/reactivate", {}, "user.reactivated", BOB),
    ("/settings/keys", {"name": "CRM", "scopes": "read", "expires": "30"}, "key.created", "cb_"),
    ("/settings/keys/2/revoke", {}, "key.revoked", "cb_"),
    ("/settings/assistants", {"name": "Night line"}, "assistant.created", "Night line"),
    ("/settings/assistants/2", {"name": "Reception"}, "assistant.renamed", "Reception"),
    ("/settings/sources", {"kind": "twilio", "assistant": "1", "secret": SECRETS[3]}, "source.created", "1"),
    ("/settings/sources/1/credentials", {"secret": SECRETS[4], "account": "AC1"}, "source.credentials_changed", "1"),
    ("/settings/sources/1/test-call", {}, "source.tested", "1"),
    ("/settings/sources/1/pause", {}, "source.paused", "1"),
    ("/settings/sources/1/resume", {}, "source.resumed", "1"),
    ("/settings/sources/1/delete", {}, "source.deleted", "1"),
    ("/settings/alerts", {"name": "Refund", "kind": "phrase", "text": "refund"}, "alert_rule.created", "Refund"),
    ("/settings/alerts/1", {"name": "Money", "kind": "phrase", "text": "money"}, "alert_rule.changed", "Money"),
    ("/settings/alerts/1/pause", {}, "alert_rule.paused", "Money"),
    ("/settings/alerts/1/resume", {}, "alert_rule.resumed", "Money"),
    ("/settings/alerts/1/delete", {}, "alert_rule.deleted", "Money"),
    ("/settings/alerts/targets", {"url": "https://localhost:1/hook"}, "alert_target.created", "localhost"),
    ("/settings/alerts/targets/1/test", {}, "alert_target.tested", "localhost"),
    ("/settings/alerts/targets/1/delete", {}, "alert_target.deleted", "localhost"),
    ("/settings/redaction", {"state": "on", "kinds": ["email", "id"]}, "redaction.turned_on", None),
    ("/settings/redaction", {"state": "on"}, "redaction.changed", None),
    ("/settings/redaction/patterns", {"label": "order", "pattern": "ord-[0-9]{6}"}, "redaction.pattern_added", "ORDER"),
    ("/settings/redaction/patterns/1/delete", {}, "redaction.pattern_deleted", "ORDER"),
    ("/settings/redaction", {"state": "off"}, "redaction.turned_off", None),
    ("/settings/retention", {"state": "days", "days": "90"}, "retention.changed", None),
    ("/demo/erase", {}, "demo.erased", None),
    (
        "/account",
        {"current_password": SECRETS[0], "password": SECRETS[5], "password_again": SECRETS[5]},
        "user.password_changed",
        "ada@example.com",
    ),
    ("/sign-out", {}, "signed_out", None),
)
_NOTES = r"/api/v1/calls/([0-9]{1,18}|sid/[^/]+)/notes", r"/calls/([^/]+)/notes"
ELSEWHERE = {  # have tests of their own: below, as it is for an empty database; in test_erase.py; in test_notes_*.py
    *("/first-run", r"/calls/([^/]+)/erase"),
    *(path + number for path in _NOTES for number in ("", r"/([0-9]{1,18})")),
}
FEEDS = "a program feeds calls: the calls themselves are the record"
EXEMPT = {
    r"/webhooks/([^/]+)/([^/]+)": FEEDS,
    r"/api/v1/calls": FEEDS,
    r"/api/v1/calls/([0-9]{1,18}|sid/[^/]+)/metadata": FEEDS,
    r"/api/v1/calls/([0-9]{1,18}|sid/[^/]+)/transcripts": FEEDS,
    r"/api/v1/calls/([0-9]{1,18}|sid/[^/]+)/status": FEEDS,
    r"/api/v1/tickets": "what a ticket opens is noted when it is opened",
}


def changes(handler: type[RequestHandler]) -> bool:
    return any(
        getattr(handler, method) is not getattr(RequestHandler, method) for method in ("post", "put", "patch", "delete")
    )


def test_every_route_that_changes_something_is_in_the_table_or_exempt():
    pages = {path for path, handler in PAGES if changes(handler) and not path.startswith("/settings")}
    posts = [path for path, handler in PAGES if changes(handler) and path.startswith("/settings")]
    told = {path for path, *_ in DEEDS}
    elsewhere = {path for path in ELSEWHERE if not path.startswith("/api")}
    assert pages == {path for path in told if not path.startswith("/settings")} | elsewhere
    of_settings = {
        address.replace("/1", "/{id}") for address in addresses(1, among=[path.replace(ID, "{id}") for path in posts])
    }
    assert of_settings == {path.replace("/1", "/{id}").replace("/2", "/{id}") for path in told if "/settings" in path}
    programs = {path for path, handler in API + SOCKETS if changes(handler)}
    assert programs == set(EXEMPT) | {path for path in ELSEWHERE if path.startswith("/api")}


async def test_each_deed_leaves_one_entry_with_who_from_where_and_what(either_house):
    house = either_house
    await house.store.write(demo.turn_on)
    ada, secrets = Visitor(house), set(SECRETS)
    for number, (path, fields, action, target) in enumerate(DEEDS):
        answer = await ada.post(path, **fields)
        assert answer.code == 303, (path, answer.page.errors)
        (new,) = (await logged(house))[number:]
        secrets |= {value for value in ada.cookies.values() if value}
        assert (new.action, new.actor, new.user_id, new.key_prefix) == (action, "ada@example.com", house.user_id, None)
        assert new.address == "127.0.0.1" and action in ACTIONS, path
        assert new.target == target or (target == "cb_" and len(new.target) == 11), path
    made = await house.store.read(keys.listing, house.organization_id)
    log = await logged(house)
    assert {one.target for one in log if one.action.startswith("key.")} == {made[0].prefix}
    text = encode(log).decode()
    assert not [secret for secret in secrets if secret in text]


async def test_what_is_refused_or_changes_nothing_leaves_no_entry(house):
    ada = await Visitor(house).sign_in()
    for path, fields in (
        ("/settings/users", {"email": "ada@example.com", "role": "admin"}),
        ("/settings/users", {"email": "nobody", "role": "admin"}),
        ("/settings/users/1/deactivate", {}),
        ("/settings/users/1/password", {"password": "short"}),
        ("/settings/keys", {"name": "CRM"}),
        ("/settings/assistants", {"name": "Front desk"}),
        ("/settings/sources", {"kind": "twilio", "assistant": "9", "secret": "s"}),
        ("/settings/alerts", {"name": "Refund", "kind": "phrase", "text": "…"}),
        ("/settings/alerts", {"name": "Refund", "kind": "pattern", "text": "("}),
        ("/settings/alerts/targets", {"url": "https://127.0.0.1/hook"}),
        ("/settings/redaction", {"state": "perhaps"}),
        ("/settings/redaction/patterns", {"label": "ORDER", "pattern": "("}),
    ):
        assert (await ada.post(path, **fields)).code == 422, path
    assert (await ada.post("/settings/redaction/patterns", do="try", text="4111")).code == 200
    assert (await ada.post("/settings/keys/99/revoke")).code == 404
    assert (await ada.post("/demo/erase")).code == 303, "there is no demo"
    assert [one.action for one in await logged(house)] == ["signed_in"]
    assert (await ada.post("/settings/keys/1/revoke")).code == 303
    assert (await ada.post("/settings/keys/1/revoke")).code == 303, "twice is no error"
    assert [one.action for one in await logged(house)] == ["signed_in", "key.revoked"]


async def test_a_wrong_password_is_noted_where_it_is_somebodys(house):
    visitor = Visitor(house)
    for email, password in (("ADA@example.com", "wrong password"), ("my password", "")):
        assert (await visitor.post("/sign-in", email=email, password=password)).code == 401
    (new,) = await logged(house)
    assert (new.action, new.target, new.actor, new.user_id) == ("sign_in_failed", "ada@example.com", None, None)
    assert new.address == "127.0.0.1"
    assert "wrong password" not in encode(new).decode()


async def test_founding_leaves_its_entry(io_loop, sqlite_url):
    async with open_house(sqlite_url) as house:
        code = house.services.set_up.code
        fields = {"email": "Ada@Example.com", "password": "correct horse", "password_again": "correct horse"}
        answer = await Visitor(house).post("/first-run", code=code, organization="Larkspur", **fields)
        assert answer.code == 303, answer.page.errors
        (new,) = await logged(house, 1)
        assert (new.action, new.actor, new.target, new.user_id) == (
            "user.created",
            "ada@example.com",
            "ada@example.com",
            1,
        )
        assert new.detail == {"role": "admin", "organization": "Larkspur"}
        assert code not in encode(new).decode()


async def test_another_organisation_sees_nothing_of_it(house):
    await house.user("eve@example.com", await house.organization("Other"))
    ada, eve = await Visitor(house).sign_in(), await Visitor(house).sign_in("eve@example.com")
    await ada.post("/settings/assistants", name="Night line")
    assert [one.actor for one in await logged(house)] == ["ada@example.com"] * 2
    assert [one.actor for one in await logged(house, 2)] == ["eve@example.com"]
    for visitor, other in ((ada, "eve@"), (eve, "Night line")):
        assert other not in (await visitor.get("/settings/audit")).page.text


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_has_a_name_and_a_sentence(action):
    name, words = ACTIONS[action]
    assert name[0].isupper() and words[0].islower() and words.count("{}") <= 1
