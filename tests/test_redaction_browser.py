"""Redaction in a real browser: its page is usable by everyone, and labels are chips, read and copied as text."""

import pytest

from browser import chromium, new_page
from test_pages import sign_in
from test_redaction_calls import SAID, STORED, turn
from test_settings_browser import assert_fit_for_everyone
from test_wall_page import LIVE

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

LIVE_CALL = "[data-part=connection] [role=status]:has-text('Live')"


async def test_the_page_is_fit_for_everyone_with_patterns_counts_and_errors(house):
    await turn(house)
    await house.say("CA1", "s1", SAID)
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/settings/redaction")
        await page.wait_for_selector("[data-part=state]:has-text('On since')")
        await assert_fit_for_everyone(page, "on", in_the_dark=True)
        await page.fill("[name=label]", "order")
        await page.fill("[name=pattern]", "ord-[0-9]{6}")
        await page.fill("[name=text]", f"{SAID}, for ORD-123456 please")
        await page.click("button:text-is('Try')")
        await page.wait_for_selector("[data-part=tried]")
        assert await page.inner_text("[data-part=tried]") == f"{STORED}, for [ORDER] please"
        await assert_fit_for_everyone(page, "tried", in_the_dark=True)
        await page.click("button:text-is('Add pattern')")
        await page.wait_for_selector(".redaction-pattern .chip:text-is('[ORDER]')")
        await page.fill("[name=label]", "x")
        await page.fill("[name=pattern]", "(")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("#error-pattern")
        assert await page.evaluate("document.activeElement.name") == "label"
        await assert_fit_for_everyone(page, "refused", in_the_dark=True)


async def test_labels_are_chips_on_a_call_as_it_goes_and_copied_as_text(house):
    await turn(house)
    await house.say("CA1", "s1", SAID)
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE_CALL)
        words = page.locator(".segment-words")
        assert await words.nth(0).inner_text() == STORED
        await house.say("CA1", "s2", "It is 4111 11", is_final=False)
        await page.wait_for_selector(".segment.is-interim .chip:text-is('[NUMBER]')")
        await house.say("CA1", "s2", "It is 4111 1111 1111 1111, <b>mallory@example.com</b>")
        await page.wait_for_selector(".segment:not(.is-interim) .chip:text-is('[EMAIL]')")
        assert await words.nth(1).inner_text() == "It is [CARD], <b>[EMAIL]</b>"
        assert await words.nth(1).locator("> *").count() == 2
        selected = "n => { getSelection().selectAllChildren(n); return getSelection().toString() }"
        assert await words.nth(1).evaluate(selected) == "It is [CARD], <b>[EMAIL]</b>"
        await house.say("CA1", "s2", "It is no number")
        await page.wait_for_selector(".segment-words:text-is('It is no number')")
        assert await words.nth(1).locator("*").count() == 0
        await house.say("CA1", "s3", SAID, speaker="assistant")
        await page.wait_for_selector(".segment >> nth=2")
        await assert_fit_for_everyone(page, "call", in_the_dark=True)


async def test_labels_are_chips_on_the_wall_with_the_blanks_around_them(house):
    await turn(house)
    await house.say("CA1", "s1", SAID)
    async with new_page(viewport={"width": 1280, "height": 700}) as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        words = page.locator(".call-row .said-words")
        assert await words.inner_text() == STORED
        height = await page.locator(".call-row").evaluate("n => n.getBoundingClientRect().height")
        await house.say("CA1", "s2", "so 4111 1111 1111 1111 is it, ok", is_final=False)
        await page.wait_for_selector(".said.is-interim .chip:text-is('[CARD]')")
        assert await words.inner_text() == "so [CARD] is it, ok"
        gaps = "n => [...n.querySelectorAll('.chip')].map(c => c.previousSibling.data + '|' + c.nextSibling.data)"
        assert await words.evaluate(gaps) == ["so | is it, ok"]
        await house.say("CA1", "s2", "plain")
        await page.wait_for_selector(".said:not(.is-interim) .said-words:text-is('plain')")
        assert await page.locator(".call-row").evaluate("n => n.getBoundingClientRect().height") == height
        await house.say("CA1", "s3", SAID)
        await page.wait_for_selector(".call-row .chip")
        await assert_fit_for_everyone(page, "wall", in_the_dark=True)
