"""Your account: everyone changes their own password, and only who knows it does."""

import asyncio
import json

import pytest

from audit_log import logged
from browser import chromium, new_page
from log_reader import is_secret
from models import accounts
from patience import PATIENCE_S
from strangers import stop_the_clock
from test_pages import sign_in
from test_settings_browser import assert_fit_for_everyone
from visitor import Visitor

OLD, NEW, WRONG = "correct horse", "a better one", "wrong horse 1"
SUE = "sue@example.com"


def typed(current: str = OLD, password: str = NEW, again: str | None = None) -> dict[str, str]:
    is_secret(current)
    return {"current_password": current, "password": password, "password_again": password if again is None else again}


async def supervisor(house) -> Visitor:
    await house.user(SUE, house.organization_id, "supervisor")
    return await Visitor(house).sign_in(SUE)


async def ticket(visitor: Visitor) -> str:
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.cookies.items())
    headers = {"Cookie": cookies, "X-XSRFToken": visitor.cookies["_xsrf"]}
    answer = await visitor.house.fetch("POST", "/api/v1/tickets", {"call_sid": "CA1"}, key=None, headers=headers)
    assert answer.code == 201, answer.body
    return json.loads(answer.body)["ticket"]


async def test_a_supervisor_changes_their_password_and_is_signed_out_everywhere_but_here(either_house):
    house = either_house
    here, (elsewhere, lent) = await supervisor(house), [await Visitor(house).sign_in(SUE) for _ in range(2)]
    ada = await Visitor(house).sign_in()
    lent.cookies["callboard_session"] = stolen = here.cookies["callboard_session"]
    page = await here.submit("/account", **typed())
    assert "Your password is changed. You are signed out everywhere else." in page.text
    assert "Your password is changed" not in (await here.get("/account")).page.text, "it is said once"
    assert here.cookies["callboard_session"] != stolen
    assert [await one.is_signed_in() for one in (here, elsewhere, lent, ada)] == [True, False, False, True]
    assert (await Visitor(house).post("/sign-in", email=SUE, password=OLD)).code == 401
    assert await (await Visitor(house).sign_in(SUE, NEW)).is_signed_in()
    assert await (await Visitor(house).sign_in()).is_signed_in(), "hers is another"


async def test_what_is_open_on_a_session_ends_with_the_password_and_what_is_open_on_a_key_goes_on(either_house):
    house = either_house
    sue = await supervisor(house)
    key = await house.make_key("read", user_id=2)
    await house.say("CA1", "s1", "Hello")
    here, elsewhere = await ticket(sue), await ticket(await Visitor(house).sign_in(SUE))
    unused = await ticket(sue)
    async with (
        house.watch("CA1", key=here) as one,
        house.watch("CA1", key=elsewhere) as other,
        house.watch("CA1", key=key) as program,
    ):
        for viewer in (one, other, program):
            await viewer.history()
        assert (await sue.post("/account", **typed())).code == 303
        async with asyncio.timeout(PATIENCE_S):
            for viewer in (one, other):
                assert await viewer.to_the_end() == 1008
                assert viewer.seen[-1]["error"] == "access_revoked"
        await house.say("CA1", "s2", "Still here")
        assert (await program.until("transcript"))["data"]["content"] == "Still here"
    async with house.watch("CA1", key=unused) as viewer:
        assert await viewer.to_the_end() == 1008
    async with house.watch("CA1", key=await ticket(sue)) as viewer:
        await viewer.history()


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (typed(current=""), {"current_password": "Your current password is needed."}),
        (typed(current=WRONG), {"current_password": "This is not your password."}),
        (typed(current="x" * 100_000), {"current_password": "This is not your password."}),
        (typed(password=""), {"password": "A new password is needed."}),
        (typed(password="short"), {"password": "A password needs at least 8 characters."}),
        (typed(again=NEW + " "), {"password_again": "The two passwords differ."}),
        (typed(WRONG, "<script>tripped()</script>", ""), {"current_password": "This is not your password."}),
    ],
)
async def test_what_cannot_be_is_refused_beside_the_field_and_changes_nothing(house, fields, errors):
    sue = await supervisor(house)
    answer = await sue.post("/account", **fields)
    assert answer.code == 422 and errors.items() <= answer.page.errors.items()
    assert answer.page.focused == [next(iter(errors))]
    assert not [field for field in answer.page.all("input", type="password") if "value" in field.attributes]
    assert "tripped" not in answer.page.text
    assert await sue.is_signed_in() and await (await Visitor(house).sign_in(SUE)).is_signed_in()


async def test_an_account_is_ones_own_whatever_the_form_says(house):
    sue = await supervisor(house)
    more = {"user_id": "1", "id": "1", "email": "ada@example.com", "username": "ada@example.com"}
    await sue.submit("/account", **typed(), **more)
    assert await (await Visitor(house).sign_in()).is_signed_in()
    assert await (await Visitor(house).sign_in(SUE, NEW)).is_signed_in()


async def test_a_password_of_any_characters_is_taken_as_it_is(house):
    sue = await supervisor(house)
    odd = " ü👍🏿 <b>'\"\u202e "
    await sue.submit("/account", **typed(password=odd))
    assert await (await Visitor(house).sign_in(SUE, odd)).is_signed_in()
    assert (await Visitor(house).post("/sign-in", email=SUE, password=odd.strip())).code == 401


async def test_guesses_are_limited_together_with_those_of_the_sign_in_page(open_furnished):
    async with open_furnished(passwords_per_account=3) as house:
        clock = stop_the_clock(house)
        sue = await supervisor(house)
        for _ in range(3):
            assert (await sue.post("/account", **typed(WRONG))).code == 422
        answer = await sue.post("/account", **typed())
        assert answer.code == 429 and "Wait a minute, then try again." in answer.page.text
        assert (await Visitor(house).post("/sign-in", email=SUE, password=OLD)).code == 429
        assert await (await Visitor(house).sign_in()).is_signed_in(), "of another account nobody guessed"
        assert await sue.is_signed_in()
        await house.services.audit.write_down()
        refused = [one for one in await logged(house) if one.action == "user.password_refused"]
        assert [(one.actor, one.target) for one in refused] == [(SUE, SUE)], "the same within a minute is one entry"
        clock.at += 20
        assert (await sue.post("/account", **typed())).code == 303


async def test_who_has_been_shut_out_or_brings_no_token_changes_nothing(house):
    sue = await supervisor(house)
    assert (await sue.post("/account", xsrf=False, **typed())).code == 403
    await house.store.write(accounts.deactivate_user, SUE)
    answer = await sue.post("/account", **typed())
    assert answer.code == 302 and answer.location.startswith("/sign-in")


async def test_an_administrators_own_generated_password_is_shown_though_others_signed_in_since(either_house):
    """What a page says once is said to the session that goes on, not to the one that ended."""
    house = either_house
    ada = await Visitor(house).sign_in()
    await supervisor(house)
    page = await ada.submit("/settings/users/1/password", password="")
    assert await (await Visitor(house).sign_in(password=page.part("secret"))).is_signed_in()


@pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
async def test_the_page_is_found_from_every_page_and_is_fit_for_everyone(house):
    async with new_page() as page:
        await sign_in(page, house.url)
        await page.click("header a:has-text('ada@example.com')")
        await page.wait_for_selector("h1:text-is('Your account')")
        await assert_fit_for_everyone(page, "account", in_the_dark=True)
        for name, value in typed(WRONG, again="another").items():
            await page.fill(f"[name={name}]", value)
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[name=current_password]:focus")
        await assert_fit_for_everyone(page, "refused", in_the_dark=True)
        for name, value in typed().items():
            await page.fill(f"[name={name}]", value)
        await page.click("button:text-is('Change the password')")
        await page.wait_for_selector(".said:has-text('Your password is changed')")
        await assert_fit_for_everyone(page, "changed", in_the_dark=True)
