"""Settings → Sources: from making one to reading its test call, and what its address refuses."""

import asyncio
import json

import pytest

from events import Refused, StatusReported
from handlers.public_address import out_of_reach
from models import source_settings
from models.source_settings import REJECTIONS_KEPT
from sources import twilio
from sources.twilio_signature import FORM
from sources.twilio_trial import trial_call
from twilio_calls import finals, hear, only, partial, speech, status
from visitor import Visitor

SECRET = "a-twilio-auth-token"
WORDS = [
    ("assistant", "Hello, this is a test call from your settings page."),
    ("user", "Good. So my words arrive here as they are spoken?"),
    ("assistant", "They do. The calls of your own number will look just like this."),
]


@pytest.fixture
def admin(house) -> Visitor:
    return Visitor(house)


async def make_source(admin, **fields) -> tuple[str, str]:
    """The page of a new source, and its webhook address."""
    await admin.sign_in()
    page = await admin.submit("/settings/sources", **{"kind": "twilio", "assistant": "1", "secret": SECRET} | fields)
    (link,) = [e for e in page.all("a") if e.attributes.get("href", "").endswith("/credentials")]
    return link.attributes["href"].removesuffix("/credentials"), page.part("address")


async def post(house, address: str, body: bytes, secret: str = SECRET) -> int:
    """What a provider gets that posts this, signed with `secret`."""
    headers = {"Content-Type": FORM, "X-Twilio-Signature": twilio.sign(address, body, secret)}
    answer = await house.fetch("POST", address.removeprefix(house.url), body, key=None, headers=headers)
    return answer.code


async def health(admin, path: str) -> dict:
    answer = await admin.house.fetch("GET", path + "/health", key=None, headers={"Cookie": cookies(admin)})
    assert answer.code == 200
    return json.loads(answer.body)


def cookies(admin) -> str:
    return "; ".join(f"{name}={value}" for name, value in admin.cookies.items())


async def played(house, source_id: int) -> None:
    """Until its test call is over."""
    await house.services.trial_calls.over(source_id)


async def test_a_sources_page_says_what_to_tell_twilio(house, admin):
    path, address = await make_source(admin, account="AC1")
    page = (await admin.get(path)).page
    assert address.startswith(house.url + "/webhooks/twilio/")
    assert page.all("button", data_copy=twilio.twiml(address)) and page.all("button", data_copy=address)
    assert page.part("twiml") == " ".join(twilio.twiml(address).split())
    assert page.part("fares") == "Waiting for the first event"
    assert "Twilio cannot reach this address yet" in page.text and "CALLBOARD_PUBLIC_URL" in page.text
    assert SECRET not in page.text and not page.all(value=SECRET)
    assert "Waiting for the first event" in (await admin.get("/settings/sources")).page.text


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://localhost:8000", "local"),
        ("https://callboard.localhost", "local"),
        ("https://192.168.1.5", "local"),
        ("https://[fd00::1]", "local"),
        ("https://desk", "local"),
        ("https://desk.lan.", "local"),
        ("http://calls.example.com", "plain"),
        ("http://8.8.8.8:8000", "plain"),
        ("https://calls.example.com", None),
    ],
)
def test_an_address_that_no_provider_reaches_is_known_as_such(url, problem):
    assert out_of_reach(url) == problem


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"secret": " "}, {"secret": "Needed to check that what comes in is from the provider."}),
        ({"assistant": "99"}, {"assistant": "Choose one of these."}),
        ({"kind": "carrier-pigeon"}, {"kind": "Choose one of these."}),
        ({"account": "A" * 300}, {"account": "At most 255 characters, and this is 300."}),
    ],
)
async def test_a_source_that_cannot_be_is_refused_beside_the_field(house, admin, fields, errors):
    good = {"kind": "twilio", "assistant": "1", "secret": SECRET}
    answer = await (await admin.sign_in()).post("/settings/sources", **good | fields)
    assert answer.code == 422 and answer.page.errors == errors and answer.page.focused == list(errors)
    assert await house.store.read(source_settings.listing, house.organization_id) == []


def test_a_test_call_is_what_twilio_would_have_posted():
    bodies = [step.body for step in trial_call("test-1", "AC0", 1_770_000_000_000_000)]
    events = hear(bodies)
    said = finals(events)
    assert [(final.speaker, final.content) for final in said] == WORDS
    assert all(final.segment_start < final.segment_end for final in said)
    assert [e.status for e in only(StatusReported, events)] == ["in-progress", "completed"]


async def test_a_test_call_goes_the_whole_way_and_its_page_shows_the_words(house, admin):
    path, _ = await make_source(admin, account="AC1")
    page = await admin.submit(path + "/test-call")
    (link,) = [e.attributes["href"] for e in page.all("a") if e.text == "Read along"]
    assert page.part("fares").startswith("Last event ")
    again = await admin.submit(path + "/test-call")
    assert again.all("a", href=link), "one at a time"
    await played(house, 1)
    call = (await admin.get(link)).page
    assert [e.text for e in call.all("p", class_="segment-words") if e.text] == [words for _, words in WORDS]
    stored = await house.get(f"/api/v1/calls/sid/{link.rpartition('/')[2]}")
    assert (stored["status"], stored["assistant_name"]) == ("completed", "Front desk")


async def test_what_is_refused_is_listed_with_the_reason_and_never_with_the_words(house, admin):
    path, address = await make_source(admin, account="AC0")
    assert await post(house, address, speech(1, "a secret sentence"), "another-token") == 403
    assert await post(house, address, status("in-progress").replace(b"AC0", b"AC9")) == 403
    assert await post(house, address, speech(1, "a secret sentence", Track="sideways")) == 400
    for _ in range(2):  # before and after they are stored
        found = await health(admin, path)
        assert found["state"] == "refusing" and found["last_event_at"] is None
        reasons = [rejection["reason"] for rejection in found["rejections"]]
        assert reasons[0] == "It is not what the provider documents. The field is Track."
        assert reasons[1].startswith("It was signed well, but by another account")
        assert reasons[2].startswith("The signature does not fit.")
        page = (await admin.get(path)).page
        assert all(reason in page.text for reason in reasons) and "secret sentence" not in page.text
        await house.services.activity.write_down()
    assert await post(house, address, status("in-progress")) == 204
    assert (await health(admin, path))["state"] == "receiving"


async def test_the_newest_rejections_are_kept_and_no_more(either_house):
    house = either_house
    admin = Visitor(house)
    path, address = await make_source(admin)
    for round_ in range(2):
        for _ in range(REJECTIONS_KEPT - 5):
            await post(house, address, status("in-progress"), "another-token")
        await house.services.activity.write_down()
        stored = await house.store.write(source_settings.rejections, 1)  # behind what is being written
        assert len(stored) == (REJECTIONS_KEPT - 5, REJECTIONS_KEPT)[round_]
    await post(house, address, b"CallSid=")
    found = (await health(admin, path))["rejections"]
    assert len(found) == REJECTIONS_KEPT
    assert [r["at"] for r in found] == sorted((r["at"] for r in found), reverse=True)


async def test_an_event_costs_no_write_of_its_own_and_is_remembered_all_the_same(house, admin):
    path, address = await make_source(admin)
    await post(house, address, status("in-progress"))
    before = house.store.commits
    for n in range(5):
        assert await post(house, address, partial(n + 2, "Hello " * n)) == 204
    heard_at = (await health(admin, path))["last_event_at"]
    assert heard_at and house.store.commits == before
    row = await house.store.read(source_settings.one, house.organization_id, 1)
    assert row.last_event_at is None
    await house.services.activity.write_down()
    await house.services.activity.write_down()
    assert house.store.commits == before + 1, "once for all of them"
    row = await house.store.read(source_settings.one, house.organization_id, 1)
    assert row.last_event_at is not None and (await health(admin, path))["last_event_at"] == heard_at


async def test_a_paused_source_refuses_until_it_is_resumed(house, admin):
    path, address = await make_source(admin)
    page = await admin.submit(path + "/pause")
    assert page.part("fares") == "Paused: what comes in is refused"
    assert await post(house, address, status("in-progress")) == 403
    failed = await admin.submit(path + "/test-call")
    assert "The test call was not taken. The address answered 403. The source is paused." in failed.text
    await admin.submit(path + "/resume")
    assert await post(house, address, status("in-progress")) == 204


async def test_a_deleted_source_is_gone_and_its_calls_are_not(house, admin):
    path, address = await make_source(admin)
    await post(house, address, status("in-progress"))
    await post(house, address, speech(2, "Hello"))
    await admin.submit(path + "/delete")
    assert await post(house, address, speech(3, "Is anybody there?")) == 404
    assert (await admin.get(path)).code == 404 and (await admin.post(path + "/resume")).code == 404
    assert "No sources yet" in (await admin.get("/settings/sources")).page.text
    assert "Hello" in (await admin.get("/calls/CA0")).page.text
    assert SECRET not in str(await house.store.read(lambda db: list(db.execute_sql("SELECT * FROM source"))))


async def test_another_token_and_account_count_from_the_next_request_on(house, admin):
    path, address = await make_source(admin)
    await admin.submit(path + "/credentials", secret="a-new-token", account="AC1")
    assert await post(house, address, status("in-progress")) == 403
    assert await post(house, address, status("in-progress"), "a-new-token") == 403, "AC0 is another account"
    await admin.submit(path + "/credentials", secret="", account="")
    assert await post(house, address, status("in-progress"), "a-new-token") == 204, "an empty field keeps the token"
    answer = await admin.post(path + "/credentials", secret="line\nbreak", account="")
    assert list(answer.page.errors) == ["secret"]


async def test_the_health_of_a_source_is_told_to_its_administrators_only(house, admin):
    path, _ = await make_source(admin)
    assert (await Visitor(house).get(path + "/health")).code == 401
    assert (await admin.get("/settings/sources/99/health")).code == 404
    with pytest.raises(Refused):
        await house.store.read(source_settings.one, house.organization_id + 1, 1)


async def test_a_server_that_stops_cuts_its_test_calls_short(house, admin):
    path, _ = await make_source(admin)
    await admin.submit(path + "/test-call")
    async with asyncio.timeout(1):
        await house.services.trial_calls.close()
        await played(house, 1)
