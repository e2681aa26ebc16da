"""Sockets for strangers: 429 before the upgrade to who comes too often without a right, and to nobody else."""

import asyncio
import json

import pytest

from handlers.limits import Limits
from models import rights
from strangers import ELSEWHERE, WRONG_KEY, ask, knock, stop_the_clock, told_to_wait

CALL = "/live-transcript/CA1"
ANSWER = "unknown_message_type"  # a producer's socket, to a ping: it is open
PATHS = (CALL, "/live-calls", "/ingest")


def word(answer):
    return answer.get("error", answer["type"]) if isinstance(answer, dict) else answer.status_code


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("key", [None, WRONG_KEY])
async def test_who_opens_too_many_sockets_without_a_right_gets_429_before_the_upgrade(open_furnished, path, key):
    async with open_furnished(attempts_per_address=3) as house:
        clock = stop_the_clock(house)
        answers = [await knock(house, path, key=key) for _ in range(4)]
        assert [word(answer) for answer in answers] == ["authentication_failed"] * 3 + [429]
        assert told_to_wait(answers[3]) == 20
        assert word(await knock(house, path, key=key, address=ELSEWHERE)) == "authentication_failed"
        assert word(await knock(house, path, key=house.key)) == 429, "before anyone looks at it"
        assert (await ask(house, key=house.key)).code == 200, "REST is not concerned"
        clock.at += 20
        assert word(await knock(house, path, key=house.key)) != 429


async def test_what_is_no_handshake_counts_too(open_furnished):
    async with open_furnished(attempts_per_address=2) as house:
        stop_the_clock(house)
        assert [(await ask(house, "/live-calls")).code for _ in range(3)] == [400, 400, 429]


async def test_who_has_a_right_opens_as_many_as_it_likes(open_furnished):
    async with open_furnished(attempts_per_address=2, failures_per_address=2) as house:
        stop_the_clock(house)
        await house.say("CA1", "s1", "Hello")
        for _ in range(100):
            for path in PATHS:
                assert word(await knock(house, path, key=house.key)) in ("connection_established", ANSWER)


async def test_a_refusal_for_another_reason_than_the_key_does_not_count(open_furnished):
    async with open_furnished(attempts_per_address=1) as house:
        stop_the_clock(house)
        feeds = await house.make_key("ingest")
        for _ in range(3):
            assert word(await knock(house, "/live-transcript/none", key=house.key)) == "access_denied"
            assert word(await knock(house, CALL, key=feeds)) == "access_denied"


async def ticket(house, **wanted):
    answer = await house.fetch("POST", "/api/v1/tickets", wanted)
    assert answer.code == 201
    return json.loads(answer.body)["ticket"]


async def test_tickets_do_not_count_and_are_taken_where_others_have_failed_too_often(open_furnished):
    async with open_furnished(attempts_per_address=50, failures_per_address=3) as house:
        stop_the_clock(house)
        await house.say("CA1", "s1", "Hello")
        for _ in range(60):
            opened = await knock(house, f"{CALL}?token={await ticket(house, call_sid='CA1')}")
            assert word(opened) == "connection_established"
        mine, feed = await ticket(house, call_sid="CA1"), await ticket(house, feed="live-calls")
        guess = f"{CALL}?token=tk_{'a' * 32}"
        answers = [await knock(house, guess) for _ in range(4)]
        assert [word(answer) for answer in answers] == ["authentication_failed"] * 3 + [429]
        assert told_to_wait(answers[3]) == 20
        assert word(await knock(house, f"{CALL}?token={mine}")) == "connection_established"
        assert word(await knock(house, f"/live-calls?token={feed}")) == "connection_established"
        assert word(await knock(house, f"{CALL}?token={mine}")) == 429, "used: it is known no more"
        assert word(await knock(house, CALL, key=house.key)) == "connection_established"
        assert word(await knock(house, CALL)) == "authentication_failed", "who brings nothing has guessed nothing"


async def test_a_ticket_of_another_node_counts_only_until_it_is_known(open_furnished):
    async with open_furnished(failures_per_address=2) as house:
        stop_the_clock(house)
        await house.say("CA1", "s1", "Hello")
        grant = await house.services.gate.key(house.key, "127.0.0.1")
        for _ in range(5):
            foreign = await house.store.write(rights.create_ticket, house.store.clock(), grant, "CA1")
            assert word(await knock(house, f"{CALL}?token={foreign}")) == "connection_established"


async def test_of_a_thousand_openings_at_once_the_limit_is_let_up(open_furnished):
    async with open_furnished(attempts_per_address=40, failures_per_address=1000) as house:
        stop_the_clock(house)
        found = [word(it) for it in await asyncio.gather(*(knock(house, CALL, key=WRONG_KEY) for _ in range(200)))]
        assert (found.count("authentication_failed"), found.count(429)) == (40, 160)


async def test_a_key_that_is_used_too_often_is_told_so_on_the_socket(open_furnished):
    async with open_furnished(requests_per_key=1) as house:
        stop_the_clock(house)
        for _ in range(10):
            assert word(await knock(house, "/live-calls", key=house.key)) == "connection_established"
        for path in PATHS:
            async with house.websocket(path, additional_headers={"Authorization": f"Bearer {house.key}"}) as socket:
                error = json.loads(await socket.recv())
                assert (error["type"], error["error"]) == ("error", "rate_limit_exceeded")
                assert (error["retryable"], error["retry_after"]) == (True, 1)
                await socket.wait_closed()
                assert socket.close_code == 1008
        assert (await ask(house, key=house.key)).code == 429


async def test_fifty_supervisors_behind_one_address_come_back_at_once_after_a_restart(open_furnished):
    """With a wall and four calls each, by the defaults; and with a program beside them whose key is wrong."""
    limits = Limits()
    async with open_furnished(viewers_per_call=50) as house:
        assert house.services.limits._attempts._depth_ns == limits._attempts._depth_ns, "the defaults"
        stop_the_clock(house)
        for n in range(4):
            await house.say(f"CA{n}", "s1", "Hello")

        async def come(path, wanted):
            return word(await knock(house, f"{path}?token={await ticket(house, **wanted)}"))

        rooms = [("/live-calls", {"feed": "live-calls"})]
        rooms += [(f"/live-transcript/CA{n}", {"call_sid": f"CA{n}"}) for n in range(4)]
        wrong = [knock(house, CALL, key=WRONG_KEY) for _ in range(50)]
        found = await asyncio.gather(*(come(*room) for room in rooms for _ in range(50)), *wrong)
        assert [it for it in found if isinstance(it, str)] == ["connection_established"] * 250
