"""The history: every call there was, found by filters and by what was said, opened at that moment, by everyone."""

import asyncio
import csv
from urllib.parse import urlencode

import pytest
from axe_playwright_python.async_playwright import Axe

from audit_log import logged
from browser import chromium, new_page
from exports.call_list import COLUMNS
from patience import PATIENCE_S
from test_pages import sign_in
from test_settings_browser import assert_fit_for_everyone
from visitor import Visitor

in_browser = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")


async def settle(house) -> None:
    """Three calls, of which the first has too many segments for one screen."""
    for n, direction in enumerate(("inbound", "outbound", "inbound")):
        facts = {"direction": direction, "from_number": f"+1555010{n}", "to_number": "+15550199"}
        await house.fetch("POST", "/api/v1/calls", {"call_sid": f"CA{n}", "assistant": "Front desk"} | facts)
        house.clock.advance(60)
    said = [
        {"segment_id": f"u/{k}?é#", "speaker": "user", "content": f"Word {k} of the café.", "segment_start": k * 3.0}
        for k in range(200)
    ]
    assert (await house.fetch("POST", "/api/v1/calls/sid/CA0/transcripts", {"transcripts": said})).code == 201
    await house.say("CA1", "u-1", "My <b>bike</b> is broken. " + "And so on. " * 40 + "The bike, I mean.")
    await house.end("CA1", duration=30)
    await house.services.searching.catch_up()


async def listed(visitor: Visitor, **asked: str) -> list[str]:
    page = (await visitor.get("/calls?" + urlencode(asked))).page
    return [e.attributes["data-call-sid"] for e in page.all("li") if "data-call-sid" in e.attributes]


async def test_calls_are_filtered_by_all_that_the_page_offers(either_house):
    house = either_house
    await settle(house)
    ada = await Visitor(house).sign_in()
    day = "2026-02-02"
    for asked, expected in (
        ({}, ["CA2", "CA1", "CA0"]),
        ({"status": "completed"}, ["CA1"]),
        ({"status": "nonsense"}, []),
        ({"direction": "inbound"}, ["CA2", "CA0"]),
        ({"assistant": "1"}, ["CA2", "CA1", "CA0"]),
        ({"assistant": "999"}, []),
        ({"duration": "under-1"}, ["CA1"]),
        ({"duration": "over-1"}, []),
        ({"number": "+1 (555) 01-02"}, ["CA2"]),
        ({"number": "%"}, []),
        ({"date_from": day, "date_to": day}, ["CA2", "CA1", "CA0"]),
        ({"date_to": "2026-02-01"}, []),
        ({"q": "bike"}, ["CA1"]),
        ({"q": "cafe", "direction": "inbound"}, ["CA0"]),
        ({"q": "cafe", "direction": "outbound"}, []),
        ({"page": "2"}, []),
        ({"page": "٣"}, ["CA2", "CA1", "CA0"]),
    ):
        assert await listed(ada, **asked) == expected, asked


async def test_pages_of_calls_lead_to_each_other_and_keep_the_filters(house):
    for n in range(27):
        await house.say(f"CA{n}", "u-1", "Is my bike ready?")
    await house.services.searching.catch_up()
    ada = await Visitor(house).sign_in()
    for asked in ({}, {"q": "bike", "status": "in-progress"}):
        first = (await ada.get("/calls?" + urlencode(asked))).page
        (next_,) = first.all("a", rel="next")
        assert (await listed(ada, **asked))[0] == "CA26" and "Calls 1–25" in first.text
        second = (await ada.get(next_.attributes["href"])).page
        assert "Calls 26–27" in second.text and not second.all("a", rel="next")
        (previous,) = second.all("a", rel="prev")
        assert previous.attributes["href"].removeprefix("/calls").strip("?") == urlencode(asked)


async def test_every_state_has_words_and_a_next_step(house):
    ada = await Visitor(house).sign_in()
    assert "No call yet" in (await ada.get("/calls")).page.text
    assert "No call yet" in (await ada.get("/calls?q=bike")).page.text
    await settle(house)
    for path, words, steps in (
        ("?q=zebra", "Nothing found", ["Show all calls"]),
        ("?q=zebra&status=failed", "passes the filters", ["Search without the filters", "Show all calls"]),
        ("?status=failed", "No call passes the filters", ["Clear filters"]),
        ("?page=9", "Nothing on this page", ["Back to the first ones"]),
    ):
        page = (await ada.get("/calls" + path)).page
        assert words in page.text
        assert all(step in [link.text for link in page.all("a")] for step in steps), path
    for query, field, words in (
        ("q=a*", "q", "at least 3 letters"),
        ("q=" + "x" * 10_000, "q", "At most 200 characters"),
        ("q=%22%22", "q", "Type a word"),
        ("date_from=soon", "date_from", "A day looks like"),
    ):
        answer = await ada.get("/calls?" + query)
        assert words in answer.page.errors[field] and answer.page.focused == [field]
    await house.say("CA9", "u-1", "a zebra")
    house.clock.advance(20)
    await house.services.searching.close()
    assert "cannot be found yet" in (await ada.get("/calls?q=zebra")).page.text


async def test_what_is_found_is_text_and_marked_and_of_ones_own_organisation(house):
    await settle(house)
    ada = await Visitor(house).sign_in()
    page = (await ada.get("/calls?q=bike")).page
    assert [mark.text for mark in page.all("mark")] == ["bike"] and not page.all("b")
    (words,) = page.all("span", class_="found-words")
    assert words.text.startswith("My <b>bike</b> is broken.") and words.text.endswith("…")
    await house.user("eve@example.com", await house.organization("Other"))
    eve = await Visitor(house).sign_in("eve@example.com")
    assert await listed(eve) == await listed(eve, q="bike") == []
    assert "Front desk" not in (await eve.get("/calls")).page.text
    noted = [(one.action, one.detail) for one in await logged(house) if one.action == "calls.searched"]
    assert noted == [("calls.searched", {"query": "bike"})]


async def test_the_list_is_exported_as_it_is_filtered_and_searched(either_house):
    house = either_house
    await settle(house)
    await house.say("CA2", "u-1", '=cmd("bike")')
    for n in range(60):
        await house.say(f"CB{n}", "u-1", "Hello.")
    await house.services.searching.catch_up()
    ada = await Visitor(house).sign_in()
    cookies = {"Cookie": "; ".join(f"{name}={value}" for name, value in ada.cookies.items())}

    async def rows(query: str) -> list[list[str]]:
        page = (await ada.get("/calls" + query)).page
        (link,) = [link for link in page.all("a") if link.text.startswith("Export")]
        answer = await house.fetch("GET", link.attributes["href"], key=None, headers=cookies)
        assert answer.headers["Content-Disposition"] == 'attachment; filename="calls.csv"'
        head, *found = csv.reader(answer.body.decode("utf-8-sig").splitlines())
        assert head == list(COLUMNS)
        return found

    assert [row[0] for row in await rows("")] == [*(f"CB{n}" for n in reversed(range(60))), "CA2", "CA1", "CA0"]
    (only,) = await rows("?status=completed")
    assert (only[1], only[3], only[4], only[9], only[-1]) == ("completed", "outbound", "'+15550199", "30", "")
    found = await rows("?q=bike")
    assert [row[0] for row in found] == ["CA2", "CA1"]
    assert found[0][-2:] == ["Customer", '\'=cmd("bike")']
    assert [row[-3] for row in await rows("?q=cafe")] == ["591.000", "594.000", "597.000"]
    refused = await ada.get("/calls.csv?q=a*")
    assert refused.code == 400 and "at least 3 letters" in refused.page.text
    details = [one.detail for one in await logged(house) if one.action == "calls.exported"]
    assert details == [{}, {"status": "completed"}, {"q": "bike"}, {"q": "cafe"}]


async def is_in_sight(target) -> bool:
    box = await target.bounding_box()
    return 0 < box["y"] < target.page.viewport_size["height"] - box["height"]


@in_browser
@pytest.mark.parametrize(("has_scripts", "is_over"), [(True, False), (False, True)])
async def test_a_result_opens_the_call_at_that_moment(house, has_scripts, is_over):
    await settle(house)
    if is_over:
        await house.end("CA0")
    async with new_page(java_script_enabled=has_scripts) as page:
        await sign_in(page, house.url)
        await page.click("nav a:has-text('History')")
        await page.wait_for_url("**/calls")
        await page.wait_for_load_state()  # with its module
        if has_scripts:
            await page.keyboard.press("/")
            await page.keyboard.type("word 100")
            await page.keyboard.press("Enter")
        else:
            await page.fill("input[name=q]", "word 100")
            await page.click("button:text-is('Search')")
        await page.wait_for_selector("mark")
        assert await page.locator("mark").all_inner_texts() == ["Word", "100"]
        await page.click(".found-segment")
        await page.wait_for_selector(".segment:target .segment-words:has-text('Word 100 of')")
        if has_scripts and not is_over:
            await page.wait_for_selector("[role=status]:has-text('Live')")
            await house.say("CA0", "u-new", "A new one")
            await page.wait_for_selector(".segment-words:text-is('A new one')", state="attached")
        async with asyncio.timeout(PATIENCE_S):  # browsers lay out what is far away a little later
            while not await is_in_sight(page.locator(".segment:target")):
                await asyncio.sleep(0.05)


@in_browser
async def test_the_history_is_fit_for_everyone(house):
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls")
        await assert_fit_for_everyone(page, "no call")
        await settle(house)
        for query in ("", "?q=bike", "?q=cafe&status=in-progress", "?q=zebra", "?q=a*"):
            await page.goto(f"{house.url}/calls{query}")
            await assert_fit_for_everyone(page, query, in_the_dark=True)
        for width in (320, 768, 1024, 1600):
            await page.set_viewport_size({"width": width, "height": 800})
            await page.goto(house.url + "/calls?q=bike&date_from=soon")
            assert await page.evaluate("document.documentElement.scrollWidth") == width
            await page.click("summary")
            assert (await Axe().run(page)).violations_count == 0
