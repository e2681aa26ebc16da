"""A supervisor's work by keyboard alone, from signing in to signing out, with the focus in sight at every stop."""

import asyncio

import pytest

from alerting import make_rule
from browser import chromium, new_page
from test_call_page import LEFT_OVER, found
from test_wall_page import LIVE, announce, produce, row, shown

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

# Where the focus is, and what is wrong with how it looks there: every stop is marked, and nothing lies over it.
STOP = """() => {
  const stop = document.activeElement, seen = stop.matches('[type=radio]') ? stop.nextElementSibling : stop;
  const isMarked = [getComputedStyle(seen), getComputedStyle(seen, '::after')].some(
    ({ outlineStyle, outlineWidth }) => outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2);
  const [box] = seen.getClientRects(), at = [box.left + Math.min(box.width / 2, 20), box.top + box.height / 2];
  const there = document.elementFromPoint(...at);
  const isClear = there && (seen.contains(there) || there.contains(seen));
  return { html: stop.outerHTML.slice(0, 200), isMarked, isClear, at };
}"""


async def seen(page) -> None:
    """Whoever has the focus looks like it."""
    stop = await page.evaluate(STOP)
    assert stop["isMarked"] and stop["isClear"], stop


async def tab_to(page, target: str, key: str = "Tab") -> None:
    for _ in range(60):
        await page.keyboard.press(key)
        await seen(page)
        if await page.evaluate("target => document.activeElement.matches(target)", target):
            return
    raise AssertionError(f"{key} does not lead to {target}")


async def press(page, *keys: str) -> None:
    for key in keys:
        await page.keyboard.press(key)


async def text_of(download) -> str:
    path = await (await download.value).path()
    return await asyncio.to_thread(path.read_text)


async def a_day(house) -> None:
    """A call of yesterday, and two of now, of which the second has an alert."""
    await house.say("CA0", "u-1", "My saddle squeaks since Monday.", segment_start=3.0)
    await house.end("CA0")
    await house.services.searching.catch_up()
    house.clock.advance(86_400)
    await make_rule(house, "Refund", "phrase", "refund")
    for number, sid in enumerate(("CA1", "CA2")):
        await announce(house, sid, from_number=f"+1555014{number}", direction="inbound")
    await house.say("CA1", "u-1", "Is my bike ready?")
    said = {n: f"Sentence number {n} of this call." for n in range(80)} | {30: "I want a refund.", 60: "The refund?"}
    data = [
        {"segment_id": f"s-{n}", "content": words, "segment_start": n * 4.0, "segment_end": n * 4.0 + 3}
        for n, words in said.items()
    ]
    of_one = {"speaker": "user"}
    await produce(house, [{"type": "transcript", "call_sid": "CA2", "data": one | of_one} for one in data])


async def test_a_call_with_an_alert_is_found_followed_marked_linked_and_exported_by_keyboard(house):
    await a_day(house)
    async with new_page(
        permissions=["clipboard-read", "clipboard-write"], viewport={"width": 1000, "height": 700}
    ) as page:
        await page.goto(house.url)
        await seen(page)  # the field for the email has the focus already
        await page.keyboard.type("ada@example.com")
        await tab_to(page, "[name=password]")
        await page.keyboard.type("correct horse")
        await press(page, "Enter")

        await page.wait_for_selector(LIVE)
        await tab_to(page, ".skip-link")
        await tab_to(page, "select[name=alerts]")
        await press(page, "ArrowDown")
        await page.wait_for_selector(row("CA1"), state="detached")
        assert await shown(page) == ["CA2"]
        await tab_to(page, ".call-link")
        await press(page, "Enter")

        await page.wait_for_url("**/calls/CA2")
        await page.wait_for_selector(LIVE)
        await page.wait_for_function(f"() => {LEFT_OVER} < 80")
        await press(page, "PageUp", "PageUp")
        await page.wait_for_selector("[data-part=jump]:visible")
        await house.say("CA2", "s-80", "And so on.", segment_start=320.0)
        await page.wait_for_selector("[data-part=jump]:has-text('1 new')")
        await press(page, "End")
        await page.wait_for_function(f"() => {LEFT_OVER} < 80")

        await press(page, "/")
        await page.wait_for_selector("[name=find]:focus")
        await seen(page)
        await page.keyboard.type("want a refund")
        await found(page, "1 of 1")
        await press(page, "Escape")
        await page.wait_for_selector("#seg-s-30:focus")
        await seen(page)
        await press(page, "m")
        await page.wait_for_selector(".note.is-mark .note-field:focus")
        await seen(page)
        await page.keyboard.type("He means the blue one.")
        await press(page, "Control+Enter")
        await page.wait_for_selector("#seg-s-30 .segment-notes")
        await page.wait_for_selector("#seg-s-30:focus")
        await tab_to(page, "[data-step=link-segment]")
        await press(page, "Enter")
        await page.wait_for_selector("[data-step=link-segment]:text-is('Copied')")
        link = await page.evaluate("navigator.clipboard.readText()")

        await tab_to(page, ".export > summary", "Shift+Tab")
        await press(page, "Enter")
        await tab_to(page, "[name=notes]")
        await press(page, "Space")
        await tab_to(page, ".export-link[value=txt]")
        async with page.expect_download() as download:
            await press(page, "Enter")
        exported = await text_of(download)
        assert "I want a refund." in exported and "He means the blue one." in exported

        await tab_to(page, ".masthead-nav a[href='/calls']", "Shift+Tab")
        await press(page, "Enter")
        await page.wait_for_url("**/calls")
        await page.wait_for_load_state()  # with its module
        await press(page, "/")
        await seen(page)
        await page.keyboard.type("saddle")
        await press(page, "Enter")
        await page.wait_for_selector("mark")
        await tab_to(page, ".found-segment")
        await press(page, "Enter")
        await page.wait_for_selector(".segment:target .segment-words:has-text('My saddle squeaks')")
        await tab_to(page, ".signed-in button", "Shift+Tab")
        await press(page, "Enter")
        await page.wait_for_selector("[name=email]")
        assert link == f"{house.url}/calls/CA2#seg-s-30"
