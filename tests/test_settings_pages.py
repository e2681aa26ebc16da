"""Settings: who gets in and sees what; API keys and assistants."""

import asyncio
import shutil
import subprocess

import pytest

from handlers.page_filters import ago
from handlers.routes import PAGES
from models import people
from visitor import Visitor

SETTINGS = [path.replace("([0-9]{1,9})", "{id}") for path, _ in PAGES if path.startswith("/settings")]


def addresses(id_: int = 1, among: list[str] = SETTINGS) -> list[str]:
    """Every address of the settings, or of these paths, with this id where one belongs."""
    found = []
    for path in among:
        head, _, verbs = path.partition("(")
        found += [head.format(id=id_) + verb for verb in (verbs.rstrip(")").split("|") if verbs else [""])]
    return found


@pytest.fixture
def admin(house) -> Visitor:
    return Visitor(house)


# ── who gets in ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_supervisor_sees_no_link_and_gets_403_everywhere(house):
    await house.user("sue@example.com", house.organization_id, "supervisor")
    sue = await Visitor(house).sign_in("sue@example.com")
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
    await admin.submit("/settings/sources", kind="twilio", assistant="1", secret="ours")
    await admin.submit("/settings/alerts", name="ours", kind="phrase", text="refund")
    await admin.submit("/settings/alerts/targets", url="https://ours.example.com/")
    eve = await house.user("eve@example.com", await house.organization("Other"))
    await house.make_key("read", user_id=eve)
    stranger = await Visitor(house).sign_in("eve@example.com")
    await stranger.submit("/settings/assistants", name="Theirs")
    await stranger.submit("/settings/sources", kind="twilio", assistant="2", secret="theirs")
    await stranger.submit("/settings/alerts", name="Theirs", kind="phrase", text="refund")
    await stranger.submit("/settings/alerts/targets", url="https://theirs.example.com/")
    of_theirs = [path for path in addresses(2) if "/2" in path]  # everything of theirs is the second of its kind
    for path in of_theirs:
        for answer in (await admin.get(path), await admin.post(path, name="Ours", password="long enough", secret="x")):
            assert answer.code in (404, 405), path
        assert (await stranger.get(path)).code in (200, 405), path
    for path in ("users", "keys", "assistants", "sources"):
        assert "eve@" not in (await admin.get(f"/settings/{path}")).page.text
        assert "Theirs" not in (await admin.get(f"/settings/{path}")).page.text
    answer = await admin.post("/settings/sources", kind="twilio", assistant="2", secret="x")
    assert answer.page.errors == {"assistant": "Choose one of these."}
    assert "Revoked" not in (await stranger.get("/settings/keys")).page.text
    assert await (await stranger.sign_in("eve@example.com")).is_signed_in(), "with the password of old"


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


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_key_is_shown_once_and_its_example_runs(house, admin):
    await admin.sign_in()
    page = await admin.submit("/settings/keys", name="CRM", scopes=["read", "ingest"], expires="30")
    key = page.part("secret")
    assert await house.get("/api/v1/calls", key=key) is not None
    (example,) = [e.text for e in page.all("code") if "curl " in e.text]
    if shutil.which("curl"):
        command = ["sh", "-c", example + " --silent --fail"]
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


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s ago"),
        (59, "59 s ago"),
        (60, "1 min ago"),
        (3600, "1 h ago"),
        (90_000, "1 day ago"),
        (2e5, "2 days ago"),
    ],
)
def test_how_long_ago_is_said_as_the_scripts_say_it(seconds, words):
    assert ago(0, int(seconds * 1_000_000)) == words
