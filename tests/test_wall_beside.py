"""A call beside the live wall, what holds the list still meanwhile, and what is told outside of the page."""

import pytest
from axe_playwright_python.async_playwright import Axe

from browser import chromium, new_page
from models import sources
from test_pages import sign_in
from test_wall_page import LIVE, announce, row, shown

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

FOCUSED = "document.activeElement.closest('.call-row')?.dataset.callSid"
IN_FRAME = "iframe.beside-frame"


async def begin(house, *sids: str) -> None:
    for sid in sids:
        house.clock.advance(1)
        await announce(house, sid, from_number=f"+1555010{sid[-1]}", direction="inbound")
        await house.say(sid, "u-1", f"Words of {sid}")


async def test_a_call_opens_beside_the_list_and_the_address_tells_which(house):
    await begin(house, "CA1", "CA2", "CA3")
    async with new_page(viewport={"width": 1300, "height": 800}) as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        for key in ("j", "j", "Enter"):
            await page.keyboard.press(key)
        call = page.frame_locator(IN_FRAME)
        await call.locator(LIVE).wait_for()
        assert page.url == house.url + "/?call=CA2"
        assert await page.get_attribute(IN_FRAME, "title") == "Call +15550102"
        assert not await call.locator(".masthead").count()
        assert await page.evaluate(FOCUSED) == "CA2", "the list is still what the keys are for"
        await house.say("CA3", "u-2", "Still live")
        await page.wait_for_selector(row("CA3", " .said-words:text-is('Still live')"))
        await house.say("CA2", "u-2", "Live there, too")
        await call.locator("li.segment:has-text('Live there, too')").wait_for()
        found = [("light", await Axe().run(page))]
        await page.keyboard.press("j")
        await page.keyboard.press("Enter")
        await call.locator("li.segment:has-text('Words of CA1')").wait_for()
        await page.emulate_media(color_scheme="dark")
        await page.click("[data-part=more]")
        found.append(("dark, filters open", await Axe().run(page)))
        await page.reload()
        await call.locator(LIVE).wait_for()
        assert await page.locator(".call-row.is-open").get_attribute("data-call-sid") == "CA1"
        await page.focus(row("CA1", " .call-link"))
        await page.keyboard.press("Enter")  # once more: into the call
        await page.wait_for_function("document.activeElement.matches('iframe')")
        await page.keyboard.press("Escape")  # and out of it
        await page.wait_for_selector(IN_FRAME, state="detached")
        await page.wait_for_url(lambda url: "call=" not in url)
        assert await page.evaluate(FOCUSED) == "CA1"
        await page.click(row("CA3"))
        await page.wait_for_selector(IN_FRAME)
        await page.go_back()
        await page.wait_for_selector(IN_FRAME, state="detached")
        await page.go_forward()
        await call.locator("li.segment:has-text('Still live')").wait_for()
        await page.set_viewport_size({"width": 1000, "height": 800})
        assert not await page.is_visible(".call-row")
        await page.click("[data-beside=close]")
        await page.click(row("CA1"))
        await page.wait_for_url(house.url + "/calls/CA1")
    for name, result in found:
        assert result.violations_count == 0, (name, result.generate_report())


async def test_a_list_that_is_read_holds_its_order_and_says_so(house):
    await begin(house, "CA1", "CA2", "CA3")
    async with new_page(viewport={"width": 1300, "height": 800}) as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        await page.select_option("select[name=order]", "attention")
        await page.focus(row("CA3", " .call-link"))
        house.clock.advance(100)  # all are silent now, the oldest most
        await begin(house, "CA4")
        await page.wait_for_selector("[data-part=update]:has-text('in order')")
        assert [sid for sid in await shown(page) if sid != "CA4"] == ["CA3", "CA2", "CA1"]
        await page.click("[data-part=update]")
        await page.wait_for_selector("[data-part=update]", state="hidden")
        assert await shown(page) == ["CA1", "CA2", "CA3", "CA4"]
        assert await page.evaluate(FOCUSED) == "CA3"


async def test_the_wall_names_sources_in_trouble_and_the_calls_that_wait_for_them(house):
    organization_id = house.organization_id
    made = (organization_id, 1, "twilio", "secret", None)  # of the assistant that the house has
    endpoint = await house.store.write(sources.create, house.clock(), *made)
    source = await house.store.read(sources.by_endpoint, "twilio", endpoint)
    await announce(house, "CA1", provider="twilio")
    await announce(house, "CA2")
    house.services.activity.rejected(source.id, "bad_signature", None)
    async with new_page(java_script_enabled=False) as page:
        await sign_in(page, house.url)
        assert "What Twilio for Front desk sends is refused" in await page.inner_text("[data-part=troubles]")
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(row("CA1", " .is-trouble:text-is('source refusing')"))
        assert not await page.is_visible(row("CA2", " .is-trouble"))
        house.services.activity.heard(source.id)
        async with page.expect_response("**/live-calls/health"):
            await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await page.wait_for_selector("[data-part=troubles]", state="hidden")
        house.clock.advance(60)
        async with page.expect_response("**/live-calls/health"):
            await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await page.wait_for_selector(row("CA1", " .is-trouble:text-is('source silent')"))
        assert await page.is_visible("text=Twilio for Front desk is silent: the last event came")
        assert (await Axe().run(page)).violations_count == 0
