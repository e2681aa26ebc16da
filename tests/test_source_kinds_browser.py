"""The pages of each kind of source in a real browser: usable by everyone, on every screen, light and dark."""

import pytest

from browser import chromium, new_page
from handlers.source_kinds import SOURCE_KINDS
from provider_line import SECRETS
from test_pages import sign_in
from test_settings_browser import assert_fit_for_everyone, submit

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")


@pytest.mark.parametrize("kind", ["telnyx", "deepgram"])  # with all there is between them; the others have less
async def test_a_source_is_made_and_its_pages_are_fit_for_everyone(house, kind):
    told = SOURCE_KINDS[kind]
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/settings/sources")
        await page.select_option("[name=kind]", kind)
        assert (await page.inner_text("label[for=field-secret]")).strip() == told.secret
        assert await page.inner_text("#hint-secret") == told.secret_from
        assert await page.is_visible("[name=account]") == bool(told.account)
        await assert_fit_for_everyone(page, f"{kind}: new")
        await submit(page, secret=SECRETS[kind])
        await page.wait_for_selector("[data-part=fares]:has-text('Waiting for the first event')")
        await assert_fit_for_everyone(page, f"{kind}: waiting", in_the_dark=True)
        if not told.untested:
            await page.click("button:has-text('Send a test call')")
            await page.wait_for_selector("[data-part=fares]:has-text('Last event')")
        await page.goto(house.url + "/settings/sources/1/credentials")
        await assert_fit_for_everyone(page, f"{kind}: credentials")
        await page.go_back()
        await house.services.trial_calls.over(1)


async def test_without_scripts_each_provider_has_a_form_of_its_own(house):
    async with new_page(java_script_enabled=False) as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/settings/sources")
        await page.click("a:has-text('Telnyx')")
        assert (await page.inner_text("label[for=field-secret]")).strip() == "Public key"
        await submit(page, secret=SECRETS["telnyx"])
        assert "Telnyx for Front desk" in await page.inner_text("h1")
