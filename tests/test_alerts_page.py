"""Alerts in a real browser: marked where they are said as they are said, on the wall at once, fit for everyone."""

import asyncio
import os
from pathlib import Path

import pytest

from alerting import make_rule, make_target, receiving
from browser import chromium, new_page
from patience import PATIENCE_S
from test_pages import sign_in
from test_settings_browser import assert_fit_for_everyone
from test_wall_page import LIVE, announce, row, shown, words

pytestmark = pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
PICTURES = os.environ.get("CALLBOARD_TEST_PICTURES")  # a folder to look at


async def picture(page, name: str) -> None:
    if not PICTURES:
        return
    for scheme in ("light", "dark"):
        for width in (1280, 320):
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size({"width": width, "height": 800})
            await page.screenshot(path=Path(PICTURES) / f"{name}-{scheme}-{width}.png", full_page=True)
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size({"width": 1280, "height": 720})


async def marks(page) -> list[str]:
    return await page.locator(".segment-words mark").all_inner_texts()


async def test_words_are_marked_as_they_are_said_and_stay_so_after_a_reload(house):
    await make_rule(house, "Refund", "phrase", "refund\nmoney back")
    await make_rule(house, "Legal threat", "phrase", "my lawyer", on_interims=True)
    await make_rule(house, "Silence", "silence", threshold=30.0)
    await announce(house, "CA1", direction="inbound", from_number="+15550142")
    await house.say("CA1", "s1", "Hello 👍🏽, I want a refund.", segment_start=1.0, segment_end=2.5)
    async with new_page() as page, house.produce() as producer:
        await sign_in(page, house.url)
        await page.goto(house.url + "/calls/CA1")
        await page.wait_for_selector(LIVE)
        assert await marks(page) == ["refund"]
        await house.say(
            "CA1", "s2", "I can offer you a voucher.", speaker="assistant", segment_start=3.0, segment_end=5
        )
        interim = {"segment_id": "s3", "speaker": "user", "content": "I will call my lawyer", "is_final": False}
        interim["segment_start"] = 6.0
        await producer.send({"type": "transcript", "call_sid": "CA1", "data": interim})
        await page.wait_for_selector("#seg-s3 .segment-alerts:text-is('Alert: Legal threat')")
        final = "I will call my lawyer, and I want my <b>money</b> back: all my Money, back!"
        await house.say("CA1", "s3", final, segment_start=6.0, segment_end=9.0)
        await page.wait_for_selector("#seg-s3 .segment-alerts:text-is('Alert: Legal threat, Refund')")
        assert await marks(page) == ["refund", "my lawyer", "Money, back"]
        assert await page.inner_text("#seg-s3 .segment-words") == final
        house.clock.advance(31)
        await house.pipeline.notice_silences()
        await page.wait_for_selector(".event.is-alert:has-text('Alert: Silence')")
        await house.say("CA1", "s4", "One moment, please.", speaker="assistant", segment_start=41.0, segment_end=42.0)
        await page.wait_for_selector("#seg-s4")
        order = ".segments > li:not(.is-gap)"
        kinds = await page.locator(order).evaluate_all("all => all.map(it => it.dataset.segmentId ?? 'alert')")
        assert kinds == ["s1", "s2", "s3", "alert", "s4"]
        assert await page.inner_text("[data-part=alert-count]") == "4"
        await page.evaluate("scrollTo(0, 0)")
        await page.keyboard.press("n")
        assert await page.evaluate("document.activeElement.id") != ""
        await picture(page, "call")
        await assert_fit_for_everyone(page, "call", in_the_dark=True)
        await page.reload()
        await page.wait_for_selector(LIVE)
        assert await marks(page) == ["refund", "my lawyer", "Money, back"]
        assert await page.locator(".segment-alerts").all_inner_texts() == [
            "Alert: Refund",
            "Alert: Legal threat, Refund",
        ]
        assert await page.locator(order).count() == 5


async def test_the_wall_names_the_rules_at_once_and_puts_such_calls_first_where_that_is_wanted(house):
    await make_rule(house, "Refund", "phrase", "refund")
    await make_rule(house, "Legal threat", "phrase", "my lawyer")
    await announce(house, "CA1", direction="inbound", from_number="+15550142")
    await house.say("CA1", "s1", "A refund")
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.wait_for_selector(LIVE)
        assert await page.inner_text(row("CA1", " .tag.is-alert")) == "Refund"
        for sid in ("CA2", "CA3"):
            house.clock.advance(1)
            await announce(house, sid, direction="outbound", to_number="+15550143")
            await house.say(sid, "s1", "Good morning")
        await page.wait_for_selector(row("CA3"))
        await house.say("CA2", "s2", "A refund, or my lawyer calls")
        await house.say("CA2", "s3", "A refund!")
        await page.wait_for_selector(row("CA2", " .tag.is-alert:text-is('Refund ×2, Legal threat')"))
        assert await shown(page) == ["CA3", "CA2", "CA1"]
        await page.select_option("select[name=order]", "attention")
        await page.mouse.move(0, 0)
        async with asyncio.timeout(PATIENCE_S):
            while await shown(page) != ["CA2", "CA1", "CA3"]:
                await asyncio.sleep(0.05)
        await page.wait_for_selector(words("CA3", "Good morning"))
        await picture(page, "wall")
        await assert_fit_for_everyone(page, "wall", in_the_dark=True)
        await page.reload()
        assert await shown(page) == ["CA2", "CA1", "CA3"], "as the server rendered it, too"


async def test_the_settings_show_what_a_kind_of_rule_has(open_furnished):
    async with receiving() as receiver, open_furnished(alerts_to_private_addresses=1) as house, new_page() as page:
        await make_rule(house, "Refund", "phrase", "refund\nmoney back\nreturn my order", on_interims=True)
        await make_rule(house, "Card", "pattern", r"\b(visa|master ?card|amex)\b", speaker="assistant", assistant_id=1)
        await make_rule(house, "Unsure", "confidence", threshold=0.45)
        await make_rule(house, "Silence", "silence", threshold=30.0)
        await make_target(house, receiver.url)
        receiver.answers = [500]
        await house.say("CA1", "s1", "A refund")
        await receiver.next()
        await house.services.alert_sender.idle()
        await house.say("CA1", "s2", "A refund")
        await receiver.next()
        await house.services.alert_sender.idle()
        await sign_in(page, house.url)
        await page.goto(house.url + "/settings/alerts")
        for kind, threshold, text in (("phrase", False, True), ("silence", True, False), ("confidence", True, False)):
            await page.select_option("[name=kind]", kind)
            assert await page.is_visible("[name=threshold]") is threshold
            assert await page.is_visible("[name=text]") is text
        await page.select_option("[name=kind]", "phrase")
        await picture(page, "settings")
        await assert_fit_for_everyone(page, "settings", in_the_dark=True)
        await page.goto(house.url + "/settings/alerts/1")
        await page.fill("#try-text", "Can I have my Money, back? Or a <refund>")
        await page.click("button:text-is('Try')")
        assert await page.locator("[data-part=tried] mark").all_inner_texts() == ["Money, back", "refund"]
        await picture(page, "rule")
        await assert_fit_for_everyone(page, "rule", in_the_dark=True)
