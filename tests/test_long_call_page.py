"""The page of a long call, whose segments stand in lists of a hundred: nothing shows where one ends."""

import pytest

from browser import chromium, new_page
from test_call_page import LEFT_OVER, a_long_call, is_revealed, spoken, until
from test_pages import sign_in
from test_wall_page import LIVE, produce

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

LISTS = "[...document.querySelectorAll('ol.segments')]"
SHOWN = "[...document.querySelectorAll('ol.segments > .segment')].map(node => node.dataset.segmentId)"
IN_ORDER = "document.querySelector('live-transcript').segments.list.map(({id}) => id)"
FEED = """messages => {
  const transcript = document.querySelector('live-transcript');
  messages.forEach((message) => transcript.take(message));
  return new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
}"""
LAID_OUT = f"{LISTS}.every(({{firstElementChild: node}}) => node.checkVisibility({{contentVisibilityAuto: true}}))"
WATCH_SHIFT = """() => {
  window.shift = 0;
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(({value}) => (window.shift += value)));
  observer.observe({type: 'layout-shift'});
}"""
SELECT = """([from, to]) => {
  const words = (id) => document.querySelector(`#seg-s-${id} .segment-words`).firstChild;
  getSelection().setBaseAndExtent(words(from), 0, words(to), words(to).length);
  return getSelection().toString();
}"""


async def sizes(page) -> list[int]:
    """How many segments are in each list; all of them are in speaking order."""
    assert await page.evaluate(SHOWN) == await page.evaluate(IN_ORDER)
    found = await page.evaluate(f"{LISTS}.map((list) => list.querySelectorAll('.segment').length)")
    assert all(0 < size <= 200 for size in found), found
    return found


def heard(number: int, content: str = "And so on.", seq: int | None = None, start: float | None = None) -> dict:
    """As the page's socket tells it: an interim where it has no `seq`."""
    message = spoken(number, content, is_final=seq is not None)
    told = {"revision": None, "confidence": None, "created_at": None, "language": None}
    data = message["data"] | told | ({"segment_start": start, "segment_end": start + 1} if start is not None else {})
    stored = {"seq": seq} if seq is not None else {}
    return message | stored | {"data": data, "timestamp": "2026-01-19T12:00:00.000+00:00", "replayed": False}


async def test_a_long_call_grows_is_corrected_and_put_in_order_over_the_ends_of_its_lists(house):
    await a_long_call(house, 300)
    async with new_page(viewport={"width": 1300, "height": 700}) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE)
        await until(page, f"() => {LEFT_OVER} < 80")
        assert await sizes(page) == [100, 100, 100]
        await page.evaluate(FEED, [heard(300)])
        assert await sizes(page) == [100, 100, 100, 1], "an interim begins the next list"
        await page.evaluate(FEED, [heard(300, "")])
        assert await sizes(page) == [100, 100, 100], "and takes it along as it goes"

        await produce(house, [spoken(n, "And so on.") for n in range(300, 320)])
        await page.wait_for_selector("#seg-s-319")
        assert await sizes(page) == [100, 100, 100, 20]
        await until(page, f"() => {LEFT_OVER} < 80")
        await house.say("CA1", "s-50", "What was meant.", segment_start=200.0, segment_end=203.0)
        await house.say("CA1", "late", "Between two lists.", segment_start=399.5, segment_end=399.8)
        await page.wait_for_selector("#seg-late", state="attached")
        assert await page.text_content("#seg-s-50 .segment-words") == "What was meant."
        assert sum(await sizes(page)) == 321
        shown = await page.evaluate(SHOWN)
        assert shown[shown.index("late") - 1] == "s-99"

        # Who looks elsewhere is offered the way back, and nothing jumps meanwhile.
        await page.evaluate("scrollTo(0, 500)")
        await page.wait_for_selector("[data-part=jump]:visible")
        await page.evaluate(WATCH_SHIFT)
        for n in range(0, 20, 4):
            more = [heard(400 + n + k, seq=350 + n + k, start=1279.1 + (n + k) / 100) for k in range(4)]
            await page.evaluate(FEED, more)
        assert await page.evaluate("window.shift") < 0.005, "its count may make the button a little wider"

        # An hour without a word, and what was missed in one go, before and behind what is there.
        later = [heard(1000 + n, seq=400 + n, start=5000.0 + n) for n in range(450)]
        await page.evaluate(FEED, [*later, *(heard(2000 + n, seq=900 + n, start=1300.0 + n) for n in range(450))])
        assert sum(await sizes(page)) == 341 + 900
        assert await page.locator(".is-gap").count() == 2
        await page.evaluate(FEED, [heard(1000, "Moved.", seq=1500, start=1.0)])
        assert sum(await sizes(page)) == 341 + 900
        assert (await page.evaluate(SHOWN)).index("s-1000") == 1
        await page.evaluate("document.querySelector('live-transcript').clear()")
        assert await page.evaluate(f"{LISTS}.map((list) => list.childElementCount)") == [0]


async def test_what_is_not_laid_out_yet_is_gone_to_copied_printed_and_read_out_all_the_same(house):
    await a_long_call(house, 620)
    async with new_page(viewport={"width": 1300, "height": 700}) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1#seg-s-120")
        await page.wait_for_selector(LIVE)
        await is_revealed(page, "s-120")
        assert sum(await sizes(page)) == 620
        assert not await page.evaluate(LAID_OUT)
        await page.evaluate("document.querySelector('live-transcript').goTo('s-99')")
        await is_revealed(page, "s-99")
        for key, reached in (("j", "s-100"), ("k", "s-99"), ("k", "s-98")):
            await page.keyboard.press(key)
            await is_revealed(page, reached)
            assert await page.evaluate("document.activeElement.id") == f"seg-{reached}"
        copied = await page.evaluate(SELECT, [98, 302])
        assert all(f"Sentence number {n} of this call." in copied for n in (98, 99, 100, 250, 302))
        devtools = await page.context.new_cdp_session(page)
        tree = (await devtools.send("Accessibility.getFullAXTree"))["nodes"]
        names = {node.get("name", {}).get("value") for node in tree if node["role"]["value"] == "StaticText"}
        assert {f"Sentence number {n} of this call." for n in (0, 99, 200, 619)} <= names
        await page.keyboard.press("/")
        await page.keyboard.type("number 7")
        await until(page, "() => document.querySelector('[data-part=find-count]').textContent.endsWith(' of 10')")
        await page.keyboard.press("Shift+Enter")
        await until(page, "() => CSS.highlights.get('found-current')?.size === 1")
        await page.emulate_media(media="print")
        await until(page, f"() => {LAID_OUT}")
