"""States that pages are seldom in, and people then most need words: each fit for everyone, light and dark."""

import pytest

from browser import chromium, new_page
from test_pages import sign_in
from test_settings_browser import assert_fit_for_everyone
from test_wall_page import LIVE, announce, row

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
PHONE, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 720}


async def fit(page, name: str) -> None:
    await assert_fit_for_everyone(page, name, in_the_dark=True)


async def fit_on_a_phone(page, name: str) -> None:
    await page.set_viewport_size(PHONE)
    await fit(page, name)
    await page.set_viewport_size(DESK)


async def test_an_empty_wall_and_one_of_cards_are_fit_for_everyone(house):
    async with new_page(viewport=DESK) as page:
        await page.goto(house.url + "/sign-in?next=/")
        await page.fill("[name=email]", "ada@example.com")
        await page.fill("[name=password]", "wrong")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[role=alert]")
        await fit(page, "sign-in, refused")
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        await fit(page, "no call yet")
        await house.user("a.supervisor.with.a.long.name@example.com", house.organization_id)
        for sid in ("CA1", "CA2"):
            await announce(house, sid, from_number="+15550142", direction="inbound")
            await house.say(sid, "u-1", "Is my bike ready?")
        await page.wait_for_selector(row("CA2", ".is-new"))
        await fit(page, "new calls")
        await page.click("text=Cards")
        await fit_on_a_phone(page, "cards on a phone")
        await page.set_viewport_size(PHONE)
        await page.click("[data-part=more]")
        await fit(page, "filters on a phone")
        await page.set_viewport_size(DESK)
        await page.fill("[name=text]", "zebra")
        await page.wait_for_selector("text=No call passes the filters")
        await fit(page, "no call passes")
        for sid in ("CA1", "CA2"):
            await house.end(sid)
        house.clock.advance(120)
        await page.goto(house.url + "/")
        await page.wait_for_selector("text=No call is running")
        await fit(page, "no call is running")


async def test_a_call_in_every_state_is_fit_for_everyone(house):
    await announce(house, "CA1", from_number="+15550142", direction="inbound")
    async with new_page(viewport=DESK) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1/captions")
        await page.wait_for_selector("text=Waiting for the first words")
        await fit_on_a_phone(page, "captions that wait")
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector("text=Waiting for the first words")
        await fit(page, "a call that waits")
        for n in range(3):
            said = {"segment_start": n * 10.0, "segment_end": n * 10.0 + 5, "confidence": 0.3}
            await house.say("CA1", f"s-{n}", "Is my bike ready?", **said)
        house.clock.advance(60)
        await page.reload()
        await page.wait_for_selector("text=No words for")
        await page.click(".export summary")
        await fit(page, "export, and a silence")
        await page.click("text=Write a note")
        await fit(page, "a note")
        await page.set_viewport_size(PHONE)
        await page.click("[data-step=more]")
        await page.click("[data-step=details]")
        await fit(page, "all tools on a phone")
        await page.set_viewport_size(DESK)
        await house.end("CA1", reason="hung-up")
        await page.click("text=Erase this call")
        await page.wait_for_selector("h1:text-is('Erase this call?')")
        await fit(page, "erasing")
        await announce(house, "CA2")
        await house.end("CA2")
        house.clock.advance(60)
        await page.goto(house.url + "/calls/CA2")
        await page.wait_for_selector("text=No words were transcribed")
        await fit(page, "over without a word")
        await page.goto(house.url + "/calls/CA9")
        await page.wait_for_selector(".notice-code")
        await fit(page, "unknown")
        await page.goto(house.url + "/settings/retention")
        await fit(page, "retention")
