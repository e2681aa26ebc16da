"""Signing in for strangers: few wrong passwords, plain words, and a flood of them in nobody's way."""

import asyncio
import threading
from urllib.parse import urlencode

import pytest

from handlers import passwords
from models import accounts
from patience import PATIENCE_S
from strangers import ELSEWHERE, WRONG_KEY, ask, stop_the_clock
from visitor import Document, Visitor

RIGHT, WRONG = "correct horse", "wrong horse 1"
ADA = "ada@example.com"


async def try_in(house, password, *, email=ADA, address="127.0.0.1"):
    """The answer to the form, sent by a browser at this address."""
    form = {"_xsrf": "x" * 32, "email": email, "password": password}
    headers = {"Cookie": f"_xsrf={'x' * 32}", "Accept": "text/html", "Authorization": ""}
    return await ask(house, "/sign-in", address=address, method="POST", body=urlencode(form), headers=headers)


async def codes(house, *words, **options):
    return [(await try_in(house, word, **options)).code for word in words]


async def test_too_many_wrong_passwords_are_429_in_plain_words_until_time_passes(open_furnished):
    async with open_furnished(passwords_per_account=3) as house:
        clock = stop_the_clock(house)
        await house.user("bob@example.com", house.organization_id)
        assert await codes(house, *[WRONG] * 3, RIGHT) == [401, 401, 401, 429]
        answer = await try_in(house, RIGHT)
        assert answer.headers["Retry-After"] == "20"
        page = Document(answer.body.decode())
        assert "Too many wrong passwords were tried for this account. Wait a minute, then try again." in page.text
        assert page.all("input", name="email")[0].attributes["value"] == ADA
        assert not answer.headers.get_list("Set-Cookie")
        assert await codes(house, " " + RIGHT, email=" ADA@example.com ") == [429], "the same account"
        assert await codes(house, WRONG, RIGHT, email="bob@example.com") == [401, 303]
        assert await codes(house, WRONG, RIGHT, address=ELSEWHERE) == [401, 303]
        clock.at += 20
        assert await codes(house, RIGHT, RIGHT, WRONG, RIGHT) == [303, 303, 401, 429]


async def test_unknown_accounts_are_limited_like_known_ones(open_furnished):
    async with open_furnished(passwords_per_account=2) as house:
        stop_the_clock(house)
        assert await codes(house, *[WRONG] * 3, email="nobody@example.com") == [401, 401, 429]
        assert await codes(house, *[WRONG] * 3) == [401, 401, 429]


async def test_the_account_is_guarded_against_many_addresses_too(open_furnished):
    async with open_furnished(passwords_per_account=1) as house:  # from all addresses ten
        stop_the_clock(house)
        found = [(await try_in(house, WRONG, address=f"127.0.1.{n}")).code for n in range(1, 12)]
        assert found == [401] * 10 + [429]
        assert await codes(house, RIGHT, address="127.0.1.99") == [429]


async def test_wrong_passwords_are_failures_of_the_address(open_furnished):
    async with open_furnished(failures_per_address=3) as house:
        stop_the_clock(house)
        for n in range(3):
            assert await codes(house, WRONG, email=f"n{n}@example.com") == [401]
        assert (await ask(house, key=WRONG_KEY)).code == 429
        assert await codes(house, RIGHT) == [429]
        assert await codes(house, RIGHT, address=ELSEWHERE) == [303]


async def test_guesses_at_the_same_moment_do_not_slip_through(open_furnished):
    async with open_furnished(passwords_per_account=4) as house:
        stop_the_clock(house)
        answers = await asyncio.gather(*(try_in(house, WRONG) for _ in range(10)))
        assert sorted(answer.code for answer in answers) == [401] * 4 + [429] * 6


@pytest.fixture
def slow(monkeypatch):
    """Passwords take as long as the test wants; `slow.threads` are the names of those that checked them."""

    class Slow:
        may_go, threads = threading.Event(), []

    slow, fits = Slow(), accounts.fits

    def fits_later(*args):
        slow.threads.append(threading.current_thread().name)
        assert slow.may_go.wait(60)
        return fits(*args)

    monkeypatch.setattr(accounts, "fits", fits_later)
    yield slow
    slow.may_go.set()


async def test_a_flood_of_sign_ins_gets_503_and_everyone_else_is_served_meanwhile(open_furnished, slow, monkeypatch):
    monkeypatch.setattr(passwords, "MAX_WAITING", 5)
    async with open_furnished(passwords_per_account=1000) as house:
        stop_the_clock(house)
        await house.say("CA1", "s1", "Hello")
        flood = [asyncio.ensure_future(try_in(house, WRONG, address=f"127.0.2.{n}")) for n in range(1, 9)]
        async with asyncio.timeout(PATIENCE_S):
            while sum(task.done() for task in flood) < 3:
                await asyncio.wait([task for task in flood if not task.done()], return_when=asyncio.FIRST_COMPLETED)
            refused = [task.result() for task in flood if task.done()]
            assert [(answer.code, answer.headers["Retry-After"]) for answer in refused] == [(503, "1")] * 3
            assert "One moment" in Document(refused[0].body.decode()).text
            async with house.watch("CA1") as viewer:
                await viewer.history()
                await house.say("CA1", "s2", "Still here")
                assert (await viewer.next())["data"]["content"] == "Still here"
            assert (await ask(house, "/healthz")).code == 200
            assert (await ask(house, key=house.key)).code == 200
        assert slow.threads and len(set(slow.threads)) == 1
        assert slow.threads[0].startswith("password"), "neither the IOLoop's nor one of the store's"
        slow.may_go.set()
        assert sorted(answer.code for answer in await asyncio.gather(*flood)) == [401] * 5 + [503] * 3
        assert await codes(house, RIGHT) == [303], "nobody waits any more"


async def test_who_was_told_to_come_again_has_guessed_nothing(open_furnished, slow, monkeypatch):
    monkeypatch.setattr(passwords, "MAX_WAITING", 0)
    async with open_furnished(passwords_per_account=1, failures_per_address=1) as house:
        stop_the_clock(house)
        assert await codes(house, *[RIGHT] * 5) == [503] * 5
        slow.may_go.set()
        monkeypatch.setattr(passwords, "MAX_WAITING", 40)
        assert await codes(house, RIGHT) == [303]


async def test_a_real_flood_leaves_the_loop_free(open_furnished):
    """Forty real passwords are checked, and the server answers between any two."""
    async with open_furnished(passwords_per_account=1000) as house:
        stop_the_clock(house)
        flood = [asyncio.ensure_future(try_in(house, WRONG)) for _ in range(8)]
        answered = 0
        while not all(task.done() for task in flood):
            assert (await ask(house, "/healthz")).code == 200
            answered += 1
        assert {task.result().code for task in flood} == {401}
        assert answered > len(flood)


async def test_a_visitor_who_erred_once_comes_in_all_the_same(open_furnished):
    async with open_furnished() as house:
        visitor = Visitor(house)
        for password in (WRONG, "wrong horse 2"):
            assert (await visitor.post("/sign-in", email=ADA, password=password)).code == 401
        assert await (await visitor.sign_in()).is_signed_in()
