"""Redaction on a running server: whatever way words come in, what is hidden is neither stored nor sent."""

import asyncio
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from card_numbers import luhn_numbers
from events import CallAnnounced, Refused, StatusReported
from house import House, open_house
from models import redaction_settings
from redaction import KINDS
from test_twilio_calls import new_line

NUMBER = "4111 1111 1111 1111"
SAID = f"My card is {NUMBER}, mine"
STORED = "My card is [CARD], mine"
OPEN_S = 1.0  # in which every server knows of a change


async def turn(house: House, is_on: bool = True, organization: int | None = None, kinds: tuple = KINDS) -> None:
    whose = organization or house.organization_id
    await house.store.write(redaction_settings.change, house.clock(), whose, is_on, kinds)
    await house.services.redactors.poll()


def on_disk(url: str) -> bytes:
    """Every byte that the database has written, in its log too."""
    path = Path(url.removeprefix("sqlite:///"))
    return b"".join(file.read_bytes() for file in sorted(path.parent.glob(path.name + "*")) if file.is_file())


def assert_not_on_disk(url: str) -> None:
    found = on_disk(url)
    assert b"[CARD]" in found, "what was stored is looked at"
    for secret in (NUMBER, NUMBER.replace(" ", ""), NUMBER[:9], "mallory@example.com"):
        assert secret.encode() not in found


def words(watcher) -> list[str]:
    return [message["data"]["content"] for message in watcher.transcripts]


async def test_by_rest_finals_and_interims_are_redacted_for_viewers_the_feed_and_the_log(house, sqlite_url):
    await turn(house)
    await house.say("CA1", "s0", "Hello")
    async with house.watch("CA1") as viewer, house.websocket(f"/live-calls?token={house.key}") as feed:
        await viewer.history()
        await house.say("CA1", "s1", "My card is 4111 11", is_final=False)
        await house.say("CA1", "s1", SAID)
        await house.say("CA1", "s2", "mallory@example.com")
        await house.end("CA1")
        house.clock.advance(6)
        assert await viewer.to_the_end() == 1000
        assert words(viewer) == ["Hello", "My card is [NUMBER]", STORED, "[EMAIL]"]
        told = await feed.recv()
        while '"completed"' not in told:
            told += await feed.recv()
        assert "4111" not in told and "[EMAIL]" in told
    log = await house.get("/api/v1/calls/sid/CA1/transcripts?after=0")
    assert [item["content"] for item in log] == ["Hello", STORED, "[EMAIL]"]
    async with house.watch("CA1") as late:
        await late.history()
        assert words(late) == ["Hello", STORED, "[EMAIL]"]
    assert_not_on_disk(sqlite_url)


async def test_a_producers_socket_is_redacted_in_a_batch_too_and_a_repeat_stays_a_repeat(house, sqlite_url):
    await turn(house)
    batch = {"transcripts": [{"segment_id": f"b{n}", "speaker": "user", "content": SAID} for n in range(3)]}
    answer = await house.fetch("POST", "/api/v1/calls/sid/CA1/transcripts", batch)
    assert answer.code == 201, answer.body
    async with house.watch("CA1") as viewer, house.produce() as producer:
        await viewer.history()
        for id_, final in (("1", False), ("2", True), ("3", True)):
            data = {"segment_id": "s1", "speaker": "user", "content": SAID, "is_final": final}
            await producer.send({"type": "transcript", "id": id_, "call_sid": "CA1", "data": data})
        seqs = [(await producer.next())["seq"] for _ in range(3)]
        assert seqs == [None, 4, 4], "what is sent again is known, though it is stored in other words"
        await producer.send({"type": "transcript", "id": "4", "call_sid": "CA1", "data": data | {"segment_id": "s2"}})
        await viewer.until("transcript")
        while viewer.seqs[-1] != 5:
            await viewer.next()
    assert set(words(viewer)) == {STORED}
    totals = await house.store.read(redaction_settings.totals, house.organization_id)
    assert totals == {"CARD": 5}, "each final once, no interim, no repeat"
    assert_not_on_disk(sqlite_url)


async def test_a_card_number_in_three_segments_is_nowhere(house, sqlite_url):
    await turn(house)
    for n, piece in enumerate(("It is 4111 11", "11", "1111 1111 11 thank you")):
        await house.say("CA1", f"s{n}", piece)
    log = await house.get("/api/v1/calls/sid/CA1/transcripts?after=0")
    stored = [item["content"] for item in log]
    assert stored == ["It is [NUMBER]", "11", "[NUMBER] thank you"]
    assert luhn_numbers(" ".join(stored)) == []
    assert b"4111 11" not in on_disk(sqlite_url) and b"1111 1111" not in on_disk(sqlite_url)


def twilio(sequence: int, text: str, *, is_final: bool) -> bytes:
    data = {"transcript": text} | ({"confidence": 0.9} if is_final else {})
    fields = {
        **{"TranscriptionEvent": "transcription-content", "CallSid": "CAtwilio", "AccountSid": "AC1"},
        **{"TranscriptionSid": "GT1", "Track": "inbound_track", "SequenceId": sequence, "LanguageCode": "en-US"},
        **{
            "Timestamp": "2026-03-02T15:04:05.000Z",
            "TranscriptionData": json.dumps(data),
            "Final": str(is_final).lower(),
        },
    }
    return urlencode(fields).encode()


async def test_a_provider_is_redacted_and_what_its_adapter_remembers_too(house, sqlite_url):
    await turn(house)
    line = await new_line(house)
    assert await line.post(twilio(1, "My", is_final=False)) == 204
    async with house.watch("CAtwilio") as viewer:
        await viewer.history()
        for sequence, text, is_final in ((2, "My card is 4111 1111", False), (3, SAID, True), (4, "ok 4111", False)):
            assert await line.post(twilio(sequence, text, is_final=is_final)) == 204
        while "ok [NUMBER]" not in words(viewer):
            await viewer.next()
    assert words(viewer)[-3:] == ["My card is [NUMBER]", STORED, "ok [NUMBER]"]
    assert_not_on_disk(sqlite_url)


async def test_it_counts_within_a_second_for_a_call_that_runs_and_a_change_elsewhere_is_noticed(house):
    await house.say("CA1", "s0", SAID)
    async with house.watch("CA1") as viewer:
        await viewer.history()
        assert words(viewer) == [SAID]
        change = (redaction_settings.change, house.clock(), house.organization_id)
        for is_on, stored in ((True, STORED), (False, SAID)):
            await house.store.write(*change, is_on, KINDS)  # as another server does: nobody tells this one
            async with asyncio.timeout(OPEN_S):
                while (house.organization_id in house.services.redactors.in_force) != is_on:
                    await asyncio.sleep(0.01)
            await house.say("CA1", f"s{is_on}", SAID)
            assert (await viewer.until("transcript"))["data"]["content"] == stored
    log = await house.get("/api/v1/calls/sid/CA1/transcripts?after=0")
    assert [item["content"] for item in log] == [SAID, STORED, SAID], "what was stored stays as it was"


async def test_it_is_each_organisations_own(house):
    eve = await house.user("eve@example.com", await house.organization("Other"))
    theirs = await house.make_key("read", "ingest", user_id=eve)
    await turn(house, organization=2)
    for key, stored in ((house.key, SAID), (theirs, STORED)):
        data = {"segment_id": "s1", "speaker": "user", "content": SAID}
        assert (await house.fetch("POST", "/api/v1/calls/sid/CA1/transcripts", data, key=key)).code == 201
        log = await house.get("/api/v1/calls/sid/CA1/transcripts?after=0", key=key)
        assert [item["content"] for item in log] == [stored]
    totals = [await house.store.read(redaction_settings.totals, whose) for whose in (house.organization_id, 2)]
    assert totals == [{}, {"CARD": 1}]


async def test_it_is_in_force_from_the_first_word_after_a_restart(sqlite_url):
    async with open_house(sqlite_url) as house:
        furniture = await house.furnish()
        await turn(house)
        add = (redaction_settings.add_pattern, house.clock(), house.organization_id, "ORDER", r"ord-\d{6}")
        await house.store.write(*add)
    async with open_house(sqlite_url) as house:
        house.furniture = furniture
        await house.say("CA1", "s1", SAID + " for ORD-123456 please")
        (item,) = await house.get("/api/v1/calls/sid/CA1/transcripts?after=0")
        assert item["content"] == STORED + " for [ORDER] please"


async def test_a_pattern_that_cannot_be_used_any_more_stops_nothing_else(house, caplog):
    await house.store.write(redaction_settings.add_pattern, house.clock(), house.organization_id, "OLD", "(")
    await turn(house)
    await house.say("CA1", "s1", SAID)
    (item,) = await house.get("/api/v1/calls/sid/CA1/transcripts?after=0")
    assert item["content"] == STORED
    assert [record.levelname for record in caplog.records if "cannot be used" in record.message] == ["ERROR"]


async def test_facts_of_the_call_are_not_words_and_stay(house):
    await turn(house)
    facts = CallAnnounced(from_number="+15550100123", metadata={"customer": "4111111111111111"})
    over = StatusReported(status="failed", reason="sip 4080000")
    recorded = await house.pipeline.hear(house.organization_id, "CA1", [facts, over])
    assert (recorded.call.from_number, recorded.call.end_reason) == ("+15550100123", "sip 4080000")
    assert recorded.call.metadata == {"customer": "4111111111111111"}


async def test_labels_are_counted_by_day_in_the_transaction_of_their_finals(either_house):
    house = either_house
    await turn(house)
    first_day = house.clock() // redaction_settings.DAY_US
    await house.say("CA1", "s1", SAID)
    await house.say("CA1", "s1", SAID)
    await house.say("CA1", "s2", f"{SAID}, mallory@example.com")
    house.clock.advance(86_400)
    batch = [{"segment_id": f"b{n}", "speaker": "user", "content": SAID} for n in range(9)]
    assert (await house.fetch("POST", "/api/v1/calls/sid/CA2/transcripts", {"transcripts": batch})).code == 201
    read, whose = house.store.read, house.organization_id
    assert await read(redaction_settings.totals, whose) == {"CARD": 11, "EMAIL": 1}
    assert await read(redaction_settings.totals, whose, first_day + 1) == {"CARD": 9}


async def test_an_organisation_has_so_many_patterns_and_no_more_and_each_once(house):
    add = (redaction_settings.add_pattern, house.clock(), house.organization_id)
    await house.store.write(*add, "OWN", "x")
    with pytest.raises(Refused) as twice:
        await house.store.write(*add, "OWN", "x")
    for n in range(redaction_settings.MOST_PATTERNS - 1):
        await house.store.write(*add, "OWN", f"x{n}")
    with pytest.raises(Refused) as one_more:
        await house.store.write(*add, "OWN", "more")
    assert (twice.value.code, one_more.value.code) == ("name_taken", "too_many")
