"""Alerts for viewers that are slow, come back, or arrive at just the wrong moment: none is missed, none comes early."""

import asyncio

import pytest

from alerting import alerts_of, make_rule
from handlers import replay
from patience import PATIENCE_S
from tests.test_live_slow import feed, messages, sleeper


def said(segment_id: str, content: str, **more: object) -> dict:
    return {"segment_id": segment_id, "speaker": "user", "content": content} | more


async def silence(house) -> None:
    """Is raised, and published."""
    before = len((await house.get("/api/v1/alerts?limit=1000"))["items"])
    house.clock.advance(31)
    await house.pipeline.notice_silences()
    await house.store.write(lambda _: None)  # settled behind the alert, which is published by then
    assert len((await house.get("/api/v1/alerts?limit=1000"))["items"]) == before + 1


def check_order(seen: list[dict], finals: int) -> None:
    """Every final once, every alert of a final behind it."""
    so_far, told = set(), set()
    for message in seen:
        if message["type"] == "transcript" and "seq" in message:
            so_far.add(message["seq"])
        elif message["type"] == "alert":
            assert message["data"]["seq"] in so_far | {None}
            assert (message["data"]["id"], message["data"]["seq"]) not in told
            told.add((message["data"]["id"], message["data"]["seq"]))
    assert so_far == set(range(min(so_far), finals + 1))


async def test_a_viewer_that_sleeps_gets_every_alert_once_behind_its_final(house):
    await make_rule(house, "Five", "pattern", "^[0-9]*5 ")
    await make_rule(house, "Eager", "phrase", "cancel", on_interims=True)
    await make_rule(house, "Silence", "silence", threshold=30.0)
    await house.say("CA1", "s1", "Hello")
    async with sleeper(house) as (peer, socket), house.produce() as producer:
        await feed(house, 2, 1000, 2000)
        assert not socket.viewer.is_live
        await silence(house)
        await producer.send({"type": "transcript", "call_sid": "CA1", "data": said("open", "cancel", is_final=False)})
        await feed(house, 1001, 1200, 2000)
        await house.say("CA1", "s5", "5 corrected")
        await house.end("CA1")
        house.clock.advance(6)
        async with asyncio.timeout(PATIENCE_S):
            seen = [message async for message in messages(peer)]
    check_order([{"type": "transcript", "seq": 1}, *seen], 1201)
    alerts = alerts_of(seen)
    fives = {n for n in range(2, 1201) if n % 10 == 5}
    assert {alert["seq"] for alert in alerts if alert["rule"] == "Five"} - {1201} >= fives - {5}
    assert [alert["seq"] for alert in alerts if alert["segment_id"] == "s5"][-1] == 1201
    assert len([alert for alert in alerts if alert["rule"] == "Silence"]) == 1
    assert len([alert for alert in alerts if alert["rule"] == "Eager"]) == 1


@pytest.fixture
def meanwhile(house, monkeypatch):
    """`meanwhile.append(work)`: `work` is done when the next page was read from the store, before it arrives."""
    read, works = house.store.read, []

    async def read_slowly(work, *args):
        result = await read(work, *args)
        if work in (replay.history_page, replay.missed_page, replay.alerts_page) and works:
            await works.pop(0)()
        return result

    monkeypatch.setattr(house.store, "read", read_slowly)
    return works


async def test_what_is_raised_while_the_history_is_read_comes_behind_it(house, meanwhile):
    await make_rule(house, "Refund", "phrase", "refund")
    await make_rule(house, "Silence", "silence", threshold=30.0)
    await house.say("CA1", "s1", "a refund")
    meanwhile += [
        lambda: silence(house),
        lambda: house.say("CA1", "s2", "refund"),
        lambda: silence(house),
        lambda: house.say("CA1", "s1", "No, a refund"),
    ]
    async with house.watch("CA1") as viewer, asyncio.timeout(PATIENCE_S):
        while len(viewer.seqs) < 3 or not any(alert["seq"] == 3 for alert in alerts_of(viewer.seen)):
            await viewer.next()
        await house.say("CA1", "s4", "the end")
        while viewer.seqs[-1] < 4:
            await viewer.next()
    check_order(viewer.seen, 4)
    last = {alert["id"]: alert for alert in alerts_of(viewer.seen)}
    assert sorted((alert["rule"], alert["seq"] or 0) for alert in last.values()) == [
        *(("Refund", 2), ("Refund", 3), ("Silence", 0), ("Silence", 0)),
    ]


async def test_a_history_with_more_alerts_than_a_page_is_told_in_full(house, monkeypatch):
    monkeypatch.setattr(replay, "ALERTS_PAGE", 7)
    await make_rule(house, "Word", "phrase", "word")
    for n in range(1, 31):
        await house.say("CA1", f"s{n}", "word")
    async with house.watch("CA1") as viewer:
        while len(alerts_of(viewer.seen)) < 30:
            await viewer.next()
    assert [alert["seq"] for alert in alerts_of(viewer.seen)] == list(range(1, 31))
    check_order(viewer.seen, 30)


async def test_alerts_come_compressed_where_that_was_agreed(open_furnished):
    async with open_furnished(compression=1) as house:
        await make_rule(house, "Word", "phrase", "word")
        await house.say("CA1", "s1", "word")
        async with house.watch("CA1") as viewer:
            assert (await viewer.until("alert"))["data"]["seq"] == 1
            await house.say("CA1", "s2", "word " * 100)
            assert (await viewer.until("alert"))["data"]["seq"] == 2
            assert "permessage-deflate" in viewer.socket.response.headers["Sec-WebSocket-Extensions"]
