"""Whoever loses a session keeps what is on the screen and signs in on the spot; whoever loses the right loses both."""

import pytest

from browser import chromium, new_page
from log_reader import is_secret
from models import accounts
from test_pages import sign_in
from test_wall_page import LIVE, words
from visitor import Visitor

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
NEW = "battery staple"


async def test_what_is_open_says_that_its_session_ended_and_goes_on_with_a_new_one_until_the_right_ends(house):
    await house.say("CA1", "s-1", "Said before.", segment_start=1.0)
    is_secret(NEW)
    async with new_page(viewport={"width": 1000, "height": 700}) as wall:
        await sign_in(wall, house.url)
        call, captions = await wall.context.new_page(), await wall.context.new_page()
        await call.goto(house.url + "/calls/CA1")
        await captions.goto(house.url + "/calls/CA1/captions")
        shown = {
            wall: words("CA1", "Said before."),
            call: ".segment-words:text-is('Said before.')",
            captions: ".captions-line .captions-run:text-is('Said before.')",
        }
        for page in shown:
            await page.wait_for_selector(LIVE)
            await page.evaluate("window.stillTheSamePage = true")

        elsewhere = await Visitor(house).sign_in()
        changes = {"current_password": "correct horse", "password": NEW, "password_again": NEW}
        assert "changed" in (await elsewhere.submit("/account", **changes)).text
        for page, said in shown.items():
            await page.wait_for_selector("[role=status]:has-text('Signed out')")
            await page.wait_for_selector("[data-step=sign-in]")
            assert await page.is_visible(said), "it stays"
        await house.say("CA1", "s-2", "Said meanwhile.", segment_start=2.0)
        await wall.bring_to_front()
        await wall.click("[data-step=sign-in]")
        await wall.keyboard.type(NEW)
        await wall.keyboard.press("Enter")
        await wall.wait_for_selector("text=Said meanwhile.")
        assert await wall.evaluate("window.stillTheSamePage")
        for page in (call, captions):  # who is signed in by now is asked for nothing
            await page.bring_to_front()
            await page.click("[data-step=sign-in]")
            await page.wait_for_selector(LIVE)
            await page.wait_for_selector("text=Said meanwhile. >> visible=true")
        await wall.wait_for_selector(LIVE)  # still: one session is enough for all

        await house.user("bob@example.com", house.organization_id)
        await house.store.write(accounts.deactivate_user, "ada@example.com")
        for page in shown:
            await page.wait_for_selector("text=You may no longer")
            assert not await page.is_visible("text=Said meanwhile."), "it goes"
            assert not await page.is_visible("[data-step=sign-in]")
