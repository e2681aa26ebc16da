"""Alerts told to programs outside: signed, until they take it, and never into our own network."""

import asyncio
import hashlib
import hmac
import json
import re
import time
from pathlib import Path

import pytest

from alerting import answering, make_rule, make_target, receiving
from handlers.alert_sender import RETRY_AFTER_S, signature
from handlers.public_resolver import is_public
from house import House, open_house
from models import alert_targets
from models.alert_targets import Attempt
from patience import PATIENCE_S

ALERTS = (Path(__file__).parent.parent / "docs" / "alerts.md").read_text()
PRIVATE = {"alerts_to_private_addresses": 1}


def check_signature(secret: str, headers: dict, body: bytes) -> int:
    """The time that is signed, s."""
    parts = dict(part.split("=") for part in headers["Callboard-Signature"].split(","))
    signed = hmac.new(secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(parts["v1"], signed)
    return int(parts["t"])


def documented_check():
    """The function that docs/alerts.md tells to copy."""
    (snippet,) = re.findall(r"```python\n(.*?)```", ALERTS, re.DOTALL)
    names: dict = {}
    exec(compile(snippet, "alerts.md", "exec"), names)
    return names["is_from_callboard"]


def test_the_documented_check_takes_what_is_ours_and_nothing_else():
    is_ours, now, body, secret = documented_check(), int(time.time()), b'{"type":"test"}', "whsec_1"
    header = signature(secret, now, body)
    assert is_ours(header, body, secret)
    wrong = (
        *((header, body + b" ", secret), (header, body, "whsec_2"), ("", body, secret), ("t=x,v1=", body, secret)),
        (signature(secret, now - 301, body), body, secret),
        (header.replace(f"t={now}", f"t={now - 1}"), body, secret),
    )
    assert not [each for each in wrong if is_ours(*each)]


async def test_what_is_sent_passes_the_documented_check_and_has_the_documented_fields(open_furnished):
    documented = json.loads(re.findall(r"```json\n(.*?)```", ALERTS, re.DOTALL)[0])
    async with receiving() as receiver, open_furnished(**PRIVATE) as house:
        secret = await make_target(house, receiver.url)
        await make_rule(house, "Refund", "phrase", "refund")
        await house.say("CA1", "s1", "refund")
        headers, message, body = await receiver.next()
        assert documented_check()(headers["Callboard-Signature"], body, secret, tolerance_s=10**9)
        assert {name: sorted(part) if isinstance(part, dict) else "" for name, part in message.items()} == {
            name: sorted(part) if isinstance(part, dict) else "" for name, part in documented.items()
        }


async def fared(house: House) -> list[Attempt]:
    return await house.store.read(alert_targets.attempts, house.organization_id)


async def test_an_alert_is_told_signed_once_and_without_words(open_furnished):
    async with receiving() as receiver, open_furnished(**PRIVATE) as house:
        secret = await make_target(house, receiver.url)
        rule = await make_rule(house, "Refund", "phrase", "refund")
        await house.say("CA1", "s1", "A refund, or my lawyer calls")
        await house.say("CA1", "s1", "A refund, or my lawyer calls!")
        headers, message, body = await receiver.next()
        assert check_signature(secret, headers, body) == house.clock() // 1_000_000
        assert headers["Callboard-Delivery"] == message["id"] and headers["Content-Type"] == "application/json"
        assert (message["type"], message["organization"]["name"]) == ("alert", "Larkspur Cycles")
        assert (message["call"]["call_sid"], message["call"]["url"]) == ("CA1", f"{house.url}/calls/CA1")
        assert (message["alert"]["rule_id"], message["alert"]["segment_id"]) == (rule.id, "s1")
        assert b"lawyer" not in body and "content" not in message["alert"]
        await house.services.alert_sender.idle()
        (fare,) = await fared(house)
        assert (fare.status, fare.problem, fare.next_at, fare.attempts) == (204, None, None, 1)
        assert receiver.got.empty()


async def test_a_target_that_wants_the_words_gets_them_with_where_they_are(open_furnished):
    async with receiving() as receiver, open_furnished(**PRIVATE) as house:
        await make_target(house, receiver.url, with_text=True)
        await make_rule(house, "Legal", "phrase", "my lawyer")
        await house.say("CA1", "s1", "Ask my lawyer")
        _, message, _ = await receiver.next()
        alert = message["alert"]
        start, end = alert["spans"][0]
        assert (alert["content"][start:end], alert["speaker"]) == ("my lawyer", "user")


@pytest.mark.parametrize("answer", [500, 302, 404])
async def test_a_receiver_that_fails_is_asked_again_with_patience_until_it_takes_it(open_furnished, answer):
    async with receiving() as receiver, open_furnished(**PRIVATE) as house:
        secret = await make_target(house, receiver.url)
        await make_rule(house, "Refund", "phrase", "refund")
        receiver.answers = [answer, answer]
        await house.say("CA1", "s1", "refund")
        first, message, _ = await receiver.next()
        sender = house.services.alert_sender
        await sender.idle()
        (fare,) = await fared(house)
        assert (fare.status, fare.problem) == (answer, f"It answered {answer}.")
        for wait in RETRY_AFTER_S[:2]:
            house.clock.advance(wait - 1)
            await sender.tick()
            await sender.idle()
            assert receiver.got.empty(), "it is not time yet"
            house.clock.advance(1)
            await sender.tick()
            headers, again, body = await receiver.next()
            assert (headers["Callboard-Delivery"], again) == (first["Callboard-Delivery"], message)
            check_signature(secret, headers, body)
            await sender.idle()
        (fare,) = await fared(house)
        assert (fare.status, fare.problem, fare.next_at, fare.attempts) == (204, None, None, 3)


async def test_after_six_attempts_it_is_given_up(open_furnished):
    async with receiving() as receiver, open_furnished(**PRIVATE) as house:
        await make_target(house, receiver.url)
        await make_rule(house, "Refund", "phrase", "refund")
        receiver.answers = [503] * 9
        await house.say("CA1", "s1", "refund")
        await receiver.next()
        sender = house.services.alert_sender
        for wait in RETRY_AFTER_S:
            await sender.idle()
            house.clock.advance(wait)
            await sender.tick()
            await receiver.next()
        await sender.idle()
        house.clock.advance(100_000)
        await sender.tick()
        await sender.idle()
        (fare,) = await fared(house)
        assert (fare.attempts, fare.next_at, fare.problem) == (6, None, "It answered 503.")
        assert receiver.got.empty()


async def test_an_alert_whose_server_stopped_before_it_was_delivered_is_delivered_by_the_next(database_url):
    async with receiving() as receiver:
        async with open_house(database_url, **PRIVATE) as house:
            await house.furnish()
            furniture, clock = house.furniture, house.clock
            await make_target(house, receiver.url)
            await make_rule(house, "Refund", "phrase", "refund")
            house.pipeline.when_alerted = lambda: None
            house.services.alert_sender._is_closing = True
            await house.say("CA1", "s1", "refund")
        assert receiver.got.empty()
        async with open_house(database_url, clock, **PRIVATE) as house:
            house.furniture = furniture
            receiver.answers = [500]
            _, message, _ = await receiver.next()
            assert message["call"]["call_sid"] == "CA1"
            await house.services.alert_sender.idle()
            (fare,) = await fared(house)
            assert (fare.attempts, fare.problem) == (1, "It answered 500.")
            await house.services.alert_sender.forget_old()
            house.clock.advance(RETRY_AFTER_S[0])
            await house.services.alert_sender.tick()
            assert (await receiver.next())[1] == message
            await house.services.alert_sender.idle()
            house.clock.advance(8 * 86_400)
            await house.services.alert_sender.forget_old()
            assert await fared(house) == []


async def test_a_delivery_that_was_under_way_when_the_server_stopped_is_sent_again(sqlite_url):
    async with answering() as url, open_house(sqlite_url, **PRIVATE) as house:
        await house.furnish()
        furniture, clock = house.furniture, house.clock
        await make_target(house, url)
        await make_rule(house, "Refund", "phrase", "refund")
        await house.say("CA1", "s1", "refund")
        async with asyncio.timeout(PATIENCE_S):
            while not house.services.alert_sender._sending:
                await asyncio.sleep(0)
    async with open_house(sqlite_url, clock, **PRIVATE) as house:
        house.furniture = furniture
        await house.services.alert_sender.tick()
        await house.services.alert_sender.idle()
        (fare,) = await fared(house)
        assert fare.attempts == 1 and fare.problem.startswith("No answer")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433"])
async def test_nothing_is_sent_into_our_own_network(open_furnished, host):
    async with receiving() as receiver, open_furnished() as house:
        await make_target(house, receiver.url.replace("127.0.0.1", host))
        await make_rule(house, "Refund", "phrase", "refund")
        await house.say("CA1", "s1", "refund")
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await fared(house)):
                pass
        assert found[0].problem == f"Not sent: {host} is not a public address." and found[0].status is None
        assert receiver.got.empty()


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        *((address, True) for address in ("8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8")),
        *((address, False) for address in ("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254")),
        *((address, False) for address in ("100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1")),
        *((address, False) for address in ("::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1")),
        *((address, False) for address in ("::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "not one")),
    ],
)
def test_an_address_is_public_or_is_not(address, wanted):
    assert is_public(address) is wanted


async def test_a_slow_target_holds_up_no_other(open_furnished):
    async with answering() as silent, receiving() as receiver, open_furnished(**PRIVATE) as house:
        await make_target(house, silent)
        await make_target(house, receiver.url)
        await make_rule(house, "Refund", "phrase", "refund")
        for n in range(5):
            await house.say("CA1", f"s{n}", "refund")
        got = [(await receiver.next())[1]["alert"]["segment_id"] for _ in range(5)]
        assert got == [f"s{n}" for n in range(5)]
        assert [parcel.target_id for parcel in house.services.alert_sender._sending.values()].count(1) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 900000000\r\n\r\n" + b"x" * 100_000,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    ],
)
async def test_what_a_receiver_says_besides_its_status_does_not_matter(open_furnished, answer):
    async with answering(answer) as url, open_furnished(**PRIVATE) as house:
        await make_target(house, url)
        await make_rule(house, "Refund", "phrase", "refund")
        await house.say("CA1", "s1", "refund")
        async with asyncio.timeout(PATIENCE_S):
            while not (found := await fared(house)):
                pass
        assert found[0].status in (200, 204) and found[0].problem is None
