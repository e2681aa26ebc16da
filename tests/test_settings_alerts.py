"""Settings → Alerts: rules that are made, tried, changed and deleted, and the addresses that are told."""

import asyncio
import json

import pytest

from alerting import receiving
from models import alert_rules
from patience import PATIENCE_S
from visitor import Visitor

REFUND = {"name": "Refund", "kind": "phrase", "text": "refund\nmoney back"}


@pytest.fixture
def admin(house) -> Visitor:
    return Visitor(house)


async def test_a_rule_is_made_tried_paused_changed_and_deleted(house, admin):
    await admin.sign_in()
    page = await admin.submit("/settings/alerts", **REFUND, speaker="user", assistant="1", on_interims="1")
    assert "The rule “Refund” is in force." in page.text
    (row,) = await house.store.read(alert_rules.listing, house.organization_id)
    rule = row.rule
    assert (rule.phrases, rule.speaker, rule.assistant_id, rule.on_interims) == (
        ["refund", "money back"],
        "user",
        1,
        True,
    )
    page = (await admin.get("/settings/alerts/1?text=I+want+my+Money%2C+back+%3Cb%3E")).page
    assert "It raises the alert." in page.text
    assert [mark.text for mark in page.all("mark")] == ["Money, back"]
    assert page.part("tried") == "I want my Money, back <b>"
    assert "It raises nothing." in (await admin.get("/settings/alerts/1?text=refunds")).page.text
    await admin.submit("/settings/alerts/1/pause")
    assert not house.pipeline.lookout.books
    assert "Paused" in (await admin.get("/settings/alerts")).page.text
    await admin.submit("/settings/alerts/1/resume")
    page = await admin.submit("/settings/alerts/1", name="Silence", kind="silence", text="left over", threshold="30,5")
    assert "Saved" in page.text
    rule = (await house.store.read(alert_rules.one, house.organization_id, 1)).rule
    assert (rule.kind, rule.threshold, rule.text, rule.on_interims) == ("silence", 30.5, "", False)
    assert "No rules yet" in (await admin.submit("/settings/alerts/1/delete")).text
    assert (await admin.get("/settings/alerts/1")).code == 404


@pytest.mark.parametrize(
    ("field", "fields", "words"),
    [
        ("name", {"name": ""}, "A name is needed: alerts bear it."),
        ("text", {"text": ""}, "At least one phrase is needed."),
        ("text", {"text": "a\n…"}, "'…' has no letter or digit to look for."),
        ("text", {"text": "a\n" * 60}, "At most 50 phrases, and these are 60."),
        ("text", {"text": "x" * 2001}, "At most 2000 characters, and this is 2001."),
        ("text", {"kind": "pattern", "text": "(refund"}, None),
        ("text", {"kind": "pattern", "text": r"(a)\1"}, None),
        ("text", {"kind": "pattern", "text": "x*"}, "This fits an empty text, so it would fit every text."),
        ("text", {"kind": "pattern", "text": "(x{1,99}){1,99}"}, None),
        ("threshold", {"kind": "confidence"}, "A confidence is above 0 and at most 1, such as 0.6."),
        ("threshold", {"kind": "confidence", "threshold": "60"}, "A confidence is above 0 and at most 1, such as 0.6."),
        ("threshold", {"kind": "silence", "threshold": "2"}, "Seconds, from 5 to 3600."),
        ("threshold", {"kind": "silence", "threshold": "soon"}, "This is not a number."),
        ("threshold", {"kind": "silence", "threshold": "nan"}, "This is not a number."),
        ("kind", {"kind": "mood"}, "Choose one of these."),
        ("speaker", {"speaker": "nobody"}, "Choose one of these."),
        ("assistant", {"assistant": "99"}, "Choose one of these."),
    ],
)
async def test_a_rule_that_cannot_be_is_refused_beside_the_field(house, admin, field, fields, words):
    answer = await (await admin.sign_in()).post("/settings/alerts", **REFUND | fields)
    assert answer.code == 422 and answer.page.focused == [field]
    assert list(answer.page.errors) == [field] and words in (None, answer.page.errors[field])
    assert await house.store.read(alert_rules.listing, house.organization_id) == []


async def test_an_address_is_added_its_secret_shown_once_tested_and_removed(open_furnished):
    async with receiving() as receiver, open_furnished(alerts_to_private_addresses=1) as house:
        admin = await Visitor(house).sign_in()
        page = await admin.submit("/settings/alerts/targets", url=receiver.url, with_text="1")
        secret = page.part("secret")
        assert secret.startswith("whsec_") and secret not in (await admin.get("/settings/alerts")).page.text
        receiver.answers = [500]
        await admin.submit("/settings/alerts/targets/1/test")
        _, message, _ = await receiver.next()
        assert (message["type"], sorted(message)) == ("test", ["id", "organization", "timestamp", "type"])
        await house.services.alert_sender.idle()
        text = (await admin.get("/settings/alerts")).page.text
        assert "Test →" in text and "It answered 500. Attempt 1; another follows." in text and "1 waiting" in text
        page = await admin.submit("/settings/alerts/targets/1/delete")
        assert receiver.url not in page.text
        house.clock.advance(10)
        await house.services.alert_sender.tick()
        await house.services.alert_sender.idle()
        assert receiver.got.empty()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "An address is needed."),
        ("http://alerts.example.com/", "An address that begins with https:// is needed."),
        ("ftp://alerts.example.com/", "An address that begins with https:// is needed."),
        ("https://", "An address that begins with https:// is needed."),
        ("https://[::1/", "This is not an address."),
        ("https://alerts.example.com:99999/", "This is not an address."),
        ("https://10.0.0.7/hook", "This is an address of this server's own network."),
        ("https://[::1]/hook", "This is an address of this server's own network."),
        ("https://169.254.169.254/latest/meta-data", "This is an address of this server's own network."),
    ],
)
async def test_an_address_that_cannot_be_is_refused_beside_the_field(house, admin, url, words):
    answer = await (await admin.sign_in()).post("/settings/alerts/targets", url=url)
    assert answer.code == 422 and answer.page.errors == {"url": words}


async def test_an_address_with_a_password_is_refused_and_more_than_five_are(house, admin):
    await admin.sign_in()
    answer = await admin.post("/settings/alerts/targets", url="https://ada:word@alerts.example.com/")
    assert "need no password" in answer.page.errors["url"]
    for n in range(5):
        await admin.submit("/settings/alerts/targets", url=f"https://alerts.example.com/{n}")
    answer = await admin.post("/settings/alerts/targets", url="https://alerts.example.com/5")
    assert answer.code == 422 and "There are 5 addresses, and no more are possible." in answer.page.text


async def test_a_rule_counts_as_soon_as_its_page_says_so(house, admin):
    await admin.sign_in()
    await admin.submit("/settings/alerts", **REFUND)
    await house.say("CA1", "s1", "a refund")
    page = (await admin.get("/calls/CA1")).page
    assert [mark.text for mark in page.all("mark")] == ["refund"]
    assert [note.text for note in page.all("p", class_="segment-alerts")] == ["Alert: Refund"]
    assert page.part("alert-count") == "1"
    wall = (await admin.get("/")).page
    assert wall.all("span", class_="tag is-alert")[0].text == "Refund"
    await asyncio.gather(*(house.say("CA1", f"more{n}", "refund") for n in range(2)))
    assert (await admin.get("/?order=attention")).page.all("span", class_="tag is-alert")[0].text == "Refund ×3"


async def test_a_rules_name_is_text_wherever_it_is_shown(house, admin):
    name = """"><b data-part="trap">x</b>'&amp;"""
    await admin.sign_in()
    await admin.submit("/settings/alerts", **REFUND | {"name": name})
    await house.say("CA1", "s1", "a refund")
    for path in ("/settings/alerts", "/settings/alerts/1", "/calls/CA1", "/", "/settings/audit"):
        page = (await admin.get(path)).page
        assert not page.all(data_part="trap") and name in page.text, path
    (row,) = (await admin.get("/")).page.all("tr", data_call_sid="CA1")
    assert json.loads(row.attributes["data-alerts"])[0]["rule"] == name
    (transcript,) = (await admin.get("/calls/CA1")).page.all("live-transcript")
    assert json.loads(transcript.attributes["data-alerts"])[0]["rule"] == name


async def test_a_silence_has_a_row_of_its_own_between_what_was_said(house, admin):
    await admin.sign_in()
    await admin.submit("/settings/alerts", name="Dead air", kind="silence", threshold="20")
    await house.say("CA1", "s1", "Hello", segment_start=0.5)
    house.clock.advance(21)
    await house.pipeline.notice_silences()
    async with asyncio.timeout(PATIENCE_S):
        while not await house.get("/api/v1/calls/sid/CA1/alerts"):
            pass
    await house.say("CA1", "s2", "Sorry, I was away", segment_start=22.0)
    page = (await admin.get("/calls/CA1")).page
    items = [item.text.split(" ")[0] for item in page.all("li") if "class" in item.attributes]
    assert items[:4] == ["Customer", "Alert:", "21", "Customer"], "the alert, and how long the silence was"
