"""A day's work in a browser without JavaScript: every page is whole, merely not live, and every form works."""

import pytest

from browser import chromium, new_page
from models import retention
from test_journey_keyboard import a_day, text_of
from test_pages import sign_in
from test_wall_page import row, shown

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")


async def test_calls_are_watched_noted_exported_searched_and_settings_made_without_scripts(house):
    await a_day(house)
    async with new_page(java_script_enabled=False) as page:
        await sign_in(page, house.url)
        assert await shown(page) == ["CA2", "CA1"]
        assert await page.inner_text(row("CA2", " .tag.is-alert")) == "Refund ×2"
        await page.click(row("CA2"))

        await page.wait_for_selector("h1:text-is('+15550141')")
        assert await page.locator(".segment").count() == 80
        assert await page.locator(".segment-words mark").all_inner_texts() == ["refund", "refund"]
        assert await page.is_visible("text=not live") and await page.is_visible(".timeline-board")
        await house.say("CA2", "s-80", "And so on.", segment_start=320.0)
        await page.click(".connection a:text-is('Reload')")
        await page.wait_for_selector(".segment-words:text-is('And so on.')")
        await page.click("text=Write a note")
        await page.fill(".note-new .note-field", "He means the blue one.")
        await page.fill(".note-new .note-at", "2:00")
        await page.click("text=Add note")
        await page.wait_for_selector(".note-text:text-is('He means the blue one.')")

        await page.click(".export summary")
        await page.check("[name=notes]")
        async with page.expect_download() as download:
            await page.click(".export-link[value=csv]")
        exported = await text_of(download)
        assert "I want a refund." in exported and "He means the blue one." in exported

        await page.goto(house.url + await page.get_attribute("a:has-text('Captions')", "href"))
        await page.wait_for_selector(".captions-words:text-is('And so on.')")
        await page.click(".connection a:text-is('Reload')")
        await page.goto(house.url)

        await page.click("nav a:has-text('History')")
        await page.fill("[name=q]", "saddle")
        await page.click("button:text-is('Search')")
        await page.click(".found-segment")
        await page.wait_for_selector(".segment:target:has-text('My saddle squeaks')")

        await page.click("nav a:has-text('Settings')")
        await page.click(".tab:text-is('Retention')")
        await page.check("[name=state][value=days]")
        await page.fill("[name=days]", "many")
        await page.click("button:text-is('Save')")
        await page.wait_for_selector("[name=days][aria-invalid=true]")
        await page.fill("[name=days]", "30")
        await page.click("button:text-is('Save')")
        await page.wait_for_selector("[role=status]")
        assert (await house.store.read(retention.rule, house.organization_id)).days == 30

        await page.click("button:text-is('Sign out')")
        await page.wait_for_selector("[name=password]")
        await page.goto(house.url + "/calls/CA2")
        await page.wait_for_selector("h1:text-is('Sign in')")
