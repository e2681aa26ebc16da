"""The settings pages in a real browser: live where they should be, whole without scripts, usable by everyone."""

import pytest
from axe_playwright_python.async_playwright import Axe

from browser import chromium, new_page
from test_pages import sign_in
from test_sources_page import WORDS, post
from twilio_calls import status

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")


async def submit(page, **fields: str) -> None:
    """Fill in the form of the page and send it; what it says then is there."""
    for name, value in fields.items():
        field = page.locator(f"form.panel [name={name}]")
        await (field.select_option(value) if await field.evaluate("e => e.tagName") == "SELECT" else field.fill(value))
    await page.click("form.panel button[type=submit]")
    await page.wait_for_selector(".said, .field-error")


async def assert_fit_for_everyone(page, name: str, *, in_the_dark: bool = False) -> None:
    """No accessibility violation, and nothing lost at 320 px; `in_the_dark` there is enough contrast too."""
    found = await Axe().run(page)
    assert found.violations_count == 0, (name, found.generate_report())
    if in_the_dark:
        await page.emulate_media(color_scheme="dark")
        found = await Axe().run(page, options={"runOnly": ["color-contrast"]})
        assert found.violations_count == 0, (name, "dark", found.generate_report())
        await page.emulate_media(color_scheme="light")
    size = page.viewport_size
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    await page.set_viewport_size(size)


async def test_a_new_source_waits_hears_its_test_call_and_tells_what_it_refused(house):
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.click("nav a:has-text('Settings')")
        await submit(page, secret="token", account="AC0")
        address = await page.inner_text("[data-part=address]")
        await page.wait_for_selector("[data-part=fares]:has-text('Waiting for the first event')")
        await assert_fit_for_everyone(page, "waiting")
        await page.evaluate("window.stillTheSamePage = true")
        assert await post(house, address, status("in-progress"), "another-token") == 403
        await page.wait_for_selector(".refusal:has-text('The signature does not fit')")
        assert await post(house, address, status("in-progress"), "token") == 204
        await page.wait_for_selector("[data-part=fares]:has-text('Last event')")
        assert await page.inner_text("[data-part=announced]") == "Last event 0 s ago"
        assert await page.evaluate("window.stillTheSamePage")
        await assert_fit_for_everyone(page, "receiving", in_the_dark=True)
        await page.click("button:has-text('Send a test call')")
        await page.click("a:has-text('Read along')")
        for _, words in WORDS:
            await page.wait_for_selector(f".segment:not(.is-interim) .segment-words:text-is('{words}')")


async def test_the_settings_work_without_javascript(house):
    async with new_page(java_script_enabled=False) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/settings/keys")
        await submit(page, name="CRM")
        key = await page.inner_text("[data-part=secret]")
        await page.click("tr:has-text('CRM') summary")
        await page.click("button:has-text('Revoke cb_')")
        await page.wait_for_selector("text=is revoked")
        assert (await house.fetch("GET", "/api/v1/calls", key=key)).code == 401
        await page.goto(house.url + "/settings/sources")
        await submit(page, secret="token")
        await page.click("button:has-text('Send a test call')")
        await page.wait_for_selector("[data-part=fares]:has-text('Last event')")


async def test_every_settings_page_is_fit_for_everyone(house):
    await house.user("a.supervisor.with.a.long.name@harper-valley.example.com", house.organization_id, "supervisor")
    async with new_page() as page:
        await sign_in(page, house.url)
        for path, fields in (
            ("keys", {"name": "CRM"}),
            ("users", {"email": "bob@example.com"}),
            ("assistants", {"name": "Night line"}),
            ("sources", {"secret": "token"}),
        ):
            await page.goto(f"{house.url}/settings/{path}")
            await submit(page, **dict.fromkeys(fields, ""))
            await page.wait_for_selector(f"[name={next(iter(fields))}]:focus")
            await submit(page, **fields)
            await page.wait_for_selector(".said")
            await assert_fit_for_everyone(page, f"{path}, with what was made", in_the_dark=path == "keys")
        for path in ("users/2", "assistants/1", "sources/1/credentials"):
            await page.goto(f"{house.url}/settings/{path}")
            await assert_fit_for_everyone(page, path)
        await page.goto(f"{house.url}/settings/users")
        await submit(page, email="")
        await assert_fit_for_everyone(page, "users, with an error", in_the_dark=True)
