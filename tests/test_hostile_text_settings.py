"""Hostile names on the settings pages: of assistants, keys and accounts."""

import pytest

from browser import chromium
from hostile_page import assert_fits, reads_forward, wired_page
from hostile_texts import MARKUP, RLO
from models import assistants, rights
from test_pages import sign_in

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")

NAME = f"{MARKUP['end of script']}{MARKUP['attribute']}{'n' * 60}{RLO}"


async def test_names_on_the_settings_pages_are_text(house):
    await house.store.write(assistants.create, house.clock(), house.organization_id, NAME)
    await house.store.write(rights.create_key, house.clock(), house.user_id, NAME, ["read"], None)
    async with wired_page(house.url) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/settings/keys")
        assert NAME in await page.locator(".row-name bdi").all_text_contents()
        for at in (1, 2):
            assert await reads_forward(page, f".row:nth-child({at}) .row-name code", "cb_")
        await assert_fits(page)
        await page.goto(house.url + "/settings/assistants")
        link = page.locator(".row-name a").filter(has_text="end")
        assert await link.text_content() == NAME
        await assert_fits(page)
        await link.click()
        assert await page.text_content("h1") == NAME
        assert await page.input_value("input[name=name]") == NAME
        await assert_fits(page)
        await page.goto(house.url + "/settings/sources")
        await page.select_option("select[name=assistant]", label=NAME)
        await page.fill("input[name=secret]", "token")
        await page.click("form.panel button[type=submit]")
        await page.wait_for_selector(".said")
        assert await page.text_content(".source-head h1") == f"Twilio for {NAME}"
        await assert_fits(page)
        await page.goto(house.url + "/settings/sources")
        assert await page.locator("td[data-label=Assistant]").all_text_contents() == [NAME]
        await assert_fits(page)


async def test_a_form_that_is_wrong_shows_again_what_was_typed(house):
    too_long = NAME + "x" * 300
    async with wired_page(house.url) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/settings/assistants")
        await page.locator("input[name=name]").evaluate("node => node.removeAttribute('maxlength')")
        await page.fill("input[name=name]", too_long)
        await page.click("form.panel button[type=submit]")
        await page.wait_for_selector(".field-error")
        assert await page.input_value("input[name=name]") == too_long
        await assert_fits(page)
