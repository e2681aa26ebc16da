"""A call's page as a tool, in a real browser: find, filter, keys, follow, and signing in again on the spot."""

import asyncio

import pytest

from browser import chromium, new_page
from patience import PATIENCE_S
from test_pages import sign_in
from test_settings_browser import assert_fit_for_everyone
from test_wall_page import LIVE, produce

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

LEFT_OVER = "document.documentElement.scrollHeight - innerHeight - scrollY"


async def until(page, true: str, arg=None) -> None:
    await page.wait_for_function(true, arg=arg)


async def found(page, words: str) -> None:
    await until(page, "words => document.querySelector('[data-part=find-count]').textContent === words", words)


def spoken(number: int, content: str, **more) -> dict:
    data = {"segment_id": f"s-{number}", "content": content, "speaker": "assistant" if number % 2 else "user"}
    times = {"segment_start": number * 4.0, "segment_end": number * 4.0 + 3}
    return {"type": "transcript", "call_sid": "CA1", "data": data | times | more}


async def a_long_call(house, length: int = 200) -> None:
    texts = {7: "The café is closed.", 150: "A cafe, or two: CAFÉ!", 171: "No cafe."}
    await produce(house, [spoken(n, texts.get(n, f"Sentence number {n} of this call.")) for n in range(length)])


async def top_of(page, segment_id: str) -> float:
    """How far it stands from the line below what sticks to the top of the window, px."""
    line = "parseFloat(document.documentElement.style.getPropertyValue('--head-size'))"
    return await page.evaluate(f"document.getElementById('seg-{segment_id}').getBoundingClientRect().top - {line}")


async def is_revealed(page, segment_id: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while abs(await top_of(page, segment_id)) > 2:
            await asyncio.sleep(0.05)


async def test_words_are_found_in_all_of_a_call_and_as_they_come_and_choices_survive_a_reload(house):
    await a_long_call(house)
    async with new_page(permissions=["clipboard-read", "clipboard-write"]) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE)
        await page.keyboard.press("/")
        await page.keyboard.type("cafe")
        await found(page, "1 of 4")
        await until(page, "() => CSS.highlights.get('found-current')?.size === 1")
        assert await page.get_attribute("[data-step=follow]", "aria-pressed") == "false"
        await page.keyboard.press("Enter")
        await found(page, "2 of 4")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.press("Shift+Enter")
        await found(page, "4 of 4")
        await house.say("CA1", "s-200", "Which cafe?", segment_start=900.0, segment_end=902.0)
        await found(page, "4 of 5")
        assert await page.inner_text(".is-gap") == "101 s of silence"
        await page.keyboard.press("Escape")
        assert await page.evaluate("document.activeElement.id") == "seg-s-171"
        await until(page, "() => CSS.highlights.get('found').size === 0")
        await page.select_option("[name=only]", "user")
        await page.wait_for_selector("text=Showing only the customer")
        assert await page.locator(".segment:visible").count() == 101
        await page.check("[name=size][value=large]", force=True)
        await page.click("[data-step=times]")
        await page.click("[data-step=quiet]")
        await page.click("[data-step=copy]")
        await page.wait_for_selector("[data-step=copy]:text-is('Copied')")
        lines = (await page.evaluate("navigator.clipboard.readText()")).splitlines()
        assert (len(lines), lines[1], lines[-1]) == (
            201,
            "[0:04] Front desk: Sentence number 1 of this call.",
            "[15:00] Customer: Which cafe?",
        )
        await page.reload()
        await page.wait_for_selector(LIVE)
        assert await page.locator(".segment:visible").count() == 101
        assert await page.is_checked("[name=size][value=large]")
        assert not await page.is_visible(".segment-time >> nth=0")
        assert await page.get_attribute("[data-step=follow]", "aria-pressed") == "false"
        assert await page.get_attribute("[role=log]", "aria-live") == "off"
        assert await page.evaluate("document.querySelector('live-transcript').goTo('s-7')")
        await is_revealed(page, "s-7")
        assert not await page.is_visible("text=Showing only"), "what hid it is gone"
        assert not await page.evaluate("document.querySelector('live-transcript').goTo('nothing')")
        await page.goto(house.url + "/calls/CA1#seg-s-150")
        await is_revealed(page, "s-150")


async def test_it_follows_until_its_reader_looks_elsewhere_and_is_used_by_keys(house):
    await a_long_call(house)
    async with new_page(viewport={"width": 1300, "height": 700}) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE)
        await until(page, f"() => {LEFT_OVER} < 80")
        await page.mouse.move(300, 500)
        await page.mouse.wheel(0, -600)
        await page.wait_for_selector("[data-part=jump]:visible")
        before = await page.evaluate("scrollY")
        for n in (200, 201):
            await house.say("CA1", f"s-{n}", "And so on.", segment_start=n * 4.0, segment_end=n * 4.0 + 3)
        jump = "() => document.querySelector('[data-part=jump]').textContent"
        await until(page, f"{jump} === 'Jump to latest · 2 new'")
        assert await page.evaluate("scrollY") == before
        await page.keyboard.press("End")
        await until(page, f"() => {LEFT_OVER} < 80")
        await page.wait_for_selector("[data-part=jump]", state="hidden")
        await page.keyboard.press("f")
        await page.wait_for_selector("[data-step=follow][aria-pressed=false]")
        await page.keyboard.press("f")
        await page.wait_for_selector("[data-step=follow][aria-pressed=true]")
        await page.evaluate("getSelection().selectAllChildren(document.querySelector('#seg-s-201 .segment-words'))")
        await page.wait_for_selector("[data-part=jump]:visible")
        await page.evaluate("getSelection().empty()")
        await page.evaluate("document.querySelector('live-transcript').goTo('s-20')")
        for key in ("j", "j", "ArrowDown", "ArrowUp", "k"):
            await page.keyboard.press(key)
        await is_revealed(page, "s-21")
        assert await page.evaluate("document.activeElement.id") == "seg-s-21"
        await page.keyboard.press("?")
        await page.wait_for_selector("dialog[open]")
        await assert_fit_for_everyone(page, "keys", in_the_dark=True)
        await page.uncheck("dialog [data-part=letters]")
        await page.keyboard.press("Escape")
        await page.keyboard.press("f")
        await page.keyboard.press("j")
        assert await page.evaluate("document.activeElement.id") != "seg-s-22", "the letters are off"
        assert await page.get_attribute("[data-step=follow]", "aria-pressed") == "false"
        await page.click("[data-step=find]")
        await page.keyboard.type("closed")
        await found(page, "1 of 1")
        await assert_fit_for_everyone(page, "call", in_the_dark=True)
        await page.keyboard.press("Escape")
        await page.keyboard.press("Escape")
        await page.wait_for_url(house.url + "/")


async def test_who_was_signed_out_elsewhere_signs_in_again_and_the_transcript_stays(house):
    started = {"call_sid": "CA1", "started_at": "2026-02-02T02:40:00Z"}
    assert (await house.fetch("POST", "/api/v1/calls", started)).code == 201
    await house.say("CA1", "s-1", "Said before.", segment_start=1.0)
    async with new_page() as page:
        await page.clock.install()
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE)
        await page.evaluate("window.stillTheSamePage = true")
        other = await page.context.new_page()
        await other.goto(house.url + "/")
        await other.click("text=Sign out")
        await other.wait_for_selector("input[name=password]")
        await page.wait_for_selector("[role=status]:has-text('Signed out')")
        assert await page.is_visible("text=Said before.")
        assert await page.is_disabled("[data-step=mark]"), "what acts on the call waits"
        shown = await page.inner_text("[data-part=timer]")
        await page.clock.run_for(5_000)
        assert await page.inner_text("[data-part=timer]") == shown != "–:––", "nobody knows whether it goes on"
        await house.say("CA1", "s-2", "Said meanwhile.", segment_start=2.0)
        await page.click("[data-step=sign-in]")
        assert await page.input_value("[data-part=sign-in] [name=email]") == "ada@example.com"
        await assert_fit_for_everyone(page, "sign-in", in_the_dark=True)
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("dialog >> text=do not fit together")
        await page.keyboard.type("correct horse")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=Said meanwhile.")
        await page.wait_for_selector("[role=status]:has-text('Back, 1 segment recovered')")
        assert await page.evaluate("window.stillTheSamePage")
        assert await page.is_enabled("[data-step=mark]")
        assert not await page.is_visible("dialog")
