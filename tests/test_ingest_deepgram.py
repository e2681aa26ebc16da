"""Deepgram's own messages on the producer socket: as by its callback, in the order of the socket, with acks."""

import asyncio
import json

import pytest

from house import Clock, open_house
from log_reader import is_spoken
from models import entries, source_settings
from patience import PATIENCE_S
from postgres import free_port
from provider_line import golden, recorded
from test_ingest import told, transcript
from test_provider_calls import assert_as_wanted, follow

CALL = "CA-deepgram"


def result(start: float, words: str, *, is_final=True, speech_final=True, request="r-1", channel=0, **more) -> dict:
    is_spoken(words)
    alternatives = [{"transcript": words, "confidence": 0.9}]
    window = {"start": start, "duration": 1.0, "is_final": is_final, "speech_final": speech_final}
    whose = {"channel_index": [channel, 2], "metadata": {"request_id": request}}
    return {"type": "Results", "channel": {"alternatives": alternatives}, **window, **whose, **more}


def deepgram(id_, data: dict, call_sid: str = CALL, **more) -> dict:
    return {"type": "deepgram", "call_sid": call_sid, "data": data} | more | ({} if id_ is None else {"id": id_})


async def sources(house) -> list:
    return await house.store.read(source_settings.listing, house.organization_id)


async def log(house) -> list[tuple[str, str]]:
    (call,) = (await house.get("/api/v1/calls"))["items"]
    stored = await house.store.read(entries.after, call["id"], 0, None)
    return [(entry.transcript.speaker, entry.transcript.content) for entry in stored]


@pytest.fixture(params=["sample", "own"])
def recording(request):
    return recorded(request.getfixturevalue("shared"), "deepgram") if request.param == "sample" else golden("deepgram")


async def test_a_call_passed_on_message_by_message_is_as_by_callback(house, recording):
    async with house.produce() as producer:
        followers = [follow(house, recording)]
        for number, body in enumerate(recording.bodies):
            await producer.send(json.dumps(deepgram(number, json.loads(body))))
        acks = [await producer.next() for _ in recording.bodies]
        assert [(ack["type"], ack["id"]) for ack in acks] == [("ack", number) for number in range(len(acks))]
        followers.append(follow(house, recording))
        (ack,) = await told(producer, {"type": "call_status", "call_sid": CALL, "data": {"status": "completed"}})
        assert ack["type"] == "ack"
    house.clock.advance(60)
    async with asyncio.timeout(PATIENCE_S):
        for follower in await asyncio.gather(*followers):
            assert_as_wanted(follower, recording)


async def test_after_a_restart_what_is_sent_again_is_stored_once_and_nothing_is_lost(sqlite_url, recording):
    cut, clock, port = len(recording.bodies) // 2, Clock(), free_port()
    messages = [json.dumps(deepgram(number, json.loads(body))) for number, body in enumerate(recording.bodies)]
    async with open_house(sqlite_url, clock, port=port) as house:
        furniture = await house.furnish()
        async with house.produce() as producer:
            followers = [follow(house, recording)]
            await told(producer, *messages[:cut])
    async with open_house(sqlite_url, clock, port=port) as house:
        house.furniture = furniture
        async with house.produce() as producer:
            await told(producer, *messages[cut - 3 :])  # three of them again
        await house.end(CALL)
        clock.advance(60)
        async with asyncio.timeout(PATIENCE_S):
            for follower in await asyncio.gather(*followers):
                assert_as_wanted(follower, recording, was_restarted=True)
        assert len(await sources(house)) == 1


async def test_the_first_message_makes_one_source_whoever_sends_it(either_house):
    house = either_house
    async with house.produce() as one, house.produce() as other:
        sent = [(n, producer) for n in range(20) for producer in (one, other)]
        for n, producer in sent:
            call_sid = f"CA-{n}-{producer is one}"
            await producer.send(deepgram(n, result(0, "Hello"), call_sid))
        acks = [await producer.next() for _, producer in sent]
    assert {(ack["type"], ack["seq"]) for ack in acks} == {("ack", 1)}
    (source,) = await sources(house)
    assert (source.kind, source.has_secret, source.assistant_name) == ("deepgram", True, "Front desk")
    assert (await house.get("/api/v1/calls"))["total"] == 40
    made = [entry for entry in (await house.get("/api/v1/audit"))["items"] if entry["action"] == "source.created"]
    assert [(entry["target"], entry["user"]) for entry in made] == [(str(source.id), "ada@example.com")]
    assert made[0]["key"] and house.key.startswith(made[0]["key"])


async def test_nobody_can_post_to_the_address_of_a_source_that_was_made_so(house):
    async with house.produce() as producer:
        await told(producer, deepgram(1, result(0, "Hello")))
    (source,) = await sources(house)
    path = f"/webhooks/deepgram/{source.endpoint}?call_sid={CALL}"
    for headers in ({}, {"Authorization": "Basic Ojo="}, {"dg-token": ""}):
        body = json.dumps(result(1, "Hello again"))
        assert (await house.fetch("POST", path, body, key=None, headers=headers)).code == 403
    assert await log(house) == [("user", "Hello")]


async def test_what_is_said_after_deepgrams_messages_is_stored_after_them(house):
    async with house.produce() as producer:
        ended = {"type": "call_status", "id": "end", "call_sid": CALL, "data": {"status": "completed"}}
        sent = [
            deepgram(1, result(0, "One")),
            transcript(2, "s-2", "Two", CALL),
            deepgram(3, result(2, "Three")),
            deepgram(4, result(4, "Four", channel=1)),
            transcript(5, "s-5", "Five", CALL),
            ended,
        ]
        for message in sent:
            await producer.send(message)
        answers = [await producer.next() for _ in sent]
    assert [(answer["id"], answer["seq"]) for answer in answers] == [(n, n) for n in range(1, 6)] + [("end", None)]
    assert [words for _, words in await log(house)] == ["One", "Two", "Three", "Four", "Five"]
    async with house.watch(CALL) as viewer:
        await viewer.history()
        assert viewer.seqs == [1, 2, 3, 4, 5]


async def test_acks_keep_the_order_of_the_socket_whoever_is_quicker(house):
    async with house.produce() as producer:
        sent = []
        for n in range(30):
            sent += [deepgram(f"d{n}", result(n, f"Word {n}")), transcript(f"t{n}", f"s{n}", call_sid="CA-other")]
        for message in sent:
            await producer.send(message)
        answers = [await producer.next() for _ in sent]
    assert [answer["id"] for answer in answers] == [message["id"] for message in sent]
    assert [words for _, words in await log_of(house, CALL)] == [f"Word {n}" for n in range(30)]


async def log_of(house, call_sid: str) -> list[tuple[str, str]]:
    call = await house.get(f"/api/v1/calls/sid/{call_sid}")
    stored = await house.store.read(entries.after, call["id"], 0, None)
    return [(entry.transcript.speaker, entry.transcript.content) for entry in stored]


async def test_what_stores_nothing_is_acknowledged_only_if_it_has_an_id(house):
    async with house.produce() as producer:
        (first,) = await told(producer, deepgram(None, result(0, "One")))
        assert first == {"type": "ack", "id": None, "seq": 1}
        interim = result(2, "Tw", is_final=False, speech_final=False)
        await producer.send(deepgram(None, interim))
        await producer.send(deepgram(None, {"type": "Metadata", "request_id": "unheard of", "duration": 9.0}))
        (answer,) = await told(producer, deepgram("x", result(2, "Two", is_final=False, speech_final=False)))
        assert answer == {"type": "ack", "id": "x", "seq": None}
        assert (await told(producer, deepgram(9, result(0, "One"))))[0] == {"type": "ack", "id": 9, "seq": None}
    assert await log(house) == [("user", "One")]


@pytest.mark.parametrize(
    ("message", "error", "field"),
    [
        ({"call_sid": "a b"}, "invalid_call_sid", "call_sid"),
        ({"call_sid": None}, "invalid_call_sid", "call_sid"),
        ({"data": None}, "invalid_field", None),
        ({"data": "Results"}, "invalid_field", None),
        ({"data": result(0, "x") | {"start": "soon"}}, "invalid_field", "start"),
        ({"data": result(0, "x") | {"is_final": "yes"}}, "invalid_field", "is_final"),
        ({"speaker": "nobody"}, "invalid_field", "speaker"),
        ({"speaker": ["user"]}, "invalid_field", "speaker"),
        ({"offset": "soon"}, "invalid_field", "offset"),
        ({"offset": -1}, "invalid_field", "offset"),
        ({"id": [1]}, "invalid_field", "id"),
    ],
)
async def test_what_cannot_be_taken_is_refused_by_field_and_makes_no_source(house, message, error, field):
    async with house.produce() as producer:
        (answer,) = await told(producer, deepgram(1, result(0, "Hello")) | message)
        assert (answer["type"], answer["error"], answer.get("field")) == ("error", error, field)
        assert answer["retryable"] is False and answer["id"] == (None if "id" in message else 1)
        assert await sources(house) == []
        assert (await told(producer, deepgram(2, result(0, "Hello"))))[0]["type"] == "ack"


async def test_a_paused_source_refuses_and_a_deleted_one_is_replaced(house):
    async with house.produce() as producer:
        await told(producer, deepgram(1, result(0, "One")))
        (source,) = await sources(house)
        await house.store.write(source_settings.set_paused, house.organization_id, source.id, house.clock())
        await house.services.gate.poll()
        (answer,) = await told(producer, deepgram(2, result(2, "Two")))
        assert (answer["error"], answer["retryable"]) == ("source_paused", False)
        await house.store.write(source_settings.set_paused, house.organization_id, source.id, None)
        await house.services.gate.poll()
        assert (await told(producer, deepgram(3, result(2, "Two"))))[0]["seq"] == 2
        await house.store.write(source_settings.delete, house.clock(), house.organization_id, source.id)
        await house.services.gate.poll()
        assert (await told(producer, deepgram(4, result(0, "Three", request="r-2"))))[0]["seq"] == 3
    (new,) = await sources(house)
    assert new.id != source.id


async def test_voices_and_offsets_are_as_told(house):
    async with house.produce() as producer:
        await told(
            producer,
            deepgram(1, result(1, "Hello?"), speaker="assistant", offset=10),
            deepgram(2, result(1, "Yes?", request="r-2"), speaker="user", offset=12.5),
        )
        items = await house.get(f"/api/v1/calls/sid/{CALL}/transcripts")
    assert [(item["speaker"], item["segment_start"]) for item in items] == [("assistant", 11.0), ("user", 13.5)]


async def test_the_settings_of_the_source_say_who_is_on_which_channel(house):
    async with house.produce() as producer:
        await told(producer, deepgram(1, result(0, "One")))
        (source,) = await sources(house)
        change = source_settings.change_credentials, house.organization_id, source.id
        await house.store.write(*change, None, None, '{"channel_0":"assistant","channel_1":"user"}')
        await house.services.gate.poll()
        await told(producer, deepgram(2, result(2, "Two")), deepgram(3, result(4, "Three", channel=1)))
    assert await log(house) == [("user", "One"), ("assistant", "Two"), ("user", "Three")]


async def test_a_producer_that_leaves_at_once_is_heard_all_the_same(house):
    async with house.produce() as producer:
        for n in range(20):
            await producer.send(deepgram(n, result(n, f"Word {n}")))
    async with asyncio.timeout(PATIENCE_S):
        while not (calls := (await house.get("/api/v1/calls"))["items"]) or calls[0]["transcript_count"] < 20:
            await asyncio.sleep(0.01)
    assert [words for _, words in await log(house)] == [f"Word {n}" for n in range(20)]


async def test_a_call_already_known_by_another_id_is_heard_of_under_both(house):
    async with house.produce() as producer:
        announced = {"type": "call", "id": 1, "call_sid": "va-1", "data": {"alias": CALL}}
        answers = await told(producer, announced, deepgram(2, result(0, "One")), deepgram(3, result(2, "Two")))
        assert [answer.get("seq") for answer in answers] == [None, 1, 2]
    assert [words for _, words in await log_of(house, "va-1")] == ["One", "Two"]
    assert (await house.get("/api/v1/calls"))["total"] == 1


async def test_what_was_said_for_good_is_stored_when_the_call_ends_before_its_utterance(house):
    async with house.produce() as producer, asyncio.timeout(PATIENCE_S):
        await told(producer, deepgram(1, result(0, "I would like to", speech_final=False)))
        await told(producer, deepgram(2, result(1, "return a", speech_final=False, is_final=False)))
        async with house.watch(CALL) as viewer:
            await told(producer, {"type": "call_status", "call_sid": CALL, "data": {"status": "completed"}})
            while (await viewer.until("call_status"))["status"] != "completed":
                pass
            while not viewer.seqs:
                await viewer.until("transcript")
            assert await log(house) == [("user", "I would like to")]
            await told(producer, deepgram(3, result(1, "return a bike.")))
            while len(viewer.seqs) < 2:
                await viewer.until("transcript")
    assert (await log(house))[1:] == [("user", "I would like to return a bike.")]  # the same segment, corrected
