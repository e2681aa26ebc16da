"""Every page and REST address × every kind of caller: who may is let in, all others learn and change nothing."""

from itertools import count
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from access_callers import (  # noqa: F401 — two of them are fixtures
    NO_KEY,
    World,
    bearer,
    check_foreign,
    check_stranger,
    error_of,
    opened_world,
    settled_world,
    useless_keys,
)
from access_table import FOR_PAGES, REST, SCOPES, SITE, Row, answered, tried
from access_world import CANARY, everything, plain, statements, stored
from sources.twilio_signature import FORM


def test_every_address_and_method_has_a_row():
    """A new route, or a new method on an old one, needs a line in access_table.py: who may?"""
    assert tried() == answered()


@pytest.mark.parametrize("row", REST, ids=str)
async def test_rest(world: World, row: Row):
    people, before = world.people, stored(world.file)
    callers = {name: bearer(token) for name, token in useless_keys(people).items()}
    callers |= {f"{name} ticket": bearer(token) for name, token in people.tickets.items()}
    callers |= {"nothing": {}, "another scheme": {"Authorization": f"Basic {people.furniture.key}"}}
    answers = [(await world.send(row, **headers), headers) for headers in callers.values()]
    cookie = {"Cookie": f"callboard_session={people.sessions['administrator']}"}
    if not FOR_PAGES.match(row.path):  # test_a_page_asks_only_with_its_sessions_cookie_and_xsrf_header
        answers.append((await world.send(row, **cookie), cookie))
    mark = "&" if "?" in row.path else "?"
    answers.append((await world.send(row, f"{row.path}{mark}token={people.furniture.key}"), {}))
    for answer, headers in answers:
        assert error_of(answer) == NO_KEY
        assert plain(answer, row.path) == plain(answers[0][0], row.path) or FOR_PAGES.match(row.path)
        check_stranger(answer, *(value.split()[-1] for value in headers.values()), people.furniture.key)
    for scope in set(SCOPES) - {row.needs}:
        answer = await world.send(row, **bearer(people.keys[scope]))
        assert error_of(answer) == (403, "missing_scope")
        check_stranger(answer, people.keys[scope])
    assert stored(world.file) == before
    foreign = bearer(people.keys["foreign"])
    await check_foreign(world, row, lambda path: world.send(row, path, **foreign), row.strangers or row.ok)
    answer = await world.send(row, **bearer(people.keys[row.needs]))
    assert answer.code == row.ok, answer.body
    assert (CANARY in everything(answer)) or not row.shows


@pytest.mark.parametrize("row", SITE, ids=str)
async def test_pages(world: World, row: Row):
    people, before, numbers = world.people, stored(world.file), count()
    answer = await world.house.fetch("GET", "/sign-in", key=None)
    xsrf = answer.headers.get_list("Set-Cookie")[0].split(";")[0].removeprefix("_xsrf=").strip('"')

    async def ask(session: str | None, path: str = "", form_token: str | None = xsrf, **headers: str) -> Any:
        cookie = f"_xsrf={xsrf}" + (f"; callboard_session={session}" if session else "")
        headers |= {"Cookie": cookie, "Accept": "text/html", "Content-Type": FORM}
        token = {"_xsrf": form_token} if form_token else {}
        body = None if row.body is None else urlencode(token | row.body).replace("NUMBER", str(next(numbers)))
        return await world.send(row, path, body=body, **headers)

    useless = {name: people.sessions[name] for name in ("expired", "ended", "deactivated")}
    useless |= {"malformed": "x", "a key": people.furniture.key, "a ticket": people.tickets["page"]}
    for session in (None, *useless.values()):
        answer = await ask(session, **bearer(people.furniture.key))
        if row.path.endswith("/health"):
            assert answer.code == 401
        else:
            assert (answer.code, answer.headers["Location"]) == (302, "/sign-in?next=" + quote(row.path, safe=""))
        check_stranger(answer, session or people.furniture.key)
    if row.needs == "administrator":
        answer = await ask(people.sessions["person"])
        assert answer.code == 403
        assert "canary-ada" not in everything(answer)
    if row.method == "POST":
        rightful = people.sessions[row.needs]
        for form_token in (None, "2|00000000|00000000000000000000000000000000|1700000000", xsrf[:-40]):
            assert (await ask(rightful, form_token=form_token)).code == 403
    assert stored(world.file) == before
    foreign = people.sessions["foreign"]
    await check_foreign(world, row, lambda path: ask(foreign, path), row.strangers or row.ok)
    answer = await ask(people.sessions[row.needs])
    assert answer.code == row.ok, answer.body
    assert (CANARY in everything(answer)) or not row.shows


@pytest.mark.parametrize("path", ["/api/v1/tickets", "/api/v1/calls/sid/CA1/notes"])
async def test_a_page_asks_only_with_its_sessions_cookie_and_xsrf_header(world: World, path: str):
    (row, *_) = [row for row in REST if (row.method, row.path) == ("POST", path)]
    before = stored(world.file)
    for name in ("expired", "ended", "deactivated"):
        cookie = f"callboard_session={world.people.sessions[name]}; _xsrf=0123456789abcdef"
        answer = await world.send(row, **{"Cookie": cookie, "X-XSRFToken": "0123456789abcdef"})
        assert error_of(answer) == NO_KEY
    cookie = f"callboard_session={world.people.sessions['person']}; _xsrf=0123456789abcdef"
    assert error_of(await world.send(row, Cookie=cookie)) == (403, "forbidden")
    assert error_of(await world.send(row, **{"Cookie": cookie, "X-XSRFToken": "0" * 16})) == (403, "forbidden")
    assert stored(world.file) == before
    answer = await world.send(row, **{"Cookie": cookie, "X-XSRFToken": "0123456789abcdef"})
    assert answer.code == 201


@pytest.mark.parametrize("path", sorted({row.path.partition("?")[0] for row in REST}))
async def test_what_a_browser_asks_before_asking_tells_nothing_of_what_is_there(world: World, path: str):
    with statements(world.house) as asked:
        answer = await world.house.fetch("OPTIONS", path, key=None)
    assert (answer.code, answer.body, asked) == (204, b"", [])
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
