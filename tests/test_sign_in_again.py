"""Signing in again on the spot, in a browser with several pages of one session: on one of them is enough for all."""

import pytest

from browser import chromium, new_page
from test_pages import sign_in
from test_wall_page import LIVE

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
DIALOG = "[data-part=sign-in][open]"
PASSWORD = f"{DIALOG} [name=password]"


async def open_call(context, url: str):
    """A page that has the focus only when it is in front, as a reader's has."""
    page = await context.new_page()
    await page.goto(url + "/calls/CA1")
    await page.wait_for_selector(LIVE)
    await page.evaluate("window.stillTheSamePage = true")
    devtools = await context.new_cdp_session(page)
    await devtools.send("Emulation.setFocusEmulationEnabled", {"enabled": False})
    return page


async def session(context) -> str:
    return next(cookie["value"] for cookie in await context.cookies() if cookie["name"] == "callboard_session")


async def test_two_pages_ask_for_a_password_and_what_one_is_told_is_enough_for_both(house):
    await house.say("CA1", "s-1", "Said before.", segment_start=1.0)
    await house.user("bob@example.com", house.organization_id)
    async with new_page() as wall:
        await sign_in(wall, house.url)
        first, second = pages = [await open_call(wall.context, house.url) for _ in range(2)]

        async def signed_out() -> None:
            await wall.goto(house.url + "/")
            await wall.click("text=Sign out")
            await wall.wait_for_selector("input[name=password]")
            for page in pages:
                await page.bring_to_front()
                await page.click("[data-step=sign-in]")
                await page.wait_for_selector(DIALOG)

        await signed_out()
        await second.fill(PASSWORD, "correct horse")
        await second.press(PASSWORD, "Enter")
        await second.wait_for_selector(LIVE)
        begun = await session(wall.context)
        assert await first.is_visible(DIALOG)
        await first.bring_to_front()
        await first.wait_for_selector(DIALOG, state="detached")
        await first.wait_for_selector(LIVE)

        await signed_out()  # and who types faster than the page comes back
        await second.fill(PASSWORD, "correct horse")
        await second.press(PASSWORD, "Enter")
        await second.wait_for_selector(LIVE)
        assert begun != (begun := await session(wall.context))
        await first.fill(PASSWORD, "correct horse")
        await first.press(PASSWORD, "Enter")
        await first.wait_for_selector(LIVE)
        assert await session(wall.context) == begun, "a second session would end what the other page lives on"
        await house.say("CA1", "s-2", "Said meanwhile.", segment_start=2.0)
        for page in pages:
            await page.wait_for_selector("text=Said meanwhile.")
            assert await page.evaluate("window.stillTheSamePage")

        await signed_out()
        await wall.fill("input[name=email]", "bob@example.com")
        await wall.fill("input[name=password]", "correct horse")
        await wall.press("input[name=password]", "Enter")
        await wall.wait_for_selector("h1:has-text('Live calls')")
        await first.bring_to_front()
        await first.wait_for_selector(".signed-in-name:has-text('bob@example.com')")
        assert not await first.evaluate("window.stillTheSamePage"), "somebody else gets a page of his own"
