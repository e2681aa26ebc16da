"""Browser sessions: begun anew at each sign-in, ended everywhere with the right behind them, in cookies that neither
scripts nor other sites can use."""

import json
from http.cookies import SimpleCookie

import pytest

from command_line import CommandLine
from events import Refused
from house import open_house
from models import accounts, people, rights, tables
from visitor import Visitor

COOKIE = "callboard_session"
PLANTED = "planted-by-someone-else"


def session_of(visitor: Visitor) -> str:
    return visitor.cookies[COOKIE]


async def count_sessions(house) -> int:
    return await house.store.read(lambda db: tables.Session.select().count(db))


async def test_a_cookie_that_was_planted_before_signing_in_is_worth_nothing_afterwards(house):
    visitor = Visitor(house)
    visitor.cookies[COOKIE] = PLANTED
    await visitor.sign_in()
    assert session_of(visitor) != PLANTED and await visitor.is_signed_in()
    other = Visitor(house)
    other.cookies[COOKIE] = PLANTED
    assert not await other.is_signed_in()


async def test_a_failed_sign_in_leaves_the_session_that_is_there(house):
    visitor = await Visitor(house).sign_in()
    before = session_of(visitor)
    answer = await visitor.post("/sign-in", email="ada@example.com", password="wrong password")
    assert answer.code == 401 and session_of(visitor) == before and await visitor.is_signed_in()


async def test_signing_in_elsewhere_ends_nothing_here_and_here_nothing_elsewhere(house):
    here, elsewhere = await Visitor(house).sign_in(), await Visitor(house).sign_in()
    assert session_of(here) != session_of(elsewhere)
    answer = await here.post("/sign-out")
    assert answer.code == 303
    for cookies in ({COOKIE: session_of(elsewhere)}, {}):
        visitor = Visitor(house)
        visitor.cookies |= cookies
        assert await visitor.is_signed_in() is bool(cookies)


async def test_the_session_that_was_signed_out_cannot_be_taken_up_again(house):
    visitor = await Visitor(house).sign_in()
    kept = session_of(visitor)
    assert (await visitor.post("/sign-out")).code == 303
    assert visitor.cookies[COOKIE] == ""
    visitor.cookies[COOKIE] = kept
    assert not await visitor.is_signed_in() and await count_sessions(house) == 0


@pytest.mark.parametrize("how", ["password", "deactivate"])
async def test_an_administrators_word_ends_a_persons_sessions_on_every_device(either_house, how):
    house = either_house
    await house.user("sue@example.com", house.organization_id, "supervisor")
    admin = await Visitor(house).sign_in()
    devices = [await Visitor(house).sign_in("sue@example.com") for _ in range(3)]
    fields = {"password": "a new password"} if how == "password" else {}
    assert (await admin.post(f"/settings/users/2/{how}", **fields)).code == 303
    for device in devices:
        assert not await device.is_signed_in()
    assert await count_sessions(house) == 1 and await admin.is_signed_in()


async def test_the_command_line_ends_sessions_too_and_for_good(house, sqlite_url, io_loop):
    await house.user("sue@example.com", house.organization_id, "supervisor")
    sue = await Visitor(house).sign_in("sue@example.com")
    line = CommandLine(sqlite_url)
    said = await io_loop.run_in_executor(None, line.do, "user", "deactivate", "Sue@example.com")
    assert said == "sue@example.com"
    assert not await sue.is_signed_in() and await count_sessions(house) == 0
    await house.store.write(people.reactivate, house.organization_id, 2)
    assert not await sue.is_signed_in(), "the old session stays ended"


async def test_the_last_administrator_is_not_shut_out_by_the_command_line_either(either_house):
    house = either_house
    admin = await Visitor(house).sign_in()
    with pytest.raises(Refused) as refused:
        await house.store.write(accounts.deactivate_user, "ada@example.com")
    assert refused.value.code == "last_administrator"
    assert await admin.is_signed_in()
    await house.user("eve@example.com", await house.organization("Other"))
    with pytest.raises(Refused):
        await house.store.write(accounts.deactivate_user, "ada@example.com")  # an administrator elsewhere is no help
    await house.user("bob@example.com", house.organization_id)
    await house.store.write(accounts.deactivate_user, "ada@example.com")
    assert not await admin.is_signed_in()


def test_the_command_line_says_why_it_does_not_shut_out_the_last_administrator(sqlite_url):
    line = CommandLine(sqlite_url)
    line.do("organization", "create", "Acme")
    line.do("user", "create", "ann@acme.example", "--organization", "Acme", "--role", "admin")
    line.do("user", "create", "sue@acme.example", "--organization", "Acme", "--role", "supervisor")
    refused = line.try_("user", "deactivate", "ann@acme.example")
    assert (refused.status, refused.out) == (2, "")
    assert refused.err == "This is the last active administrator: make another one first.\n"
    assert line.do("user", "deactivate", "sue@acme.example") == "sue@acme.example"
    assert line.try_("user", "deactivate", "ann@acme.example").status == 2


async def cookies_of(house) -> dict[str, SimpleCookie]:
    """Every cookie that signing in and out sets, each as it was sent."""
    sent = []
    form = await house.fetch("GET", "/sign-in", key=None, headers={"Accept": "text/html"})
    sent += form.headers.get_list("Set-Cookie")
    xsrf = SimpleCookie(sent[0])["_xsrf"].value
    body = f"_xsrf={xsrf}&email=ada%40example.com&password=correct+horse".replace("|", "%7C")
    headers = {"Cookie": f"_xsrf={xsrf}", "Content-Type": "application/x-www-form-urlencoded"}
    answer = await house.fetch("POST", "/sign-in", body, key=None, headers=headers)
    assert answer.code == 303
    sent += answer.headers.get_list("Set-Cookie")
    return {name: cookie[name] for cookie in map(SimpleCookie, sent) for name in cookie}


@pytest.mark.parametrize("public_url", ["http://calls.example.com", "https://calls.example.com"])
async def test_cookies_are_for_no_script_no_other_site_and_no_plain_connection(sqlite_url, public_url):
    async with open_house(sqlite_url, public_url=public_url) as house:
        await house.furnish()
        house.url = house.server.own_url
        cookies = await cookies_of(house)
        assert set(cookies) == {"_xsrf", COOKIE}
        for cookie in cookies.values():
            assert cookie["httponly"] is True and cookie["samesite"] == "Lax" and cookie["path"] == "/"
            assert cookie["domain"] == "", "not of other hosts of the same domain"
            assert bool(cookie["secure"]) is public_url.startswith("https:")


async def test_a_session_ends_after_a_fortnight(house):
    visitor = await Visitor(house).sign_in()
    house.clock.advance(rights.SESSION_US / 1_000_000 - 1)
    assert await visitor.is_signed_in()
    house.clock.advance(1.1)
    assert not await visitor.is_signed_in()


async def test_a_signed_in_person_reads_their_own_organisation_only_whatever_their_ticket_asks(house):
    """A session's ticket is no more than the session."""
    stranger = await house.user("eve@example.com", await house.organization("Other"))
    await house.say("CA1", "s1", "For Larkspur’s own ears")
    session = await house.store.write(rights.create_session, house.clock(), stranger)
    cookie = {"Cookie": f"{COOKIE}={session}; _xsrf=0123456789abcdef", "X-XSRFToken": "0123456789abcdef"}
    answer = await house.fetch("POST", "/api/v1/tickets", {"call_sid": "CA1"}, key=None, headers=cookie)
    async with house.watch("CA1", key=json.loads(answer.body)["ticket"]) as viewer:
        assert await viewer.to_the_end() == 1008
        assert [message["error"] for message in viewer.seen] == ["access_denied"]
