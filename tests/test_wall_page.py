"""The live wall in a real browser: calls come, speak, end and go, however many, without a reload."""

import asyncio

import pytest
from axe_playwright_python.async_playwright import Axe

from browser import chromium, new_page
from house import House, open_house
from models import accounts
from patience import PATIENCE_S
from postgres import free_port
from test_pages import sign_in

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

LIVE = "[data-part=connection] [role=status]:text-is('Live')"
LAID_OUT = "new Promise(then => requestAnimationFrame(() => requestAnimationFrame(then)))"


def row(sid: str, more: str = "") -> str:
    return f".call-row[data-call-sid='{sid}']{more}"


def words(sid: str, text: str) -> str:
    return row(sid, f" .said-words:text-is('{text}')")


async def shown(page) -> list[str]:
    return await page.locator(".call-row").evaluate_all("rows => rows.map(row => row.dataset.callSid)")


async def announce(house: House, sid: str, **more) -> None:
    answer = await house.fetch("POST", "/api/v1/calls", {"call_sid": sid} | more)
    assert answer.code in (200, 201), answer.body


async def produce(house: House, messages: list[dict]) -> None:
    """All of them through one producer's socket; returns when all are stored."""
    async with house.produce() as producer:
        for number, message in enumerate(messages):
            await producer.send({"id": str(number)} | message)
        for _ in messages:
            assert (await producer.next())["type"] == "ack"


def said(sid: str, segment_id: str, content: str) -> dict:
    data = {"segment_id": segment_id, "content": content, "speaker": "user"}
    return {"type": "transcript", "call_sid": sid, "data": data}


async def test_a_call_comes_speaks_and_ends_on_a_wall_that_began_empty(house):
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        assert await page.is_visible("text=No call yet")
        await announce(house, "CA1", from_number="+15550142", direction="inbound")
        await page.wait_for_selector(words("CA1", "No words yet"))
        assert not await page.is_visible("text=No call yet")
        assert await page.title() == "Live calls (1) · Callboard"
        await house.say("CA1", "u-1", "Is my", is_final=False)
        await page.wait_for_selector(row("CA1", " .is-interim .said-words:text-is('Is my')"))
        await house.say("CA1", "u-1", "Is my bike ready?")
        await page.wait_for_selector(row("CA1", " .said:not(.is-interim) .said-words:text-is('Is my bike ready?')"))
        assert await page.inner_text(row("CA1", " .said-by")) == "Customer"
        async with house.watch("CA1"):
            await page.wait_for_selector(row("CA1", " [data-part=viewers]:text-is('1')"))
        house.clock.advance(1)
        await house.say("CA2", "u-1", "Hello")
        await page.wait_for_selector(row("CA2", ".is-new"))
        assert await shown(page) == ["CA2", "CA1"]
        await house.end("CA1", reason="hung-up")
        await page.wait_for_selector(row("CA1", ".is-over .tag:text-is('Ended · hung up')"))
        assert await page.inner_text("h1 .count") == "1"
        await page.wait_for_selector("[data-part=news]:has-text('new call')", state="attached")


async def test_filters_order_and_view_are_in_the_address_and_survive_a_reload(house):
    await announce(house, "CA1", from_number="+15550142", direction="inbound")
    await announce(house, "CA2", from_number="+15550199", direction="outbound")
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        await page.select_option("select[name=direction]", "inbound")
        await page.select_option("select[name=order]", "attention")
        await page.click("text=Cards")
        await page.keyboard.press("/")
        await page.keyboard.type("0142 ?jk")
        await page.wait_for_selector("text=No call passes the filters")
        await page.fill("input[name=text]", "0142")
        assert await shown(page) == ["CA1"]
        address = house.url + "/?direction=inbound&q=0142&order=attention&view=cards"
        assert page.url == address
        await page.reload()
        await page.wait_for_selector(".call-list.is-cards")
        assert await shown(page) == ["CA1"]
        await page.goto(house.url + "/")  # the tab remembers, too
        assert page.url == address
        assert await page.inner_text("[data-part=share]") == "1 of 2 calls"
        await page.click("button:has-text('Clear filters'):visible")
        assert sorted(await shown(page)) == ["CA1", "CA2"]
        assert page.url == house.url + "/?order=attention&view=cards"


async def test_three_hundred_calls_change_at_once_and_only_what_changed_is_touched(house):
    sids = [f"CA{n:03}" for n in range(300)]
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        await produce(house, [said(sid, "u-1", "Hello") for sid in sids])
        await page.wait_for_selector(".call-row >> nth=299", state="attached")
        assert sorted(await shown(page)) == sids
        await page.evaluate("document.querySelectorAll('.call-row').forEach(row => (row.stillTheSame = true))")
        await page.evaluate("scrollTo(0, 4000)")
        await page.evaluate(LAID_OUT)
        in_sight = "document.elementFromPoint(300, innerHeight / 2).closest('.call-row')"
        sid, top = await page.evaluate(f"[{in_sight}.dataset.callSid, {in_sight}.getBoundingClientRect().top]")
        house.clock.advance(1)
        await produce(house, [said(sid, "u-2", f"Words of {sid}") for sid in sids] + [said("CAnew", "u-1", "Hello")])
        await page.wait_for_selector(row("CAnew"), state="attached")
        await page.wait_for_selector(".said-words:text('Words of') >> nth=299", state="attached")
        assert (await shown(page))[0] == "CAnew"
        all_rows = page.locator(".call-row")
        assert await all_rows.evaluate_all("rows => rows.filter(row => row.stillTheSame).length") == 300
        await page.evaluate(LAID_OUT)
        assert abs(await page.evaluate(f"{in_sight}.getBoundingClientRect().top") - top) < 1
        assert await page.evaluate(f"{in_sight}.dataset.callSid") == sid


async def test_the_wall_is_used_by_keys_and_has_no_accessibility_violations(house):
    for n in (1, 2, 3):
        await house.say(f"CA{n}", "u-1", "Hello")
    await house.say("CA2", "u-2", "Is my", is_final=False)
    async with new_page(viewport={"width": 1300, "height": 800}) as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        await house.end("CA1")
        await page.wait_for_selector(row("CA1", ".is-over"))
        found = [("table", await Axe().run(page))]
        await page.keyboard.press("?")
        await page.wait_for_selector("dialog[open]")
        found.append(("keys", await Axe().run(page)))
        await page.uncheck("dialog [data-part=letters]")
        await page.keyboard.press("Escape")
        await page.keyboard.press("j")
        assert not await page.is_visible(".call-link:focus")  # the letters are off
        await page.click("button:text-is('Keys')")
        await page.check("dialog [data-part=letters]")
        await page.click("dialog button:text-is('Close')")
        await page.emulate_media(color_scheme="dark")
        await page.set_viewport_size({"width": 320, "height": 640})
        found.append(("narrow and dark", await Axe().run(page)))
        assert await page.evaluate("document.documentElement.scrollWidth") == 320
        for key in ("j", "j", "k", "ArrowDown"):
            await page.keyboard.press(key)
        assert await page.evaluate("document.activeElement.closest('.call-row').dataset.callSid") == "CA2"
        await page.keyboard.press("Enter")
        await page.wait_for_url(house.url + "/calls/CA2")
    for name, result in found:
        assert result.violations_count == 0, (name, result.generate_report())


async def test_a_wall_says_when_it_is_behind_and_comes_back_with_what_is_true(sqlite_url):
    port = free_port()
    async with new_page() as page:
        async with open_house(sqlite_url, port=port) as house:
            furniture = await house.furnish()
            await house.say("CA1", "u-1", "Hello")
            await house.say("CA2", "u-1", "Hello")
            await sign_in(page, house.url)
            await page.wait_for_selector(LIVE)
        await page.wait_for_selector("[role=status]:has-text('may be behind')")
        async with open_house(sqlite_url, port=port) as house:
            house.furniture = furniture
            await house.end("CA1")
            await page.wait_for_selector("[role=status]:has-text('Back')")
            assert await shown(page) == ["CA2"]
            await house.user("bob@example.com", house.organization_id)
            await house.store.write(accounts.deactivate_user, "ada@example.com")
            async with asyncio.timeout(PATIENCE_S):
                await page.wait_for_selector("text=You may no longer watch these calls")
            assert await shown(page) == []


async def test_the_wall_is_complete_without_javascript(house):
    await house.say("CA1", "u-1", "Is my bike ready?")
    async with new_page(java_script_enabled=False) as page:
        await sign_in(page, house.url)
        assert await page.is_visible(words("CA1", "Is my bike ready?"))
        assert await page.is_visible("text=not live")
        assert not await page.is_visible("input[name=text]")
        await page.click("a[href='/calls/CA1']")
        await page.wait_for_selector("h1:has-text('Unknown number')")
