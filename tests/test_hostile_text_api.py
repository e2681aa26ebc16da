"""Hostile text in and out of the interfaces for programs: exactly the same, or refused with its field named."""

import json

import pytest

from hostile_texts import CONTENTS, LONGEST, MARKUP, RLO, ZALGO
from models import assistants

SAID = {"segment_id": "u-1", "speaker": "user"}
PATH = "/api/v1/calls/sid/CA1/transcripts"
NUMBER = "<b onclick=tripped()>'\"&{{7*7}}" + RLO
NAME = MARKUP["attribute"] + MARKUP["end of script"] + RLO + ZALGO[:60]
REFUSED = [
    ('"a\\u0000b"', "NUL"),
    ('"a\\ud800b"', "surrogate"),
    ('"a\\udc00"', "surrogate"),
    ('"a\\ude00\\ud83db"', "surrogate"),
    (json.dumps("x" * (LONGEST + 1)), "32768 bytes"),
    (json.dumps("é" * (LONGEST // 2) + "x", ensure_ascii=False), "32768 bytes"),
]


async def test_every_text_comes_out_as_it_went_in(either_house):
    house, texts = either_house, list(CONTENTS.values())
    assert max(len(text.encode()) for text in texts) == LONGEST
    for n, text in enumerate(texts):
        await house.say("CA1", f"s-{n}", text, segment_start=float(n))
    entries = await house.get("/api/v1/calls/sid/CA1/transcripts?limit=200")
    assert [entry["content"] for entry in entries] == texts
    async with house.watch("CA1") as viewer:
        await viewer.history()
        for n, text in enumerate(texts):
            await house.say("CA1", f"s-{n}", text, is_final=False)  # of a final that is there: nobody hears it
            await house.say("CA1", "i-1", text, is_final=False)
            assert (await viewer.until("transcript"))["data"]["content"] == text
    assert [message["data"]["content"] for message in viewer.transcripts] == texts * 2


async def test_the_feed_of_all_calls_says_the_same(house):
    async with house.websocket(f"/live-calls?token={house.key}") as feed:
        for n, text in enumerate(CONTENTS.values()):
            await house.say(f"CA{n}", "s-1", text)
            while True:
                message = json.loads(await feed.recv())
                last = {row["call_sid"]: row["last"] for row in message.get("calls", [])}.get(f"CA{n}")
                if last:
                    break
            assert last["content"] == text


async def test_texts_about_a_call_come_out_as_they_went_in(either_house):
    house = either_house
    await house.store.write(assistants.create, house.clock(), house.organization_id, NAME)
    metadata = {text[:300]: text[:300] for text in MARKUP.values()} | {"__proto__": {"x": [RLO]}}
    about = {"call_sid": "CA1", "assistant": NAME, "from_number": NUMBER, "to_number": "'--", "provider": NUMBER}
    answer = await house.fetch("POST", "/api/v1/calls", about | {"direction": "inbound", "metadata": metadata})
    assert answer.code == 201, answer.body
    segment = "\"><script>tripped('id')</script>" + RLO
    await house.say("CA1", segment, "Hello.", language="<b>-\u202e")
    await house.end("CA1", "failed", reason=NUMBER)
    call = await house.get("/api/v1/calls/sid/CA1")
    assert call["metadata"] == metadata
    async with house.watch("CA1") as viewer:
        status = (await viewer.until("call_status"))["metadata"]
        said = (await viewer.until("transcript"))["data"]
    assert (status["assistant_name"], status["reason"]) == (NAME, NUMBER)
    assert (status["customer_phone_number"], status["to_phone_number"]) == (NUMBER, "'--")
    assert (said["segment_id"], said["language"]) == (segment, "<b>-\u202e")


@pytest.mark.parametrize(("content", "why"), REFUSED, ids=lambda it: it[:12])
async def test_what_cannot_be_kept_is_refused_by_its_field(house, content, why):
    body = json.dumps(SAID)[:-1] + f', "content": {content}}}'
    answer = await house.fetch("POST", PATH, body.encode())
    error = json.loads(answer.body)["error"]
    assert (answer.code, error["code"], error["field"]) == (422, "invalid_field", "content")
    assert why in error["message"]
    answer = await house.fetch("POST", PATH, f'{{"transcripts": [{body}, {json.dumps(SAID | {"content": "Hi"})}]}}')
    told = json.loads(answer.body)
    if why == "surrogate":  # then none of the body can be read
        assert (answer.code, told["error"]["field"]) == (422, "transcripts")
    else:
        (rejected,) = told["rejected"]
        assert (answer.code, rejected["index"], rejected["error"]["field"]) == (201, 0, "content")
    async with house.produce() as producer:
        await producer.send(f'{{"type": "transcript", "id": "7", "call_sid": "CA2", "data": {body}}}')
        told = await producer.next()
        assert (told["type"], told["error"], told["field"]) == ("error", "invalid_field", "content")
        assert told.get("id") == (None if why == "surrogate" else "7")
        assert why in told["message"]


@pytest.mark.parametrize("field", ["segment_id", "language", "reason", "from_number", "provider", "assistant"])
@pytest.mark.parametrize(
    "text", ['"a\\u0000"', '"a\\ud800"', '"a\\u001b[2J"', '"a\\nb"'], ids=["NUL", "lone", "esc", "line"]
)
async def test_no_control_character_or_half_character_gets_into_what_is_not_speech(house, field, text):
    path, base = "/api/v1/calls", {"call_sid": "CA1"}
    if field in ("segment_id", "language"):
        path, base = PATH, {"content": "Hello", "speaker": "user"}
    elif field == "reason":
        await house.say("CA1", "u-1", "Hello")
        path, base = "/api/v1/calls/sid/CA1/status", {"status": "failed"}
    answer = await house.fetch("POST", path, json.dumps(base)[:-1] + f', "{field}": {text}}}')
    assert answer.code == 422, answer.body
    assert json.loads(answer.body)["error"]["field"] == field


@pytest.mark.parametrize(
    "call_sid", ["%3Cscript%3E", "..%2F..%2Fetc", "a%00b", "%E2%80%AE", "a%22b", "%ED%A0%80", "a%0d%0ab"]
)
async def test_a_call_sid_in_an_address_is_a_call_sid_or_nothing(house, call_sid):
    for path in (f"/api/v1/calls/sid/{call_sid}", f"/api/v1/calls/sid/{call_sid}/transcripts", f"/calls/{call_sid}"):
        answer = await house.fetch("GET", path)
        assert answer.code in (302, 400, 404, 422), (path, answer.code)
        assert b"<script" not in answer.body and b'"b' not in answer.body and "X-Injected" not in answer.headers
    answer = await house.fetch("POST", f"/api/v1/calls/sid/{call_sid}/status", {"status": "completed"})
    assert answer.code in (400, 404, 422)
    async with house.websocket(f"/live-transcript/{call_sid}?token={house.key}") as socket:
        error = json.loads(await socket.recv())
        assert error["error"] in ("invalid_call_sid", "invalid_parameter")
