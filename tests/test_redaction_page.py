"""Settings → Redaction: on and off, since when, patterns refused beside their field, texts tried and not kept."""

import pytest

from audit_log import logged
from models import redaction_settings
from redaction import KINDS
from test_redaction_calls import SAID, STORED, on_disk
from visitor import Visitor

PAGE, PATTERNS = "/settings/redaction", "/settings/redaction/patterns"


@pytest.fixture
def admin(house) -> Visitor:
    return Visitor(house)


async def stored(house) -> list[str]:
    return [item["content"] for item in await house.get("/api/v1/calls/sid/CA1/transcripts?after=0")]


async def test_it_is_off_until_it_is_turned_on_and_says_since_when(house, admin):
    page = (await (await admin.sign_in()).get(PAGE)).page
    assert page.part("state") == "Off: everything is stored as it was said."
    await house.say("CA1", "s1", SAID)
    page = await admin.submit(PAGE, state="on", kinds=list(KINDS))
    assert "Redaction is on" in page.text
    assert page.part("state").startswith("On since 2026-02-02 ")
    assert "What was stored before is as it was." in page.part("state")
    await house.say("CA1", "s2", SAID)
    since = page.part("state")
    house.clock.advance(3600)
    page = await admin.submit(PAGE, state="on", kinds=["email"])
    assert page.part("state") == since, "another choice of kinds is no new beginning"
    assert [e.attributes["value"] for e in page.all("input", name="kinds") if "checked" in e.attributes] == ["email"]
    page = await admin.submit(PAGE, state="off")
    assert page.part("state").startswith("Off since 2026-02-02 ") and page.part("state") != since
    await house.say("CA1", "s3", SAID)
    assert await stored(house) == [SAID, STORED, SAID]
    told = [one.action for one in await logged(house) if one.action.startswith("redaction")]
    assert told == ["redaction.turned_on", "redaction.changed", "redaction.turned_off"]


async def test_the_page_tells_its_limits_and_what_was_hidden(house, admin):
    page = await (await admin.sign_in()).submit(PAGE, state="on", kinds=list(KINDS))
    for words in ("four one one one", "from and to", "Nothing yet."):
        assert words in page.text
    await house.say("CA1", "s1", SAID)
    house.clock.advance(31 * 86_400)
    await admin.sign_in()
    await house.say("CA1", "s2", SAID)
    page = (await admin.get(PAGE)).page
    (row,) = [e.text for e in page.all("tr") if "[CARD]" in e.text]
    assert row == "[CARD] 1 2"


async def test_a_pattern_is_added_held_and_deleted(house, admin):
    await (await admin.sign_in()).submit(PAGE, state="on")
    page = await admin.submit(PATTERNS, label="order", pattern=r"\bORD-?\d{6}\b")
    assert "What fits the pattern is shown as [ORDER] from the next words on." in page.text
    assert r"\bORD-?\d{6}\b" in [e.text for e in page.all("code")]
    await house.say("CA1", "s1", "It is ord-123456 indeed")
    page = await admin.submit(f"{PATTERNS}/1/delete")
    assert r"\bORD-?\d{6}\b" not in page.text
    await house.say("CA1", "s2", "It is ord-123456 indeed")
    assert await stored(house) == ["It is [ORDER] indeed", "It is ord-123456 indeed"]
    assert (await admin.post(f"{PATTERNS}/1/delete")).code == 404
    assert [(one.action, one.target) for one in await logged(house) if "pattern" in one.action] == [
        ("redaction.pattern_added", "ORDER"),
        ("redaction.pattern_deleted", "ORDER"),
    ]


@pytest.mark.parametrize(
    ("field", "fields", "words"),
    [
        ("label", {"label": ""}, "A label is needed, such as ORDER."),
        ("label", {"label": "a1"}, "2 to 20 of the letters A to Z, with - or _ between them."),
        ("label", {"label": "[card]"}, "[CARD] is what Callboard itself hides: choose another label."),
        ("pattern", {"pattern": ""}, "A pattern is needed."),
        ("pattern", {"pattern": "("}, "RE2 cannot read this: missing ): (."),
        ("pattern", {"pattern": "<b>("}, "RE2 cannot read this: missing ): <b>(."),
        ("pattern", {"pattern": "x*"}, "This fits where there is nothing: at least one character must be needed."),
        ("pattern", {"pattern": "x" * 201}, "At most 200 characters, and this is 201."),
    ],
)
async def test_a_pattern_that_cannot_be_is_refused_beside_its_field(house, admin, field, fields, words):
    answer = await (await admin.sign_in()).post(PATTERNS, **{"label": "ORDER", "pattern": "x"} | fields)
    assert answer.code == 422
    assert answer.page.errors == {field: words} and answer.page.focused == [field]
    assert (await house.store.read(redaction_settings.settings, house.organization_id)).patterns == ()


async def test_a_text_is_tried_with_what_is_stored_and_what_is_typed_and_kept_nowhere(house, admin, sqlite_url):
    await admin.sign_in()
    tried = {"do": "try", "text": "<b> My card is 4111 1111 1111 1111 for order 7 ok"}
    page = (await admin.post(PATTERNS, **tried)).page
    assert page.part("tried") == "<b> My card is [CARD] for order 7 ok"
    assert [e.text for e in page.all("span", class_="chip") if e.text == "[CARD]"]
    page = (await admin.post(PATTERNS, **tried, label="order", pattern=r"order \d")).page
    assert page.part("tried") == "<b> My card is [CARD] for [ORDER] ok"
    assert "1 × [CARD], 1 × [ORDER]" in page.text
    answer = await admin.post(PATTERNS, **tried, label="order", pattern="(")
    assert answer.code == 422 and set(answer.page.errors) == {"pattern"}
    assert not answer.page.all(data_part="tried")
    page = (await admin.post(PATTERNS, do="try", text="")).page
    assert page.part("tried") == "nothing"
    assert b"4111 1111" not in on_disk(sqlite_url)
    assert [one.action for one in await logged(house)] == ["signed_in"]


async def test_a_state_that_is_none_is_refused(house, admin):
    answer = await (await admin.sign_in()).post(PAGE, state="perhaps", kinds="email")
    assert answer.code == 422 and answer.page.errors == {"state": "Choose one of these."}


async def test_the_pages_show_labels_as_chips_and_everything_else_as_text(house, admin):
    await (await admin.sign_in()).submit(PAGE, state="on", kinds=list(KINDS))
    await house.say("CA1", "s1", f"<i> {SAID} & mallory@example.com")
    for path in ("/", "/calls/CA1"):
        page = (await admin.get(path)).page
        assert [e.text for e in page.all("span", class_="chip")] == ["[CARD]", "[EMAIL]"], path
        assert f"<i> {STORED} & [EMAIL]" in page.text and not page.all("i")
