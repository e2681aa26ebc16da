"""The first page of an empty database: who reads the console makes the organisation and its administrator."""

import asyncio
import time

import pytest
from axe_playwright_python.async_playwright import Axe

from browser import chromium, new_page
from command_line import CommandLine, finish
from handlers import set_up_code
from house import open_house
from visitor import Visitor

GOOD = {
    "organization": "Larkspur Cycles",
    "email": "ada@example.com",
    "password": "correct horse",
    "password_again": "correct horse",
}


async def found(visitor, **fields):
    return await visitor.post("/first-run", **{"code": visitor.house.services.set_up.code} | GOOD | fields)


async def test_while_there_is_no_user_every_page_leads_to_the_first_run_and_the_api_is_as_ever(sqlite_url):
    async with open_house(sqlite_url) as house:
        visitor = Visitor(house)
        for path in ("/", "/sign-in", "/calls/CA1", "/settings", "/settings/users"):
            answer = await visitor.get(path)
            assert (answer.code, answer.location) == (302, "/first-run"), path
        assert (await visitor.get("/nowhere")).code == 404
        assert (await house.fetch("GET", "/api/v1/calls", key=None)).code == 401
        assert (await house.fetch("GET", "/healthz", key=None)).code == 200


async def test_who_has_the_code_is_administrator_and_signed_in_and_the_page_is_gone(database_url):
    async with open_house(database_url) as house:
        visitor = Visitor(house)
        answer = await found(visitor, code=f" {house.services.set_up.code.replace('-', ' ').lower()} ")
        assert (answer.code, answer.location) == (303, "/")
        assert (await visitor.get("/")).page.all("a", href="/settings"), "the administrator's link"
        assert "Assistant" in (await visitor.get("/settings/assistants")).page.text
        assert (await visitor.get("/first-run")).code == 404
        assert (await found(Visitor(house), email="eve@example.com")).code == 404
        assert await (await Visitor(house).sign_in()).is_signed_in()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"organization": " "}, "An organisation needs a name."),
        ({"email": "ada"}, "'ada' is not an e-mail address."),
        ({"email": ""}, "An e-mail address is needed to sign in with."),
        ({"password": "short", "password_again": "short"}, "A password needs at least 8 characters."),
        ({"password_again": "another"}, "The two passwords differ."),
        ({"code": ""}, "The code is on the server's console, in the line that begins with “No user yet”."),
    ],
)
async def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_made(sqlite_url, wrong, words):
    async with open_house(sqlite_url) as house:
        field = list(wrong)[-1] if "password" not in wrong else "password"
        answer = await found(Visitor(house), **wrong)
        assert answer.code == 422
        assert answer.page.errors == {field: words} and answer.page.focused == [field]
        assert await house.services.set_up.is_due()


async def test_wrong_codes_make_nothing_are_counted_and_each_takes_longer(sqlite_url, caplog):
    async with open_house(sqlite_url) as house:
        visitor, took = Visitor(house), []
        for _ in range(2):
            began = time.monotonic()
            answer = await found(visitor, code="AAAA-AAAA")
            took.append(time.monotonic() - began)
            assert answer.code == 422 and answer.page.focused == ["code"]
        assert took[0] >= 0.5 and took[1] >= 1
        assert "2 wrong set-up codes so far" in caplog.text
        assert await house.services.set_up.is_due()


async def test_who_guesses_many_codes_at_once_is_turned_away_unheard(sqlite_url, monkeypatch):
    monkeypatch.setattr(set_up_code, "SLOWEST_S", 600)
    async with open_house(sqlite_url) as house:
        set_up = house.services.set_up
        set_up._wrong = 1200  # they all wait until they are cancelled
        guesses = [asyncio.create_task(set_up.fits("AAAA-AAAA")) for _ in range(set_up_code.MAX_WAITING)]
        await asyncio.sleep(0)  # all of them have begun
        assert (await found(Visitor(house))).code == 429, "even with the right code"
        for guess in guesses:
            guess.cancel()
        await asyncio.gather(*guesses, return_exceptions=True)
        assert (await found(Visitor(house))).code == 303


async def test_of_two_founders_at_once_one_is_the_first(database_url):
    async with open_house(database_url) as house:
        visitors = [Visitor(house), Visitor(house)]
        for visitor in visitors:
            await visitor.get("/first-run")
        one, two = await asyncio.gather(*(found(v, email=f"{n}@example.com") for n, v in enumerate(visitors)))
        assert sorted((one.code, two.code)) in ([303, 422], [303, 404])


async def test_a_form_without_its_xsrf_token_is_refused(sqlite_url):
    async with open_house(sqlite_url) as house:
        assert (await found(Visitor(house), xsrf=False)).code == 403
        assert await house.services.set_up.is_due()


def test_serve_prints_the_code_until_there_is_a_user(sqlite_url):
    line = CommandLine(sqlite_url)
    server = line.start("serve", "--port", "0")
    url = server.stdout.readline().decode().removeprefix("Callboard is on ").strip()
    said = server.stdout.readline().decode()
    server.terminate()
    finish(server)
    assert said.startswith(f"No user yet: open {url}/first-run and enter the set-up code ")
    code = said.split()[-1]
    assert len(code) == 9 and code[4] == "-"
    line.do("setup")
    with line.serving():
        pass  # which checks that nothing more is said


@pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
async def test_a_newcomer_goes_from_the_console_to_the_live_calls(sqlite_url):
    async with open_house(sqlite_url) as house, new_page() as page:
        await page.goto(house.url)
        await page.wait_for_url("**/first-run")
        assert (await Axe().run(page)).violations_count == 0
        await page.fill("[name=code]", "wrong")
        await page.click("button[type=submit]")
        await page.wait_for_selector("[name=code][aria-invalid]:focus")
        assert (await Axe().run(page)).violations_count == 0
        for name, value in (GOOD | {"code": house.services.set_up.code}).items():
            await page.fill(f"[name={name}]", value)
        await page.click("button[type=submit]")
        await page.wait_for_selector("h1:has-text('Live calls')")
        assert page.url == house.url + "/"
