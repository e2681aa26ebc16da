"""Captions in a real browser: the words of now, large, in lines that stand still, and how true they are."""

import asyncio

import pytest
from axe_playwright_python.async_playwright import Axe

from browser import chromium, new_page
from hostile_page import wired_page
from hostile_texts import CONTENTS
from house import Clock, open_house
from models import accounts
from patience import PATIENCE_S
from postgres import free_port
from test_pages import sign_in
from visitor import Visitor

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

LIVE = "[data-part=connection] [role=status]:has-text('Live')"
LINES = ".captions-line:not(.is-past, .is-ruler)"
# Every line that is shown is whole: within the screen, in one row, and as wide as its words.
WHOLE = f"""() => [...document.querySelectorAll(`{LINES}`)].every(line => {{
  const words = line.querySelector('.captions-words'), box = words.getBoundingClientRect();
  return box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth
    && words.scrollWidth <= words.clientWidth && box.height <= 1.5 * parseFloat(getComputedStyle(words).fontSize)
}})"""


async def lines(page) -> list[str]:
    return await page.locator(f"{LINES} .captions-words").all_inner_texts()


async def spoken(page) -> list[str]:
    """What assistive technology is told, each with its speaker."""
    return await page.locator("[role=log] li").evaluate_all("all => all.map(li => li.innerText.replace(/\\n+/g, ': '))")


async def until_last(page, words: str) -> None:
    await page.wait_for_selector(f"{LINES}:last-child .captions-words:has-text('{words}')")


async def open_captions(page, house) -> None:
    await page.goto(house.url + "/calls/CA1/captions")
    await page.wait_for_selector(LIVE)


def by_assistant(**more) -> dict:
    return {"speaker": "assistant"} | more


async def test_a_call_is_read_along_through_a_restart_to_its_end(sqlite_url):
    port, clock = free_port(), Clock()
    async with new_page(viewport={"width": 1000, "height": 700}) as page:
        async with open_house(sqlite_url, clock, port=port) as house:
            furniture = await house.furnish()
            await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1"})
            await sign_in(page, house.url)
            await page.goto(house.url + "/calls/CA1")
            async with page.expect_popup() as opened:
                await page.click("a:has-text('Captions')")
            page = await opened.value
            await page.wait_for_selector(LIVE)
            assert await page.is_visible("text=Waiting for the first words")
            await page.evaluate("window.stillTheSamePage = true")
            said = ""
            for word in ["Good", "morning,", "I", "would", "like", "to", "know", "if", "my", "bike", "is", "ready"]:
                said, before = f"{said} {word}".strip(), await lines(page)
                await house.say("CA1", "u-1", said, is_final=False)
                await until_last(page, word)
                now = await lines(page)
                assert now[: len(before) - 1] == before[:-1] and now[len(before or [0]) - 1].startswith(
                    "".join(before[-1:])
                )
            assert len(now) == 2 and not await page.is_visible("text=Waiting for the first words")
            assert await page.inner_text(f"{LINES} .captions-by >> nth=0") == "Customer"
            assert await spoken(page) == [], "interims are not announced"
            await page.evaluate("line => (document.querySelector(line).stillTheSame = true)", LINES)
            await house.say("CA1", "u-1", said + ".")
            await page.wait_for_selector(f"{LINES} .captions-run:not(.is-interim) >> nth=1")
            assert await lines(page) == [now[0], now[1] + "."]
            assert await page.evaluate("line => document.querySelector(line).stillTheSame", LINES)
            assert await spoken(page) == [f"Customer: {said}."]
            await house.say("CA1", "a-1", "It is, since", **by_assistant(is_final=False, language="en-GB"))
            await until_last(page, "It is, since")
            assert await page.inner_text(f"{LINES}:last-child .captions-by") == "Front desk"
            assert await page.get_attribute(f"{LINES}:last-child", "lang") == "en-GB"
        await page.wait_for_selector("[role=status]:has-text('may be behind')")
        assert len(await lines(page)) == 3, "the words stay"
        async with open_house(sqlite_url, clock, port=port) as house:
            house.furniture = furniture
            await house.say("CA1", "a-1", "It is, since Monday, [CARD].", **by_assistant(language="en-GB"))
            await until_last(page, "Monday")
            await page.wait_for_selector(f"{LINES}:last-child .chip:text-is('[CARD]')")
            assert (await spoken(page))[1:] == ["Front desk: It is, since Monday, [CARD]."], "once"
            await page.wait_for_selector(LIVE + ", [role=status]:has-text('Back')")
            assert await page.evaluate("window.stillTheSamePage")
            await house.end("CA1", reason="hung-up")
            house.clock.advance(6)
            await page.wait_for_selector("[role=status]:has-text('Ended')")
            assert (await lines(page))[-1] == "It is, since Monday, [CARD]."
            house.clock.advance(60)
            await page.reload()
            assert (await lines(page))[-1] == "It is, since Monday, [CARD]."


async def test_the_reader_chooses_how_it_looks_by_keys_too_and_finds_it_again(house):
    await house.say("CA1", "a-1", "Front desk, good morning. " * 3, **by_assistant())
    async with new_page(viewport={"width": 1000, "height": 700}) as page:
        await sign_in(page, house.url)
        await open_captions(page, house)
        size = "parseFloat(getComputedStyle(document.querySelector('.captions-frame')).fontSize)"
        usual = await page.evaluate(size)
        await house.say("CA1", "u-1", "Is my", is_final=False)
        await until_last(page, "Is my")
        for colours in ("system", "dark", "light"):
            await page.select_option("[data-part=colours]", colours)
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                found = await Axe().run(page)
                assert found.violations_count == 0, (colours, scheme, found.generate_report())
            background = await page.evaluate("getComputedStyle(document.querySelector('.captions')).backgroundColor")
            assert background == ("rgb(255, 255, 255)" if colours == "light" else "rgb(0, 0, 0)")
        await page.wait_for_selector(".captions.is-idle")
        await page.wait_for_function("getComputedStyle(document.querySelector('.captions-controls')).opacity === '0'")
        await page.keyboard.press("Tab")
        await page.wait_for_function("getComputedStyle(document.querySelector('.captions-controls')).opacity === '1'")
        for _ in range(3):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.dataset.part === 'larger'"):
                await page.keyboard.press("Enter")
        await page.keyboard.press("+")
        assert await page.evaluate(size) > 1.3 * usual
        await page.select_option("[data-part=most]", "2")
        await page.wait_for_function(f"document.querySelectorAll('{LINES}').length === 2")
        for width, height in ((320, 640), (320, 256), (600, 1000), (1600, 900), (3840, 2160)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.wait_for_function(WHOLE)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await page.set_viewport_size({"width": 1000, "height": 700})
        await page.reload()
        await page.wait_for_selector(LIVE)
        assert await page.evaluate(size) > 1.3 * usual and await page.input_value("[data-part=colours]") == "light"
        for _ in range(20):
            await page.keyboard.press("+")
        await page.wait_for_function(WHOLE)
        await page.keyboard.press("-")
        assert await page.evaluate(size) < 350, "each press is seen, also behind the largest"
        for _ in range(20):
            await page.keyboard.press("-")
        assert await page.get_attribute("[data-part=smaller]", "aria-disabled") == "true"


async def test_whatever_is_said_is_text_in_whole_lines_and_goes_with_the_right_to_read_it(house):
    async with wired_page(house.url, viewport={"width": 1000, "height": 700}) as page:
        await house.say("CA1", "s", "Hello.")
        await sign_in(page, house.url)
        await open_captions(page, house)
        for n, (name, text) in enumerate(CONTENTS.items()):
            is_final = bool(n % 2)
            await house.say(
                "CA1", f"s-{n}", text, speaker=("user", "assistant")[n % 2], is_final=is_final, language="<i>"
            )
            await house.say("CA1", f"e-{n}", "and on", is_final=False)
            await until_last(page, "and on")
            if name not in ("zalgo", "combining"):  # one sign may be wider than any line
                await page.wait_for_function(WHOLE)
            assert await page.locator(".captions-run *:not(.chip)").count() == 0, name
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        said = await page.locator("[role=log] .captions-words").evaluate_all("all => all.map(one => one.textContent)")
        assert said == ["Hello.", *list(CONTENTS.values())[1::2]]
        await house.user("bob@example.com", house.organization_id)
        await house.store.write(accounts.deactivate_user, "ada@example.com")
        async with asyncio.timeout(PATIENCE_S):
            await page.wait_for_selector("text=You may no longer read this call")
        await page.wait_for_function(f"!document.querySelector('{LINES}')")
        assert await spoken(page) == [] and await page.is_visible("[role=status]:has-text('Access removed')")


async def test_without_javascript_the_last_words_are_there_and_renewed(house):
    await house.say("CA1", "a-1", "Front desk, good morning, [CARD].", **by_assistant(language="en"))
    visitor = await Visitor(house).sign_in()
    page = (await visitor.get("/calls/CA1/captions")).page
    (log,) = page.all(role="log")
    assert log.text == "Front desk Front desk, good morning, [CARD]." and page.all("span", class_="chip")
    (sign_in_again,) = page.all("a", data_step="sign-in")
    assert sign_in_again.attributes["href"] == "/sign-in?next=/calls/CA1/captions"
    assert "not live" in page.text and "Renewed every 5 seconds." in page.text
    assert page.all("meta", http_equiv="refresh") and not page.all("header", class_="masthead")
    await house.end("CA1")
    house.clock.advance(60)
    page = (await visitor.get("/calls/CA1/captions")).page
    assert "Ended" in page.text and not page.all("meta", http_equiv="refresh")
    assert (await visitor.get("/calls/CA9/captions")).code == 404
