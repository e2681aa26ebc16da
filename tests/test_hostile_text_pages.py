"""Hostile text on the wall and on the page of its call: shown as it is, and nothing else is moved, hidden or run."""

import pytest

from browser import chromium
from hostile_page import assert_fits, assert_nothing_tripped, reads_forward, wired_page
from hostile_texts import CONTENTS, LONG, MARKUP, RLO, WRITING, ZALGO
from models import assistants
from test_pages import sign_in
from test_wall_page import LIVE, row

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

NUMBER = f"<img src=x onerror=tripped('number')>{RLO}"
NAME = MARKUP["end of script"] + MARKUP["attribute"] + "n" * 60 + RLO
REASON = f"\"><script>tripped('reason')</script>{RLO}"
SEGMENT = "\"><script>tripped('id')</script> x=' "
OVERFLOWING = ("zalgo", "combining", "override", "tall", "controls")
LIVE_CALL = "[data-part=connection] [role=status]:has-text('Live')"


async def announce(house, sid: str = "CA1", **more) -> None:
    """A call of which every word was chosen by an attacker."""
    await house.store.write(assistants.create, house.clock(), house.organization_id, NAME)
    about = {"call_sid": sid, "assistant": NAME, "from_number": NUMBER, "to_number": NUMBER, "provider": NUMBER}
    answer = await house.fetch("POST", "/api/v1/calls", about | {"direction": "inbound"} | more)
    assert answer.code == 201, answer.body


async def texts(page, selector: str = ".segments .segment-words") -> list[str]:
    """What stands in the document, to the character."""
    return await page.locator(selector).evaluate_all("nodes => nodes.map(node => node.textContent)")


def as_parsed(text: str) -> str:
    """What a browser makes of it where it comes as HTML: the parser has one kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


async def markup_in(page, selector: str) -> int:
    return await page.locator(f"{selector} *").count()


async def test_a_call_page_shows_every_text_as_text_however_it_came(house):
    await announce(house)
    half = len(CONTENTS) // 2
    said = list(CONTENTS.values())
    for n, text in enumerate(said[:half]):
        await house.say("CA1", f"{SEGMENT}{n}", text, segment_start=float(n), language="<i>")
    async with wired_page(house.url) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE_CALL)
        assert await texts(page) == [as_parsed(text) for text in said[:half]]
        for n, text in enumerate(said[half:], half):
            await house.say("CA1", f"{SEGMENT}{n}", text, segment_start=float(n), is_final=False)
            await page.locator(".segment.is-interim").nth(0).wait_for()
            assert (await texts(page))[-1] == text
            await house.say("CA1", f"{SEGMENT}{n}", "!" + text[1:], segment_start=float(n), language="<i>")
            await page.wait_for_function("() => !document.querySelector('.segment.is-interim')")
        assert (await texts(page))[half:] == ["!" + text[1:] for text in said[half:]]
        for n, text in enumerate(reversed(said)):  # what the server rendered, and what came, corrected
            await house.say("CA1", f"{SEGMENT}{n}", text, segment_start=float(n))
        await page.wait_for_function(
            "words => document.querySelector('.segment:last-child .segment-words').textContent === words",
            arg=said[0],
        )
        assert await texts(page) == said[::-1]
        assert await markup_in(page, ".segment-words") == 0
        await assert_fits(page)
        await house.end("CA1", "failed", reason=REASON)
        await page.wait_for_selector("[data-part=ended]:visible")
        await assert_nothing_tripped(page)
        await page.reload()
        assert await texts(page) == [as_parsed(text) for text in said[::-1]]
        assert await markup_in(page, ".segment-words") == 0
        await assert_fits(page)


async def test_what_is_said_about_a_call_is_text_too(house):
    await announce(house)
    await house.say("CA1", SEGMENT, "Hello.", segment_start=0.0)
    await house.say("CA1", "a-1", "Hello.", segment_start=70.0, speaker="assistant")
    async with wired_page(house.url) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE_CALL)
        for _ in range(2):  # running, and ended
            assert await page.title() == f"{NUMBER} · {NAME} · Callboard"
            assert (await texts(page, ".call-bar-title")) == [NUMBER]
            assert (await texts(page, ".fact dd")).count(NUMBER) == 3
            assert await texts(page, ".segment-speaker") == ["Customer", NAME]
            height = await page.locator(".segment-time").nth(1).evaluate("node => node.clientHeight")
            assert height < 30, "in one line, however long the name beside it"
            assert await reads_forward(page, ".call-bar-with", "inbound")
            assert await page.locator(".segment").nth(0).evaluate("node => node.id") == f"seg-{SEGMENT}"
            await assert_fits(page)
            await house.end("CA1", "failed", reason=REASON)
            await page.wait_for_selector("[data-part=ended]:visible")
            assert await texts(page, "[data-part=ended]") == [f"Call failed · {REASON.replace('-', ' ')}"]
            house.clock.advance(60)
            await page.reload()


async def test_the_wall_shows_every_text_as_text_however_it_came(house):
    await announce(house)
    await house.say("CA1", "s", "Hello.")
    await house.say("CA2", "s", "Of a neighbour.")
    async with wired_page(house.url) as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        shown = row("CA1", " .said-words")

        async def say(text: str, segment_id: str = "s") -> None:
            await house.say("CA1", segment_id, text)
            is_there = "([where, words]) => document.querySelector(where).textContent === words"
            await page.wait_for_function(is_there, arg=[shown, text])

        for name, text in CONTENTS.items():
            await say(text)
            assert await markup_in(page, shown) == 0, name
            if name in OVERFLOWING or name in LONG:
                await assert_fits(page, 320, 1000, 1600)
        await say(CONTENTS["override"], "s-2")
        assert await texts(page, row("CA1", " .call-link")) == [NUMBER]
        assert await texts(page, row("CA1", " .call-assistant")) == [NAME]
        for words in ("inbound", "Customer"):
            assert await reads_forward(page, row("CA1"), words)
        assert await reads_forward(page, row("CA2"), "Of a neighbour.")
        await page.click("text=Cards")
        await assert_fits(page, 320, 1000, 1600)
        await page.reload()
        await page.wait_for_selector(LIVE)
        assert await texts(page, shown) == [CONTENTS["override"]]
        await assert_fits(page, 320, 1000, 1600)
        await house.end("CA1", "failed", reason=REASON)
        await page.wait_for_selector(row("CA1", ".is-over .tag:visible"))
        await assert_fits(page, 320, 1000, 1600)


@pytest.mark.parametrize("page_of", ["wall", "call"])
async def test_a_text_stays_in_its_own_place(house, page_of):
    """Its neighbours look the same, to the pixel, with it and without it."""
    sid = "CA{}" if page_of == "wall" else "CA1"
    said = ["Before.", *(it for name in OVERFLOWING for it in (CONTENTS[name], f"After {name}."))]
    for n, text in enumerate(said):
        house.clock.advance(1)
        await house.say(sid.format(n), f"s-{n}", text, segment_start=n * 3.0)
    async with wired_page(house.url, viewport={"width": 700, "height": 5000}) as page:
        await sign_in(page, house.url)
        if page_of == "call":
            await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE if page_of == "wall" else LIVE_CALL)
        items = page.locator(".call-row" if page_of == "wall" else ".segment")
        hostile = ".said-words" if page_of == "wall" else ".segment-words"
        await page.evaluate("document.querySelectorAll('time').forEach((node) => (node.style.visibility = 'hidden'))")
        # a round corner is not always drawn alike
        await page.evaluate(
            "document.querySelectorAll('.call-list, .call-list *').forEach((it) => (it.style.borderRadius = 0))"
        )
        await page.evaluate(
            "document.querySelectorAll('.call-top, .call-head').forEach((it) => (it.style.position = 'static'))"
        )
        around = [items.nth(n) for n in range(0, len(said), 2)]
        with_it = [await place.screenshot(animations="disabled") for place in around]
        for n in range(1, len(said), 2):
            await items.nth(n).locator(hostile).evaluate("node => (node.style.visibility = 'hidden')")
        without_it = [await place.screenshot(animations="disabled") for place in around]
        assert [n for n, (a, b) in enumerate(zip(with_it, without_it, strict=True)) if a != b] == []


async def test_no_direction_leaks_out_of_a_segment(house):
    said = ["Before.", *(it for name in WRITING for it in (WRITING[name], f"After {name}."))]
    for n, text in enumerate(said):
        await house.say("CA1", f"s-{n}", text, segment_start=float(n), segment_end=n + 1.0)
    async with wired_page(house.url) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE_CALL)
        for n, text in enumerate(said):
            place = f".segment:nth-child({n + 1})"
            assert await reads_forward(page, place, f"{n // 60}:{n % 60:02}"), text
            assert n % 2 or await reads_forward(page, place, text), text


async def test_a_bar_full_of_combining_marks_leaves_the_rest_of_the_page_readable(house):
    await house.store.write(assistants.create, house.clock(), house.organization_id, ZALGO[:200])
    about = {"call_sid": "CA1", "assistant": ZALGO[:200], "from_number": ZALGO[:64]}
    assert (await house.fetch("POST", "/api/v1/calls", about | {"direction": "inbound"})).code == 201
    await house.say("CA1", "s-0", "Said before.", speaker="assistant", segment_start=0.0)
    async with wired_page(house.url, viewport={"width": 700, "height": 900}) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE_CALL)
        places = [await page.locator(selector).bounding_box() for selector in (".masthead", ".segment-words")]
        inside = [{"x": it["x"], "y": it["y"] + 1, "width": it["width"], "height": it["height"] - 2} for it in places]
        with_it = [await page.screenshot(animations="disabled", clip=place) for place in inside]
        assert await page.locator(".call-bar").evaluate("bar => bar.clientHeight") < 150
        for selector in (".call-bar-title", ".call-bar-with", ".segment-speaker", ".fact dd"):
            await page.locator(selector).evaluate_all(
                "nodes => nodes.forEach((node) => (node.style.visibility = 'hidden'))"
            )
        without_it = [await page.screenshot(animations="disabled", clip=place) for place in inside]
        assert [a == b for a, b in zip(with_it, without_it, strict=True)] == [True, True]
