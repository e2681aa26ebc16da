"""REST for strangers: so many wrong keys from one address, so many requests of one key, and nobody else is touched."""

import asyncio
from collections import Counter

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

from events import Unavailable
from handlers.limits import Limits, TooMany
from models import rights
from patience import PATIENT_HTTP
from strangers import ELSEWHERE, WRONG_KEY, Stopped, ask, stop_the_clock, told_to_wait


async def codes(house, number, **options):
    return [(await ask(house, **options)).code for _ in range(number)]


async def test_too_many_wrong_keys_from_one_address_are_429_until_time_passes(open_furnished):
    async with open_furnished(failures_per_address=3) as house:
        clock = stop_the_clock(house)
        assert await codes(house, 4) == [401, 401, 401, 429]
        answer = await ask(house, key="cb_bbbbbbbb_other")
        assert told_to_wait(answer) == 20 and WRONG_KEY not in answer.body.decode()
        assert await codes(house, 3, address=ELSEWHERE) == [401, 401, 401]
        clock.at += 20
        assert await codes(house, 2) == [401, 429]


async def test_a_key_that_is_known_works_where_others_have_failed_too_often(open_furnished):
    async with open_furnished(failures_per_address=3) as house:
        stop_the_clock(house)
        assert await codes(house, 1, key=house.key) == [200]
        new = await house.make_key("read")
        assert await codes(house, 5) == [401, 401, 401, 429, 429]
        assert await codes(house, 5, key=house.key) == [200] * 5
        assert told_to_wait(await ask(house, key=new)), "nobody has seen this one, which may be a guess"
        assert await codes(house, 1, key=new, address=ELSEWHERE) == [200]
        assert await codes(house, 1, key=new) == [200]


async def test_a_key_stays_known_when_rights_change_but_not_when_it_ends(open_furnished):
    """Anyone's sign-out or revocation is a change: it does not shut out a whole office with one wrong program in it."""
    async with open_furnished(failures_per_address=2) as house:
        stop_the_clock(house)
        mine, other = await house.make_key("read"), await house.make_key("read")
        assert [*await codes(house, 1, key=mine), *await codes(house, 1, key=other)] == [200, 200]
        assert await codes(house, 3) == [401, 401, 429]
        await house.store.write(rights.revoke_key, house.clock(), other)
        await house.services.gate.poll()
        assert await codes(house, 2, key=mine) == [200, 200]
        assert await codes(house, 2, key=other) == [401, 429]


async def test_right_keys_never_count(open_furnished):
    async with open_furnished(failures_per_address=1) as house:
        stop_the_clock(house)
        keys = [await house.make_key("read") for _ in range(10)]
        assert [(await ask(house, key=key)).code for key in keys] == [200] * 10
        assert [answer.code for answer in await asyncio.gather(*(ask(house) for _ in range(5)))].count(401) == 1


async def test_a_request_without_a_key_is_no_guess(open_furnished):
    async with open_furnished(failures_per_address=1) as house:
        stop_the_clock(house)
        assert [(await ask(house, headers={"Authorization": ""})).code for _ in range(5)] == [401] * 5
        assert await codes(house, 2) == [401, 429]


async def test_what_cannot_be_a_key_counts_like_a_wrong_one(open_furnished):
    async with open_furnished(failures_per_address=3) as house:
        stop_the_clock(house)
        assert [(await ask(house, key=key)).code for key in ("-", "'--", "1", "cb_x")] == [401, 401, 401, 429]


async def test_trouble_of_the_database_is_nobodys_failure(open_furnished, monkeypatch):
    async with open_furnished(failures_per_address=2) as house:
        stop_the_clock(house)

        def away(*_):
            raise Unavailable("away")

        with monkeypatch.context() as patched:
            patched.setattr(rights, "key_grant", away)
            assert await codes(house, 10) == [503] * 10
        assert await codes(house, 3) == [401, 401, 429]


async def test_a_thousand_wrong_keys_at_once_are_counted_exactly(open_furnished):
    async with open_furnished(failures_per_address=300) as house:
        stop_the_clock(house)
        client = AsyncHTTPClient(force_instance=True, max_clients=1000)
        requests = [
            HTTPRequest(house.url + "/api/v1/calls", headers={"Authorization": f"Bearer cb_{n:08}_x"}, **PATIENT_HTTP)
            for n in range(1000)
        ]
        answers = await asyncio.gather(*(client.fetch(request, raise_error=False) for request in requests))
        client.close()
        found = [answer.code for answer in answers]
        assert (found.count(401), found.count(429)) == (300, 700)


@pytest.mark.parametrize("is_right", [True, False])
async def test_many_that_bring_one_key_at_once_after_a_start_are_one_question_and_count_as_what_they_are(
    open_furnished, is_right
):
    async with open_furnished(failures_per_address=5) as house:
        stop_the_clock(house)
        client = AsyncHTTPClient(force_instance=True, max_clients=200)
        headers = {"Authorization": f"Bearer {house.key if is_right else 'cb_00000000_x'}"}
        requests = [HTTPRequest(house.url + "/api/v1/calls", headers=headers, **PATIENT_HTTP) for _ in range(200)]
        answers = await asyncio.gather(*(client.fetch(request, raise_error=False) for request in requests))
        client.close()
        found = Counter(answer.code for answer in answers)
        assert found == ({200: 200} if is_right else {401: 5, 429: 195})


async def test_one_key_has_so_many_requests_and_then_waits(open_furnished):
    async with open_furnished(requests_per_key=1) as house:  # ten at once, then one a second
        clock = stop_the_clock(house)
        other = await house.make_key("read")
        assert await codes(house, 11, key=house.key) == [200] * 10 + [429]
        assert told_to_wait(await ask(house, key=house.key, address=ELSEWHERE)) == 1, "wherever it comes from"
        assert await codes(house, 1, key=other) == [200]
        assert await codes(house, 1) == [401], "a flood by a key is no failure of its address"
        clock.at += 1
        assert await codes(house, 2, key=house.key) == [200, 429]


# ── the limits alone ─────────────────────────────────────────────────────────────────────────────────────────


def fails(limits, address):
    try:
        limits.token_is_tried(address)
    except TooMany:
        return False
    return True


def test_an_ipv6_address_counts_as_its_subscriber_and_a_mapped_one_as_ipv4():
    for first, second, is_same in (
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:DB8:1:2:0:0:0:1", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("::ffff:192.0.2.1", "::ffff:c000:201", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("::1", "127.0.0.1", False),
        ("", "", True),  # all of a UNIX socket
        ("", "192.0.2.1", False),
    ):
        limits = Limits(failures_per_address=1, clock=Stopped())
        assert fails(limits, first)
        assert fails(limits, second) is not is_same, (first, second)


def test_the_defaults_let_a_busy_key_and_a_big_office_be():
    clock = Stopped()
    limits = Limits(clock=clock)
    for _ in range(60 * 500):
        clock.at += 1 / 500
        limits.key_is_used(1)
    for _ in range(10_000):  # and all of its sockets at once after a restart
        limits.key_is_used(2)
    for _ in range(3):
        for _ in range(50 * 5):  # fifty supervisors: a wall and four calls each, none of them let in yet
            limits.socket_opens("192.0.2.1")
        for _ in range(50 * 5):
            limits.socket_has_right("192.0.2.1")
    for _ in range(1200):
        limits.socket_opens("192.0.2.1")
