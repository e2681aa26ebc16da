"""Alerts through a running server: raised once, by whatever raises them, and seen by everyone who watches."""

import asyncio
from pathlib import Path

from alerting import alerts_of, make_rule
from house import Watcher, open_house
from models import alert_rules
from patience import PATIENCE_S
from test_twilio_calls import new_line

PAYLOADS = Path(__file__).parent / "payloads" / "twilio"


async def test_a_final_raises_its_alert_behind_it_and_once_however_often_it_is_repeated_or_corrected(either_house):
    house = either_house
    rule = await make_rule(house, "Refund", "phrase", "money back")
    await house.say("CA1", "s0", "Hello")
    async with house.watch("CA1") as viewer, house.produce() as producer:
        await viewer.history()
        assert alerts_of(viewer.seen) == []
        said = {"segment_id": "s1", "speaker": "user", "content": "I want my Money, back!"}
        for content in (said["content"], said["content"], "I want all my money back", "Never mind"):
            await producer.send({"type": "transcript", "id": 1, "call_sid": "CA1", "data": said | {"content": content}})
            await producer.until("ack")
        alert = await viewer.until("alert")
        assert viewer.seen[-2]["seq"] == 2 and viewer.seen[-2]["type"] == "transcript"
        assert (alert["call_sid"], alert["data"]["rule"], alert["data"]["rule_id"]) == ("CA1", "Refund", rule.id)
        assert (alert["data"]["segment_id"], alert["data"]["seq"], alert["data"]["spans"]) == ("s1", 2, [[10, 21]])
        again = await viewer.until("alert")
        assert (again["data"]["id"], again["data"]["seq"]) == (alert["data"]["id"], 3), "the same, about the correction"
        assert again["data"]["spans"] == [[14, 24]] and again["data"]["at"] == alert["data"]["at"]
        while (await viewer.next()).get("seq") != 4:
            pass
        assert len(alerts_of(viewer.seen)) == 2
    (stored,) = await house.get("/api/v1/calls/sid/CA1/alerts")
    assert stored == again["data"]


async def test_who_connects_later_gets_every_alert_between_the_history_and_what_is_live(house):
    await make_rule(house, "Refund", "phrase", "refund")
    for n in range(1, 6):
        await house.say("CA1", f"s{n}", "refund" if n % 2 else "no")
    async with house.produce() as producer:
        await producer.send(interim("s9", "still open"))
        await producer.send({"type": "transcript", "id": 1, "call_sid": "CA1", "data": said("s6", "a refund")})
        await producer.until("ack")
        for query in ("", "&after=4"):
            async with house.watch("CA1", query) as viewer:
                await viewer.until("transcript") if not query else None
                while not (viewer.seen and viewer.seen[-1].get("data", {}).get("content") == "still open"):
                    await viewer.next()
                kinds = [message["type"] for message in viewer.seen]
                complete = kinds.index("history_complete")
                assert kinds[complete:] == ["history_complete", *["alert"] * 4, "transcript"]
                assert [alert["seq"] for alert in alerts_of(viewer.seen)] == [1, 3, 5, 6]
                ids = [alert["id"] for alert in alerts_of(viewer.seen)]
                assert ids == sorted(set(ids))


def said(segment_id: str, content: str, **more: object) -> dict:
    return {"segment_id": segment_id, "speaker": "user", "content": content} | more


def interim(segment_id: str, content: str, call_sid: str = "CA1") -> dict:
    return {"type": "transcript", "call_sid": call_sid, "data": said(segment_id, content, is_final=False)}


async def test_unfinished_words_raise_where_the_rule_wants_them_and_their_final_does_not_raise_again(either_house):
    house = either_house
    eager = await make_rule(house, "Eager", "phrase", "cancel", on_interims=True)
    await make_rule(house, "Patient", "phrase", "cancel")
    await house.say("CA1", "s0", "Hello")
    async with house.watch("CA1", "&interim=0") as viewer, house.produce() as producer:
        await viewer.history()
        for content in ("I", "I want to cancel", "I want to cancel my"):
            await producer.send(interim("s1", content))
        alert = (await viewer.until("alert"))["data"]
        assert (alert["rule_id"], alert["segment_id"], alert["seq"], alert["spans"]) == (
            eager.id,
            "s1",
            None,
            [[10, 16]],
        )
        final = said("s1", "So I want to cancel my order.")
        await producer.send({"type": "transcript", "id": 1, "call_sid": "CA1", "data": final})
        first, second = [(await viewer.until("alert"))["data"] for _ in range(2)]
        assert (first["id"], first["seq"], first["spans"]) == (alert["id"], 2, [[13, 19]])
        assert (second["rule"], second["seq"]) == ("Patient", 2)
    assert [one["rule"] for one in await house.get("/api/v1/calls/sid/CA1/alerts")] == ["Eager", "Patient"]


async def test_the_very_first_unfinished_words_of_a_call_count(house):
    await make_rule(house, "Eager", "phrase", "cancel", on_interims=True)
    async with house.produce() as producer:
        await producer.send(interim("s1", "please cancel"))
        await producer.send({"type": "call_status", "id": 1, "call_sid": "CA1", "data": {"status": "in-progress"}})
        await producer.until("ack")
        while not (alerts := await house.get("/api/v1/calls/sid/CA1/alerts")):
            pass
        assert alerts[0]["seq"] is None


async def test_speaker_assistant_and_confidence_decide(house):
    await make_rule(house, "User", "phrase", "refund", speaker="user")
    await make_rule(house, "Agent", "phrase", "refund", speaker="assistant")
    await make_rule(house, "Pattern", "pattern", r"\brefund(s|ed)?\b", assistant_id=1)
    await make_rule(house, "Unsure", "confidence", threshold=0.5)
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1", "assistant": 1})
    await house.say("CA1", "s1", "A refund", confidence=0.9)
    await house.say("CA1", "s2", "Your refund", speaker="assistant")
    await house.say("CA1", "s3", "Mumble", confidence=0.2)
    await make_rule(house, "Elsewhere", "phrase", "refund", assistant_id=1)
    found = [(one["segment_id"], one["rule"], one["spans"]) for one in await house.get("/api/v1/calls/sid/CA1/alerts")]
    assert found == [
        ("s1", "User", [[2, 8]]),
        ("s1", "Pattern", [[2, 8]]),
        ("s2", "Agent", [[5, 11]]),
        ("s2", "Pattern", [[5, 11]]),
        ("s3", "Unsure", None),
    ]


async def test_a_silence_is_told_once_words_end_it_and_the_next_is_told_again(either_house):
    house = either_house
    await make_rule(house, "Silence", "silence", threshold=30.0)
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer, house.produce() as producer:
        await viewer.history()
        house.clock.advance(29)
        await house.pipeline.notice_silences()
        house.clock.advance(2)
        for _ in range(3):
            await house.pipeline.notice_silences()
        first = (await viewer.until("alert"))["data"]
        assert (first["segment_id"], first["seq"], first["spans"]) == (None, None, None)
        await producer.send(interim("s2", "Are you"))
        await viewer.until("transcript")
        house.clock.advance(29)
        await house.pipeline.notice_silences()
        house.clock.advance(2)
        for _ in range(3):
            await house.pipeline.notice_silences()
        second = (await viewer.until("alert"))["data"]
        assert second["id"] > first["id"]
        await house.end("CA1")
        house.clock.advance(100)
        await house.pipeline.notice_silences()
    assert len(await house.get("/api/v1/calls/sid/CA1/alerts")) == 2


async def test_a_silence_outlives_a_restart_and_is_not_told_again(sqlite_url):
    async with open_house(sqlite_url) as house:
        await house.furnish()
        furniture, clock = house.furniture, house.clock
        await make_rule(house, "Silence", "silence", threshold=30.0)
        await house.say("CA1", "s1", "Hello")
        await house.say("CA2", "s1", "Hello")
        clock.advance(31)
        await house.say("CA2", "s2", "Still there?")
        await house.pipeline.notice_silences()
        await until(house, 1)
    clock.advance(10)
    async with open_house(sqlite_url, clock) as house:
        house.furniture = furniture
        await house.pipeline.notice_silences()
        clock.advance(21)
        await house.pipeline.notice_silences()
        await until(house, 2)
        assert [one["call_sid"] for one in (await house.get("/api/v1/alerts"))["items"]] == ["CA2", "CA1"]


async def until(house, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len((await house.get("/api/v1/alerts"))["items"]) < count:
            pass


async def test_a_change_of_the_rules_counts_within_a_second_and_a_deleted_rule_keeps_its_alerts(house):
    rule = await make_rule(house, "Refund", "phrase", "refund")
    await house.say("CA1", "s1", "refund")
    await house.store.write(alert_rules.set_paused, house.organization_id, rule.id, 1)
    async with asyncio.timeout(1.5):
        while house.pipeline.lookout.books:
            await asyncio.sleep(0.01)
    await house.say("CA1", "s2", "refund")
    await house.store.write(alert_rules.set_paused, house.organization_id, rule.id, None)
    await house.services.alert_rules.poll()
    await house.say("CA1", "s3", "refund")
    await house.store.write(alert_rules.delete, house.clock(), house.organization_id, rule.id)
    await house.services.alert_rules.poll()
    await house.say("CA1", "s4", "refund")
    assert [one["segment_id"] for one in await house.get("/api/v1/calls/1/alerts")] == ["s1", "s3"]
    assert [one["rule"] for one in (await house.get("/api/v1/alerts"))["items"]] == ["Refund"] * 2


async def test_another_organisation_has_its_own_rules_and_sees_none_of_ours(house):
    await make_rule(house, "Ours", "phrase", "refund")
    other = await house.organization("Other")
    key = await house.make_key("read", "ingest", user_id=await house.user("eve@example.com", other))
    await make_rule(house, "Theirs", "phrase", "invoice", organization_id=other)
    await house.say("CA1", "s1", "refund and invoice")
    answer = await house.fetch("GET", "/api/v1/calls/sid/CA1/alerts", key=key)
    assert answer.code == 404
    assert (await house.get("/api/v1/alerts", key=key))["items"] == []
    await house.fetch("POST", "/api/v1/calls/sid/CA1/transcripts", said("s1", "refund and invoice"), key=key)
    assert [one["rule"] for one in (await house.get("/api/v1/alerts", key=key))["items"]] == ["Theirs"]
    assert [one["rule"] for one in (await house.get("/api/v1/alerts"))["items"]] == ["Ours"]


async def test_the_wall_has_the_alerts_of_each_call_at_once_and_from_the_beginning(house):
    rule = await make_rule(house, "Refund", "phrase", "refund")
    await house.say("CA1", "s1", "refund")
    async with house.websocket(f"/live-calls?token={house.key}") as socket:
        wall = Watcher(socket)
        (row,) = (await wall.until("snapshot"))["calls"]
        (alert,) = row["alerts"]
        assert (alert["rule"], alert["rule_id"], alert["count"]) == ("Refund", rule.id, 1)
        house.clock.advance(1)
        await house.say("CA1", "s2", "a refund, please")
        while (row := (await wall.until("calls_updated"))["calls"][0])["alerts"][0]["count"] < 2:
            pass
        assert row["segments"] == 2 and row["alerts"][0]["last_at"] > alert["last_at"]


async def test_a_twilio_call_sets_off_its_alerts_through_the_webhook_also_across_a_restart(sqlite_url):
    bodies = [path.read_bytes() for path in sorted(PAYLOADS.glob("*.form"))]
    call_sid, alerts = None, []
    for part in (bodies[:5], bodies[5:]):
        async with open_house(sqlite_url) as house:
            if call_sid is None:
                await house.furnish()
                furniture, line = house.furniture, await new_line(house)
                await make_rule(house, "Words", "pattern", "[a-z]")
                await make_rule(house, "Early", "pattern", "[a-z]", on_interims=True)
            house.furniture, line.house = furniture, house
            for body in part:
                assert await line.post(body) == 204
            (call, *_) = (await house.get("/api/v1/calls"))["items"]
            call_sid = call["call_sid"]
            alerts = await house.get(f"/api/v1/calls/sid/{call_sid}/alerts")
            segments = await house.get(f"/api/v1/calls/sid/{call_sid}/transcripts")
    spoken = {segment["segment_id"]: segment for segment in segments if segment["content"]}
    assert {alert["segment_id"] for alert in alerts if alert["rule"] == "Words"} == set(spoken)
    for name in ("Words", "Early"):
        told = [alert["segment_id"] for alert in alerts if alert["rule"] == name]
        assert len(told) == len(set(told)) >= len(spoken)
    assert all(alert["seq"] == spoken[alert["segment_id"]]["seq"] for alert in alerts if alert["rule"] == "Words")
