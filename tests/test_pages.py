"""The pages in a real browser: sign in, open a call, read along, through a restart of the server."""

import asyncio

import pytest
from axe_playwright_python.async_playwright import Axe

from browser import chromium, new_page
from house import Clock, open_house
from patience import PATIENCE_S
from postgres import free_port

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")


async def sign_in(page, url: str) -> None:
    await page.goto(url)
    await page.fill("input[name=email]", "ada@example.com")
    await page.fill("input[name=password]", "correct horse")
    await page.click("button[type=submit]")
    await page.wait_for_selector("h1:has-text('Live calls')")


async def spoken(page) -> list[str]:
    return await page.locator(".segments .segment-words").all_inner_texts()


async def test_a_supervisor_reads_a_call_as_it_is_spoken_and_through_a_restart(sqlite_url):
    port, clock = free_port(), Clock()
    async with new_page(viewport={"width": 1000, "height": 800}) as page:  # on wider ones a call opens beside the list
        async with open_house(sqlite_url, clock, port=port) as house:
            await house.furnish()
            furniture = house.furniture
            await house.say("CA1", "a-1", "Front desk, good morning.", speaker="assistant", segment_start=0.5)
            await sign_in(page, house.url)
            await page.click("a[href='/calls/CA1']")
            await page.wait_for_selector("[role=status]:has-text('Live')")
            assert await spoken(page) == ["Front desk, good morning."]
            await page.evaluate("window.stillTheSamePage = true")
            said = ""
            for word in ["Is", "my", "bike", "ready?"]:
                said = f"{said} {word}".strip()
                await house.say("CA1", "u-1", said, is_final=False, segment_start=2.0)
                await page.wait_for_selector(f".segment-words:text-is('{said}')")
            await house.say("CA1", "u-1", "Is my bike ready?", segment_start=2.0, segment_end=3.0)
            await page.wait_for_selector(".segment:not(.is-interim) .segment-words:text-is('Is my bike ready?')")
            assert await spoken(page) == ["Front desk, good morning.", "Is my bike ready?"]
        await page.wait_for_selector("[role=status]:has-text('restarting'), [role=status]:has-text('Reconnecting')")
        async with open_house(sqlite_url, clock, port=port) as house:
            house.furniture = furniture
            await house.say("CA1", "a-2", "It is ready since Monday.", speaker="assistant", segment_start=4.0)
            await page.wait_for_selector(".segment-words:text-is('It is ready since Monday.')")
            await page.wait_for_selector("[role=status]:has-text('Live'), [role=status]:has-text('Back')")
            assert await spoken(page) == ["Front desk, good morning.", "Is my bike ready?", "It is ready since Monday."]
            assert await page.evaluate("window.stillTheSamePage")
            await house.end("CA1")
            house.clock.advance(6)
            await page.wait_for_selector("[role=status]:has-text('Ended')")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_have_no_accessibility_violations(house, scheme):
    await house.say("CA1", "a-1", "Front desk, good morning.", speaker="assistant", segment_start=0.5, confidence=0.3)
    async with new_page(color_scheme=scheme) as page:
        await page.goto(house.url + "/sign-in")
        found = [("sign-in", await Axe().run(page))]
        await sign_in(page, house.url)
        found.append(("calls", await Axe().run(page)))
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector("[role=status]:has-text('Live')")
        await house.say("CA1", "u-1", "Is my", is_final=False, segment_start=2.0)
        await page.wait_for_selector(".segment-words:text-is('Is my')")
        found.append(("call", await Axe().run(page)))
        await page.goto(house.url + "/nothing-here")
        found.append(("error", await Axe().run(page)))
    for name, result in found:
        assert result.violations_count == 0, (name, result.generate_report())


async def test_pages_are_complete_without_javascript(house):
    await house.say("CA1", "a-1", "Front desk, good morning.", speaker="assistant", segment_start=0.5)
    async with new_page(java_script_enabled=False) as page:
        await sign_in(page, house.url)
        await page.click("a[href='/calls/CA1']")
        assert await spoken(page) == ["Front desk, good morning."]
        await page.click("button:has-text('Sign out')")
        await page.wait_for_selector("input[name=password]")


async def test_a_wrong_password_says_so_and_a_foreign_page_is_no_place_to_go_on_to(house):
    async with new_page() as page:
        await page.goto(house.url + "/sign-in?next=//example.com/")
        await page.fill("input[name=email]", "ada@example.com")
        await page.fill("input[name=password]", "wrong")
        await page.click("button[type=submit]")
        await page.wait_for_selector("text=do not fit together")
        await page.fill("input[name=password]", "correct horse")
        await page.click("button[type=submit]")
        await page.wait_for_selector("h1:has-text('Live calls')")
        assert page.url == house.url + "/"


async def test_a_page_that_loses_its_right_takes_the_words_off_the_screen(house):
    await house.say("CA1", "a-1", "Front desk, good morning.", speaker="assistant", segment_start=0.5)
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector("[role=status]:has-text('Live')")
        from models import accounts

        await house.user("bob@example.com", house.organization_id)
        await house.store.write(accounts.deactivate_user, "ada@example.com")
        async with asyncio.timeout(PATIENCE_S):
            await page.wait_for_selector("text=You may no longer watch this call")
        assert await spoken(page) == []
