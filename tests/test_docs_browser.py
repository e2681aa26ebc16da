"""The developers' pages in a real browser: fit for everyone, whole without scripts, asking nobody else for anything."""

import pytest

from browser import chromium, new_page
from test_settings_browser import assert_fit_for_everyone

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
KINDS = ("", "/protocol", "/rest", "/messages", "/examples")
FEWER = "all => all.filter((_, number) => number % 6).forEach(entry => entry.remove())"  # alike: axe takes a minute


async def test_every_kind_of_page_is_fit_for_everyone_and_an_example_can_be_chosen_and_copied(house):
    asked = []
    async with new_page(permissions=["clipboard-read", "clipboard-write"]) as page:
        page.on("request", lambda request: asked.append(request.url))
        for path in KINDS:
            await page.set_viewport_size({"width": 320, "height": 640})
            await page.goto(f"{house.url}/docs{path}")
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            await page.set_viewport_size({"width": 1280, "height": 720})
            await page.locator(".entry").evaluate_all(FEWER)
            await assert_fit_for_everyone(page, path, in_the_dark=True)
        assert [url for url in asked if not url.startswith(house.url)] == []
        await page.goto(house.url + "/docs")
        await page.focus("[value=javascript]")
        await page.keyboard.press("ArrowRight")
        example = page.locator("[data-language=python] .code", has_text="Feed one call")
        await example.locator("button").click()
        await example.locator("button:text-is('Copied')").wait_for()
        copied = await page.evaluate("navigator.clipboard.readText()")
        assert copied == await example.locator("pre").text_content()
        assert f'"{house.url}"' in copied
        assert not await page.locator("[data-language=javascript] pre").first.is_visible()
        await page.set_viewport_size({"width": 320, "height": 640})
        await page.click("summary:text-is('All pages')")
        await page.click(".docs-menu a:text-is('Protocol')")
        await page.click("summary:text-is('On this page')")
        await page.click(".docs-menu a:text-is('Tickets')")
        assert await page.locator("#tickets").evaluate("e => Math.abs(e.getBoundingClientRect().top) < 100")


async def test_the_pages_are_whole_without_scripts(house):
    async with new_page(java_script_enabled=False, viewport={"width": 1600, "height": 900}) as page:
        await page.goto(house.url + "/docs")
        assert await page.locator("button:visible").count() == 0
        await page.check("[value=python]")
        await page.wait_for_selector("[data-language=python] pre >> nth=0")
        await page.click(".docs-side a:text-is('REST')")
        await page.click(".docs-contents a:text-is('Say what was said')")
        await page.wait_for_selector("h3:has-text('Say what was said')")
