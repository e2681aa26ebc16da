"""A call that two sources tell of, through a running server: either id leads to it, and it answers to one."""

import asyncio
import json

import pytest

from audit_log import logged
from command_line import CommandLine, finish
from tests.test_tickets import enters, ticket
from visitor import Visitor


async def tell(house, call_sid: str, status: int, key: str = "", **facts) -> dict:
    answer = await house.fetch("POST", "/api/v1/calls", {"call_sid": call_sid} | facts, key=key)
    assert answer.code == status, answer.body
    return json.loads(answer.body)


async def one_call(house) -> None:
    """CA1, which is VA1 too, with a word of each source."""
    await tell(house, "CA1", 201, provider="twilio")
    await house.say("CA1", "t-1", "Hello")
    await tell(house, "VA1", 200, provider="vapi", alias="CA1")
    await house.say("VA1", "v-1", "Is my bike ready?")


async def test_either_id_reads_the_call_which_tells_both(either_house):
    house = either_house
    await one_call(house)
    own, other = await house.get("/api/v1/calls/sid/CA1"), await house.get("/api/v1/calls/sid/VA1")
    assert own == other == await house.get(f"/api/v1/calls/{own['id']}")
    assert (own["call_sid"], own["aliases"], own["linked"]) == ("CA1", ["VA1"], [])
    assert (await house.get("/api/v1/calls"))["items"] == [own]
    for path in ("sid/CA1", "sid/VA1"):
        spoken = await house.get(f"/api/v1/calls/{path}/transcripts")
        assert [said["segment_id"] for said in spoken] == ["t-1", "v-1"]
        changed = await house.fetch("PATCH", f"/api/v1/calls/{path}/metadata", {"metadata": {path[4:]: 1}})
        assert json.loads(changed.body)["call_sid"] == "CA1"
    assert (await house.get("/api/v1/calls/sid/CA1"))["metadata"] == {"CA1": 1, "VA1": 1}


async def test_two_calls_that_are_one_name_each_other(either_house):
    house = either_house
    await tell(house, "CA1", 201)
    await tell(house, "VA1", 201)
    linked = await tell(house, "VA1", 200, alias="CA1")
    assert (linked["call_sid"], linked["aliases"], linked["linked"]) == ("VA1", [], ["CA1"])
    assert (await house.get("/api/v1/calls/sid/CA1"))["linked"] == ["VA1"]
    assert (await house.get("/api/v1/calls"))["total"] == 2


async def test_what_is_no_call_id_is_no_alias_and_words_before_the_answer_give_none(house):
    for alias in ("", "a b", "a/b", "x" * 129, "a\n"):
        assert (await tell(house, "VA1", 422, alias=alias))["error"]["field"] == "alias"
    assert (await tell(house, "VA1", 422, alias=7))["error"]["field"] == "alias"
    answer = await house.fetch("POST", "/api/v1/calls", {"call_sid": "VA1", "alias": "CA1", "status": "ringing"})
    assert answer.code == 204
    assert (await tell(house, "CA1", 201))["aliases"] == []
    assert (await tell(house, "VA1", 201, alias=None))["linked"] == []


async def test_an_end_told_twice_is_the_first_one(house):
    await one_call(house)
    await house.end("VA1", "completed", duration=7)
    await house.end("CA1", "busy")
    call = await house.get("/api/v1/calls/sid/VA1")
    assert (call["status"], call["end_reason"], call["duration"]) == ("completed", None, 7)


async def test_viewers_under_both_ids_get_the_same_messages_with_the_calls_own_id(either_house):
    house = either_house
    await one_call(house)
    async with house.watch("CA1") as one, house.watch("VA1") as other, house.produce() as producer:
        for viewer in (one, other):
            await viewer.history()
        for n, call_sid in enumerate(("VA1", "CA1", "VA1")):
            said = {"segment_id": f"s-{n}", "speaker": "user", "content": f"words {n}"}
            for is_final in (False, True):
                message = {"type": "transcript", "id": n, "call_sid": call_sid, "data": said | {"is_final": is_final}}
                await producer.send(message)
                assert (await producer.next())["type"] == "ack"
        for call_sid, status in (("VA1", "completed"), ("CA1", "failed")):
            await producer.send({"type": "call_status", "id": 9, "call_sid": call_sid, "data": {"status": status}})
            assert (await producer.next())["type"] == "ack"
        house.clock.advance(6)
        assert (await one.to_the_end(), await other.to_the_end()) == (1000, 1000)
    for viewer in (one, other):
        assert {message["call_sid"] for message in viewer.seen} == {"CA1"}
        assert [m["status"] for m in viewer.seen if m["type"] == "call_status"] == ["in-progress", "completed"]
        assert viewer.seqs == [1, 2, 3, 4, 5]
        interims = [m["data"]["content"] for m in viewer.transcripts if "seq" not in m]
        assert interims == ["words 0", "words 1", "words 2"]


async def test_a_viewer_resumes_under_the_other_id(house):
    await one_call(house)
    async with house.watch("CA1") as viewer:
        epoch = (await viewer.until("connection_established"))["epoch"]
    async with house.watch("VA1", f"&after=1&epoch={epoch}") as viewer:
        await viewer.history()
    assert (viewer.seen[0]["recovered"], viewer.seqs, viewer.seen[-1]["call_sid"]) == (True, [2], "CA1")


async def test_interims_under_an_alias_touch_no_database_and_stop_with_the_call(house):
    await one_call(house)
    commits = house.store.commits
    async with house.watch("CA1") as viewer:
        await viewer.history()
        for content in ("I", "I wo", "I would"):
            await house.say("VA1", "v-2", content, is_final=False)
            message = await viewer.until("transcript")
            assert (message["call_sid"], message["data"]["content"]) == ("CA1", content)
        assert house.store.commits == commits
        await house.say("CA1", "v-2", "I would like", is_final=True)
        await house.say("VA1", "v-2", "I", is_final=False)
        await house.end("CA1")
        await house.say("VA1", "v-3", "no more", is_final=False)
        house.clock.advance(6)
        assert await viewer.to_the_end() == 1000
    assert [m["data"]["content"] for m in viewer.transcripts][-1] == "I would like", "the final's interims are over"


async def test_a_ticket_for_either_id_opens_both_and_no_other_call(either_house):
    house = either_house
    await one_call(house)
    await tell(house, "CA2", 201)
    await tell(house, "CA2", 200, alias="CA1")
    for asked, opened, fits in (
        *(("VA1", "CA1", True), ("CA1", "VA1", True), ("VA1", "VA1", True), ("VA1", "CA2", False)),
        *(("CA2", "CA1", False), ("CA404", "CA1", False), ("CA1", "CA404", False)),
    ):
        token = await ticket(house, asked)
        assert (await enters(house, token, opened) is True) == fits, (asked, opened)
        assert await enters(house, token, opened) is not True, "once"


async def test_an_alias_means_nothing_elsewhere(house):
    await one_call(house)
    stranger = await house.user("eve@other.example", await house.organization("Other"))
    key = await house.make_key("read", "ingest", user_id=stranger)
    for path in ("CA1", "VA1"):
        assert (await house.fetch("GET", f"/api/v1/calls/sid/{path}", key=key)).code == 404
    theirs = await tell(house, "VA1", 201, key, alias="CA1")
    assert (theirs["call_sid"], theirs["aliases"], theirs["transcript_count"]) == ("VA1", ["CA1"], 0)
    assert await enters(house, await ticket(house, "CA1", key=key), "VA1") is True
    assert (await house.get("/api/v1/calls/sid/VA1"))["call_sid"] == "CA1", "and ours are as they were"
    visitor = await Visitor(house).sign_in("eve@other.example")
    assert (await visitor.get("/calls/CA1")).location == "/calls/VA1"
    assert "Is my bike" not in (await visitor.get("/calls/VA1")).page.text


async def test_the_page_of_an_alias_is_the_calls_own_which_names_the_others(house):
    await one_call(house)
    await tell(house, "RE1", 201)
    await tell(house, "RE1", 200, alias="CA1")
    visitor = await Visitor(house).sign_in()
    answer = await visitor.get("/calls/VA1")
    assert (answer.code, answer.location) == (302, "/calls/CA1")
    page = (await visitor.get("/calls/CA1")).page
    assert [code.text for code in page.all("code", class_="call-sid")] == ["CA1", "VA1", "RE1"]
    assert [link.text for link in page.all("a", href="/calls/RE1")] == ["RE1"]
    assert [live.attributes["data-call-sid"] for live in page.all("live-transcript")] == ["CA1"]
    assert (await visitor.get("/calls/CA404")).code == 404


async def test_the_wall_has_one_row_and_the_audit_log_one_name(house):
    await one_call(house)
    async with house.websocket(f"/live-calls?token={house.key}") as socket:
        while (message := json.loads(await socket.recv()))["type"] != "snapshot":
            pass
        assert [(row["call_sid"], row["segments"]) for row in message["calls"]] == [("CA1", 2)]
    async with house.watch("VA1") as viewer:
        await viewer.history()
    await house.get("/api/v1/calls/sid/VA1/transcripts")
    await logged(house)
    items = (await house.get("/api/v1/audit"))["items"]
    assert {(i["action"], i["target"]) for i in items if i["action"].startswith("call.")} == {
        ("call.watched", "CA1"),
        ("call.read", "CA1"),
    }


@pytest.mark.parametrize("call_sid", ["CA1", "VA1"])
async def test_watch_takes_either_id(house, call_sid):
    await one_call(house)
    await house.end("VA1")
    house.clock.advance(60)
    line = CommandLine("sqlite:///unused.db")
    process = line.start("watch", call_sid, "--url", house.url, CALLBOARD_TOKEN=house.key)
    outcome = await asyncio.to_thread(finish, process)
    assert (outcome.status, len(outcome.out.splitlines())) == (0, 2), outcome.err
    assert "Hello" in outcome.out and "Is my bike ready?" in outcome.out
