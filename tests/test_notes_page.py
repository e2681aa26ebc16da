"""Notes, marks, links to a moment, and who watches, in a real browser: two supervisors at one call."""

import asyncio
import os
from pathlib import Path

import pytest

from audit_log import logged
from browser import chromium, new_page
from patience import PATIENCE_S
from test_pages import sign_in
from test_settings_browser import assert_fit_for_everyone
from test_wall_page import LIVE, announce

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
PICTURES = os.environ.get("CALLBOARD_TEST_PICTURES")  # a folder to look at
NOTE = "<b>Bold</b> claim: the customer “owns” the shop.\nCheck it."
ODD = "s 2/ä#%25"  # a segment's id, which somebody else chose


async def picture(page, name: str) -> None:
    if not PICTURES:
        return
    size = page.viewport_size
    for scheme in ("light", "dark"):
        for width in (1600, 1024, 320):
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size({"width": width, "height": 800})
            await page.screenshot(path=Path(PICTURES) / f"{name}-{scheme}-{width}.png")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(size)


async def a_call(house) -> None:
    await announce(house, "CA1", direction="inbound", from_number="+15550142")
    for n in range(30):
        who = "assistant" if n % 2 else "user"
        said = f"Sentence {n}, which is long enough to be read as one."
        await house.say(
            "CA1", ODD if n == 2 else f"s{n}", said, speaker=who, segment_start=4.0 * n, segment_end=4 * n + 3
        )


def place_of(segment_id: str) -> str:
    """Where its top is, px below the top of the window."""
    return f"document.getElementById('seg-{segment_id}').getBoundingClientRect().top"


async def test_a_moment_is_marked_noted_linked_and_seen_by_a_second_supervisor(house):
    await house.user("sue@example.com", house.organization_id, "supervisor")
    await a_call(house)
    async with new_page(permissions=["clipboard-read", "clipboard-write"]) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE)
        await page.wait_for_selector(".company-face bdi:text-is('ada@example.com (you)')")
        await page.keyboard.press("m")  # it follows: the newest
        await page.wait_for_selector(".note.is-mark .note-field:focus")
        assert await page.inner_text(".note .note-moment") == "1:56"
        await page.keyboard.press("Escape")
        assert await page.locator(".note-edit[open]").count() == 0
        await page.wait_for_selector("#seg-s29 .segment-notes a:text-is('Mark')")
        assert await page.evaluate("document.activeElement === document.body")

        await page.evaluate("document.querySelector('live-transcript').goTo('s 2/ä#%25')")
        await page.keyboard.press("m")
        await page.wait_for_selector(".note.is-mark .note-field:focus")
        await page.keyboard.type(NOTE)
        await page.keyboard.press("Control+Enter")
        noted = page.locator(".note:not(.is-mark)")
        await noted.wait_for()
        assert await noted.locator(".note-text").inner_text() == NOTE
        assert await page.evaluate("document.activeElement.dataset.segmentId") == ODD, "back where the reader was"
        assert await page.locator(".note-moment").all_inner_texts() == ["0:08", "1:56"], "in order of time"
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.dataset.step") == "link-segment"
        await picture(page, "notes")
        await page.keyboard.press("Enter")
        link = None
        async with asyncio.timeout(PATIENCE_S):
            while not link or "#" not in link:
                link = await page.evaluate("navigator.clipboard.readText()")
        assert link == f"{house.url}/calls/CA1#seg-s%202%2F%C3%A4%23%2525"
        await assert_fit_for_everyone(page, "notes", in_the_dark=True)

        other = await (await page.context.browser.new_context()).new_page()
        await other.goto(link)
        await other.fill("input[name=email]", "sue@example.com")
        await other.fill("input[name=password]", "correct horse")
        await other.click("button[type=submit]")
        await other.wait_for_url("**/calls/CA1*")
        await other.goto(link)
        await other.wait_for_selector(LIVE)
        await page.wait_for_selector(".company-face bdi:text-is('sue@example.com')")
        assert await page.inner_text("[data-part=company-count]") == "2 of 10"
        assert (await page.inner_text(".call-bar-with")).endswith(" · 2 watching")
        assert await other.locator(":target").get_attribute("data-segment-id") == ODD
        assert 0 <= await other.evaluate(place_of(ODD)) < 400
        assert await other.locator(".note-text").all_inner_texts() == [NOTE, "Mark"]
        assert await other.locator(".note-edit").count() == 0, "they are another's"
        await house.say("CA1", "s30", "And on it goes.", segment_start=121.0)
        await other.wait_for_selector("#seg-s30")
        assert 0 <= await other.evaluate(place_of(ODD)) < 400, "it does not follow"

        await other.click("text=Write a note")
        await other.fill(".note-new .note-field", "The shop is his brother's.")
        await other.fill(".note-new .note-at", "1:10")
        await other.click("text=Add note")
        await page.wait_for_selector('.note-text:text-is("The shop is his brother\'s.")')
        assert await page.locator(".note-moment").all_inner_texts() == ["0:08", "1:10", "1:56"]
        await other.goto("about:blank")
        await page.wait_for_selector("[data-part=company-count]:text-is('1 of 10')")

        await page.set_viewport_size({"width": 320, "height": 640})
        assert not await page.is_visible("#notes"), "folded away"
        before = await page.evaluate("scrollY")
        await page.keyboard.press("m")
        await page.wait_for_selector(".note-edit[open] .note-field:focus")
        await picture(page, "form")
        await page.set_viewport_size({"width": 320, "height": 640})
        await page.keyboard.press("Escape")
        assert not await page.is_visible("#notes")
        assert abs(await page.evaluate("scrollY") - before) < 2
        await page.set_viewport_size({"width": 1280, "height": 720})
        assert await page.locator(".note").count() == 4

        await page.evaluate("location.hash = 'seg-later'")
        await house.say("CA1", "later", "Here it is.", segment_start=1.0)
        await page.wait_for_selector("#seg-later:target")
        assert await page.evaluate("document.activeElement.id") == "seg-later"
        await noted.first.locator("summary").click()
        await noted.first.locator("text=Remove").click()
        await page.wait_for_selector(".segment:has(.segment-words:text('Sentence 2,')):not(:has(.segment-notes))")
        await page.reload()
        assert await page.locator(".note-text").all_inner_texts() == ["Mark", "The shop is his brother's.", "Mark"]
    deeds = [(one.action, one.actor, one.target) for one in await logged(house) if one.action.startswith("note.")]
    assert deeds == [
        ("note.added", "ada@example.com", "CA1"),
        ("note.added", "ada@example.com", "CA1"),
        ("note.changed", "ada@example.com", "CA1"),
        ("note.added", "sue@example.com", "CA1"),
        ("note.added", "ada@example.com", "CA1"),
        ("note.removed", "ada@example.com", "CA1"),
    ]
