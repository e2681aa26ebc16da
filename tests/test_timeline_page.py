"""The timeline and the measures of a call: whole without scripts, and in a real browser while the call goes on."""

import pytest

from alerting import make_rule
from browser import chromium, new_page
from test_pages import sign_in
from test_settings_browser import assert_fit_for_everyone
from test_wall_page import LIVE, announce
from visitor import Visitor

PATHS = ("customer", "assistant", "both", "nobody")
DRAWN = """() => ['customer', 'assistant', 'both', 'nobody', 'ticks', 'marks'].map((name) => {
  const part = document.querySelector(`[data-part=timeline-${name}]`);
  return part.getAttribute('d') ?? [...part.children].map((it) => [it.textContent, it.getAttribute('x')]);
})"""
MEASURED = """() => Object.fromEntries(
  [...document.querySelectorAll('[data-measure]')].map((it) => [it.dataset.measure, it.textContent]))"""
SLIDER = "[data-part=timeline-slider]"


async def speak(house) -> None:
    await announce(house, "CA1", direction="inbound", from_number="+15550142")
    await house.say("CA1", "a1", "Front desk, good morning.", speaker="assistant", segment_start=0, segment_end=3)
    await house.say("CA1", "u1", "I want a refund.", segment_start=12, segment_end=18)


async def test_it_is_whole_without_scripts(house):
    await make_rule(house, "Refund", "phrase", "refund")
    await speak(house)
    await house.say("CA1", "a1", "Front desk, good <morning>!", speaker="assistant")
    await house.end("CA1", duration=30)
    visitor = await Visitor(house).sign_in()
    page = (await visitor.get("/calls/CA1")).page
    paths = {name: page.all("path", data_part=f"timeline-{name}")[0].attributes["d"] for name in PATHS}
    assert paths == {
        "customer": "M800 0H1200V1H800Z",
        "assistant": "M0 0H200V1H0Z",
        "both": "",
        "nobody": "M200 0H800V1H200ZM1200 0H2000V1H1200Z",
    }, "a correction without times keeps those of what it corrects"
    assert page.part("timeline-facts") == (
        "Turns Customer 1 Front desk 1 Longest silence 12.0 s at 0:18 Both at once never Alerts Refund at 0:12"
    )
    links = [link for link in page.all("a") if link.attributes.get("href") == "#seg-u1"]
    assert [link.text for link in links][:2] == ["12.0 s at 0:18", "Refund at 0:12"]
    assert page.part("timeline-ticks") == "0:000:100:200:30"


async def test_a_call_without_times_says_so_and_one_without_words_has_none(house):
    await house.say("CA1", "u1", "Hello?")
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA2"})
    await house.end("CA2")
    visitor = await Visitor(house).sign_in()

    async def is_hidden(call_sid: str, part: str) -> bool:
        (element,) = (await visitor.get(f"/calls/{call_sid}")).page.all(data_part=part)
        return "hidden" in element.attributes

    assert not await is_hidden("CA1", "timeline-untimed") and await is_hidden("CA1", "timeline-board")
    assert await is_hidden("CA2", "timeline")


@pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
async def test_it_grows_with_the_call_and_leads_to_what_was_said(house):
    await make_rule(house, "Refund", "phrase", "refund")
    await speak(house)
    async with new_page(viewport={"width": 1280, "height": 900}) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE)
        assert await page.locator("[data-part=measures-until]").count() == 0
        assert (await page.evaluate(DRAWN))[0] == "M400 0H600V1H400Z"
        await house.say("CA1", "a2", "For which", speaker="assistant", segment_start=16, is_final=False)
        await house.say("CA1", "a2", "For which order?", speaker="assistant", segment_start=16, segment_end=21)
        await house.say("CA1", "u1", "I want a refund!")
        await house.say("CA1", "u2", "The last one.", segment_start=70, segment_end=80)
        await page.wait_for_selector("[data-measure=longest_silence]:text-is('49.0 s')")
        await page.wait_for_function(f"() => ({DRAWN})()[0] === 'M266 0H400V1H266ZM1555 0H1777V1H1555Z'")
        live = await page.evaluate(DRAWN)
        measured = await page.evaluate(MEASURED)
        assert measured["interruptions"] == "1" and measured["talk_share_user"] == "67 %"

        box = await page.locator(SLIDER).bounding_box()
        await page.mouse.move(box["x"] + box["width"] * 15.5 / 90, box["y"] + 20)
        assert await page.locator("[data-part=timeline-point] text").text_content() == "0:15 Customer"
        await page.mouse.click(box["x"] + box["width"] * 75 / 90, box["y"] + 20)
        assert await page.evaluate("document.activeElement.id") == "seg-u2"
        await page.click("[data-part=timeline-marks] .timeline-alert")
        assert await page.evaluate("document.activeElement.id") == "seg-u1"

        await page.focus(SLIDER)
        await page.keyboard.press("Home")
        told = "e => [e.role, e.ariaValueNow, e.ariaValueMax, e.ariaValueText]"
        first = ["slider", "0", "90", "0:00, Front desk speaks, “Front desk, good morning.”"]
        assert await page.locator(SLIDER).evaluate(told) == first
        await page.keyboard.press("ArrowRight")
        text = await page.get_attribute(SLIDER, "aria-valuetext")
        assert text == "0:12, Customer speaks, “I want a refund!”"
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "seg-u1"

        await page.click("[data-part=timeline-words] summary")
        await page.wait_for_selector("[data-part=timeline-facts] a:text-is('49.0 s at 0:21')")
        await page.click("[data-part=timeline-facts] a:text-is('0:16')")
        assert await page.evaluate("document.activeElement.id") == "seg-a2"
        await assert_fit_for_everyone(page, "timeline", in_the_dark=True)

        await page.reload()
        await page.wait_for_selector(LIVE)
        assert await page.evaluate(DRAWN) == live, "as the server draws it, too"
        assert await page.evaluate(MEASURED) == measured
        await house.end("CA1", duration=100)
        await page.wait_for_function(f"() => ({DRAWN})()[0] === 'M240 0H360V1H240ZM1400 0H1600V1H1400Z'")
        await page.wait_for_selector("[data-measure=silence_time]:text-is('1:18')")
        assert await page.get_attribute("[data-part=timeline-now]", "visibility") == "hidden"
