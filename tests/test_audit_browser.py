"""The audit log's page in a real browser: usable by everyone, also where the log is full of long things."""

import pytest

from audit_log import entry, logged
from browser import chromium, new_page
from models import audit
from test_pages import sign_in
from test_settings_browser import assert_fit_for_everyone

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
LONG = "a.supervisor.with.a.long.name@harper-valley.example.com"
AT = 1_768_824_005_000_000  # 2026-01-19T12:00:05Z


def some(organization: int) -> list:
    by_ada = dict(actor="ada@example.com", address="203.0.113.7")
    deeds = [
        (
            "call.watched",
            "CA" + "4711" * 8,
            dict(actor=LONG, address="2001:db8:85a3::8a2e:370:7334", key_prefix="cb_ab12CD34"),
        ),
        ("sign_in_failed", LONG, dict(address="203.0.113.7")),
        (
            "key.created",
            "cb_ab12CD34",
            by_ada | dict(detail={"name": "CRM of the Harper Valley branch", "scopes": "ingest,read"}),
        ),
        ("user.deactivated", "bob@example.com", dict(actor="command line")),
        ("feed.watched", None, by_ada),
        ("audit.lost", None, dict(detail={"entries": 12})),
        ("source.tested", "1", by_ada | dict(detail={"call": "trial-7f3a"})),
    ]
    return [
        entry(organization, AT + n, action, target=target, **more) for n, (action, target, more) in enumerate(deeds * 9)
    ]


async def test_the_audit_log_is_fit_for_everyone_and_in_the_readers_time(house):
    async with new_page(timezone_id="Asia/Kathmandu", locale="en-GB") as page:
        await sign_in(page, house.url)
        await page.goto(house.url + "/settings/audit?target=nothing")
        await page.wait_for_selector("h2:has-text('Nothing fits')")
        await assert_fit_for_everyone(page, "audit, empty")
        await house.store.write(audit.add, some(house.organization_id))
        await page.click("a:has-text('Show all')")
        await page.wait_for_selector("time:has-text('17:45:05')")
        await assert_fit_for_everyone(page, "audit", in_the_dark=True)
        await page.goto(house.url + "/settings/audit?date_from=soon")
        await page.wait_for_selector("[name=date_from]:focus")
        await assert_fit_for_everyone(page, "audit, with an error", in_the_dark=True)


async def test_the_audit_log_works_without_javascript(house):
    async with new_page(java_script_enabled=False) as page:
        await sign_in(page, house.url)
        await logged(house)
        await house.store.write(audit.add, some(house.organization_id))
        await page.goto(house.url + "/settings/audit")
        assert "(UTC)" in await page.inner_text("thead")
        assert "12:00:05" in await page.inner_text("tbody tr >> nth=0")
        await page.click("a:has-text('Older')")
        await page.wait_for_selector("a:has-text('Newest')")
        assert await page.locator("tbody tr").count() == 7 * 9 + 2 - 50, "with the sign-in, and the live calls after it"
        await page.select_option("[name=action]", "key.created")
        await page.fill("[name=user]", "Ada@example.com")
        await page.click("button:has-text('Filter')")
        await page.wait_for_selector("a:has-text('Show all')")
        assert await page.locator("tbody tr").count() == 9
        assert await page.inner_text("tbody tr:first-child .audit-sentence") == (
            "ada@example.com created the key cb_ab12CD34"
        )
