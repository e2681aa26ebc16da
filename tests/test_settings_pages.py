"""Settings → Users, API keys, Assistants: every form, what it refuses, and that each is of one organisation only."""

import asyncio
import shlex
import shutil
import subprocess

import pytest

from events import Refused
from handlers.routes import PAGES
from models import people
from visitor import Visitor

SETTINGS = [path.replace("([0-9]{1,9})", "{id}") for path, _ in PAGES if path.startswith("/settings")]


def addresses(id_: int = 1) -> list[str]:
    """Every address of the settings, with this id where one belongs."""
    found = []
    for path in SETTINGS:
        head, _, verbs = path.partition("(")
        found += [head.format(id=id_) + verb for verb in (verbs.rstrip(")").split("|") if verbs else [""])]
    return found


@pytest.fixture
def admin(house) -> Visitor:
    return Visitor(house)


async def supervisor(house) -> Visitor:
    await house.user("sue@example.com", house.organization_id, "supervisor")
    return await Visitor(house).sign_in("sue@example.com")


# ── who gets in ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_supervisor_sees_no_link_and_gets_403_everywhere(house):
    sue = await supervisor(house)
    assert not (await sue.get("/")).page.all("a", href="/settings")
    for path in addresses():
        assert (await sue.get(path)).code == 403, path
        assert (await sue.post(path)).code == 403, path


async def test_who_is_not_signed_in_is_asked_to(house, admin):
    for path in addresses():
        answer = await admin.get(path)
        assert answer.code == 401 or answer.location.startswith("/sign-in?next="), path


async def test_what_is_another_organisations_is_not_found_and_not_changed(house, admin):
    await admin.sign_in()
    eve = await house.user("eve@example.com", await house.organization("Other"))
    await house.make_key("read", user_id=eve)  # its id is 2, as are those of its user, source and assistant
    stranger = await Visitor(house).sign_in("eve@example.com")
    await stranger.submit("/settings/assistants", name="Theirs")
    await stranger.submit("/settings/sources", kind="twilio", assistant="2", secret="theirs")
    source = (await stranger.get("/settings/sources")).page
    theirs = next(e.attributes["href"] for e in source.all("a") if "/sources/" in e.attributes.get("href", ""))
    of_sources = {path.replace("/settings/sources/2", theirs) for path in addresses(2) if "{id}" not in path}
    for path in sorted(of_sources):
        if not any(character.isdigit() for character in path):
            continue
        fields = {"name": "Mine", "password": "long enough", "secret": "mine"}
        for answer in (await admin.get(path), await admin.post(path, **fields)):
            assert answer.code in (404, 405), path
    for path in ("users", "keys", "assistants", "sources"):
        assert "eve@" not in (await admin.get(f"/settings/{path}")).page.text
        assert "Theirs" not in (await admin.get(f"/settings/{path}")).page.text
    refused = await admin.post("/settings/sources", kind="twilio", assistant="2", secret="x")
    assert refused.page.errors == {"assistant": "Choose one of these."}
    assert await (await Visitor(house).sign_in("eve@example.com")).is_signed_in()
    assert "Theirs" in (await stranger.get("/settings/assistants")).page.text
    assert (await stranger.get(theirs)).code == 200


async def test_a_form_without_its_xsrf_token_changes_nothing(house, admin):
    await admin.sign_in()
    forms = {
        "/settings/users": {"email": "new@example.com", "role": "admin"},
        "/settings/keys": {"name": "stolen", "scopes": "admin", "expires": ""},
        "/settings/keys/1/revoke": {},
        "/settings/assistants": {"name": "New"},
        "/settings/sources": {"kind": "twilio", "assistant": "1", "secret": "s"},
    }
    for path, fields in forms.items():
        assert (await admin.post(path, xsrf=False, **fields)).code == 403, path
    assert len(await house.store.read(people.listing, house.organization_id)) == 1
    assert await house.get("/api/v1/calls") is not None, "the key still works"


async def test_settings_opens_on_its_first_page(house, admin):
    answer = await (await admin.sign_in()).get("/settings")
    assert answer.location == "/settings/sources"


# ── users ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_user_with_a_given_password_can_sign_in_and_with_a_made_one_too(house, admin):
    await admin.sign_in()
    page = await admin.submit("/settings/users", email="Bob@Example.com", role="supervisor", password="long enough")
    assert "bob@example.com can sign in now" in page.text and not page.all(data_part="secret")
    assert await (await Visitor(house).sign_in("bob@example.com", "long enough")).is_signed_in()
    page = await admin.submit("/settings/users", email="eve@example.com", role="admin", password="")
    password = page.part("secret")
    assert password not in (await admin.get("/settings/users")).page.text, "it is shown once"
    eve = await Visitor(house).sign_in("eve@example.com", password)
    assert (await eve.get("/settings/users")).code == 200


@pytest.mark.parametrize(
    ("field", "fields", "words"),
    [
        ("email", {"email": ""}, "An e-mail address is needed to sign in with."),
        ("email", {"email": "bob"}, "'bob' is not an e-mail address."),
        ("email", {"email": "ada@example.com"}, "There is a user 'ada@example.com' already."),
        ("email", {"email": "b" * 250 + "@example.com"}, "At most 254 characters, and this is 262."),
        ("role", {"role": "owner"}, "Choose one of these."),
        ("password", {"password": "short"}, "A password needs at least 8 characters."),
    ],
)
async def test_a_user_that_cannot_be_is_refused_beside_the_field(house, admin, field, fields, words):
    good = {"email": "bob@example.com", "role": "supervisor", "password": "long enough"}
    answer = await (await admin.sign_in()).post("/settings/users", **good | fields)
    assert answer.code == 422
    assert answer.page.errors == {field: words} and answer.page.focused == [field]
    (email,) = answer.page.all("input", name="email")
    assert email.attributes["value"] == (good | fields)["email"], "what was typed is still there"
    (password,) = answer.page.all("input", name="password")
    assert "value" not in password.attributes, "but a password is not sent back"
    assert len(await house.store.read(people.listing, house.organization_id)) == 1


async def test_who_is_deactivated_is_out_within_a_second_and_comes_back_with_a_new_session_only(house, admin):
    await admin.sign_in()
    sue = await supervisor(house)
    key = await house.make_key("read", user_id=2)
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1", key=key) as viewer:
        await viewer.history()
        page = await admin.submit("/settings/users/2/deactivate")
        assert "sue@example.com is shut out" in page.text
        async with asyncio.timeout(1):
            assert await viewer.to_the_end() == 1008
    assert not await sue.is_signed_in()
    assert (await Visitor(house).post("/sign-in", email="sue@example.com", password="correct horse")).code == 401
    await admin.submit("/settings/users/2/reactivate")
    assert not await sue.is_signed_in(), "the old session stays ended"
    assert await (await sue.sign_in("sue@example.com")).is_signed_in()


async def test_nobody_shuts_out_oneself_and_of_two_who_shut_out_each_other_one_stays(either_house):
    house = either_house
    admin = await Visitor(house).sign_in()
    answer = await admin.post("/settings/users/1/deactivate")
    assert answer.code == 422 and "You cannot deactivate yourself" in answer.page.text
    bob = await house.user("bob@example.com", house.organization_id)
    work = [(house.user_id, bob), (bob, house.user_id)]
    outcomes = await asyncio.gather(
        *(house.store.write(deactivation(by), house.organization_id, whom) for whom, by in work), return_exceptions=True
    )
    assert [getattr(outcome, "code", None) for outcome in outcomes] == [None, "last_administrator"]
    assert isinstance(outcomes[1], Refused)


def deactivation(by):
    return lambda db, organization_id, whom: people.deactivate(db, organization_id, whom, by=by)


async def test_a_new_password_ends_every_session_but_the_administrators_own_here(house, admin):
    await admin.sign_in()
    elsewhere = await Visitor(house).sign_in()
    before = admin.cookies["callboard_session"]
    page = await admin.submit("/settings/users/1/password", password="a better one")
    assert "has a new password" in page.text
    assert admin.cookies["callboard_session"] != before and await admin.is_signed_in()
    assert not await elsewhere.is_signed_in()
    assert (await elsewhere.post("/sign-in", email="ada@example.com", password="correct horse")).code == 401
    answer = await admin.post("/settings/users/1/password", password="short")
    assert answer.code == 422 and answer.page.errors == {"password": "A password needs at least 8 characters."}
    page = await admin.submit("/settings/users/1/password", password="")
    assert await (await elsewhere.sign_in(password=page.part("secret"))).is_signed_in()


async def test_signing_in_again_ends_the_session_that_the_browser_had(house, admin):
    await admin.sign_in()
    other = Visitor(house)
    other.cookies = dict(admin.cookies)
    await admin.sign_in()
    assert await admin.is_signed_in() and not await other.is_signed_in()


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_key_is_shown_once_and_its_example_runs(house, admin):
    await admin.sign_in()
    page = await admin.submit("/settings/keys", name="CRM", scopes=["read", "ingest"], expires="30")
    key = page.part("secret")
    assert await house.get("/api/v1/calls", key=key) is not None
    (example,) = [e.text for e in page.all("code") if e.text.startswith("curl ")]
    if shutil.which("curl"):
        command = [*shlex.split(example.replace("\\ ", "")), "--silent", "--fail"]
        await asyncio.to_thread(subprocess.run, command, check=True, stdout=subprocess.DEVNULL)
    await house.services.gate.remember_use()
    page = (await admin.get("/settings/keys")).page
    assert key not in page.text and key[:11] in page.text
    assert "ingest, read" in page.text and "0 s ago" in page.text
    house.clock.advance(31 * 86_400)
    await admin.sign_in()
    assert "Expired" in (await admin.get("/settings/keys")).page.text


@pytest.mark.parametrize(
    ("field", "fields", "words"),
    [
        ("name", {"name": " "}, "A name is needed, to know the key in the list."),
        ("name", {"name": "n" * 300}, "At most 255 characters, and this is 300."),
        ("scopes", {"scopes": []}, "A key that may do nothing is no use: choose at least one."),
        ("scopes", {"scopes": "everything"}, "A key that may do nothing is no use: choose at least one."),
        ("expires", {"expires": "-1"}, "Choose one of these."),
    ],
)
async def test_a_key_that_cannot_be_is_refused_beside_the_field(house, admin, field, fields, words):
    answer = await (await admin.sign_in()).post(
        "/settings/keys", **{"name": "CRM", "scopes": "read", "expires": ""} | fields
    )
    assert answer.code == 422 and answer.page.errors == {field: words} and answer.page.focused == [field]


async def test_revoking_a_key_ends_its_open_watcher_within_a_second(house, admin):
    await admin.sign_in()
    key = (await admin.submit("/settings/keys", name="CRM", scopes="read", expires="")).part("secret")
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1", key=key) as viewer:
        await viewer.history()
        page = await admin.submit("/settings/keys/2/revoke")
        assert "is revoked" in page.text and "Revoked" in page.text
        async with asyncio.timeout(1):
            assert await viewer.to_the_end() == 1008
        assert viewer.seen[-1]["error"] == "access_revoked"


# ── assistants ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_assistant_is_made_and_renamed_and_its_calls_bear_the_new_name(house, admin):
    await house.say("CA1", "s1", "Hello")
    await admin.sign_in()
    assert "Night line" in (await admin.submit("/settings/assistants", name=" Night line ")).text
    page = await admin.submit("/settings/assistants/1", name="Reception")
    assert "“Front desk” is called “Reception” now." in page.text
    assert (await house.get("/api/v1/calls/sid/CA1"))["assistant_name"] == "Reception"


async def test_two_assistants_of_one_name_are_refused(house, admin):
    await admin.sign_in()
    await admin.submit("/settings/assistants", name="Night line")
    taken = {"name": "There is an assistant 'Front desk' already."}
    for path in ("/settings/assistants", "/settings/assistants/2"):
        answer = await admin.post(path, name="Front desk")
        assert answer.code == 422 and answer.page.errors == taken
    answer = await admin.post("/settings/assistants/2", name="a\u2028b")
    assert answer.page.errors == {"name": "This holds characters that cannot be shown, such as a line break."}
    page = await admin.submit("/settings/assistants/2", name="Night line")
    assert "Night line" in page.text, "its own name is no other's"
