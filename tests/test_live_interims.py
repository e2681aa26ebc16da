"""Segments, interims and corrections as viewers see them (§2)."""

import asyncio

from models import entries


async def interim(house, segment_id, content, **more):
    await house.say("CA1", segment_id, content, is_final=False, **more)


async def next_said(viewer):
    """(segment, content, is it final) of the next transcript message."""
    data = (await viewer.until("transcript"))["data"]
    return data["segment_id"], data["content"], data["is_final"]


async def test_interims_pass_through_and_are_never_stored(either_house):
    house = either_house
    async with house.produce() as producer:
        await producer.send({"type": "call", "id": 1, "call_sid": "CA1", "data": {}})
        await producer.until("ack")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        for content in ("H", "Hel", "Hello"):
            await interim(house, "s1", content)
            message = await viewer.until("transcript")
            assert "seq" not in message
            assert (message["data"]["content"], message["data"]["is_final"]) == (content, False)
        revisions = [message["data"]["revision"] for message in viewer.transcripts]
        assert revisions == sorted(set(revisions)), "each later one is the higher"
        await house.say("CA1", "s1", "Hello.")
        assert (await viewer.until("transcript"))["seq"] == 1
    assert [e.seq for e in await house.store.read(entries.after, 1, 0)] == [1]


async def test_an_interim_of_a_call_not_yet_known_creates_it(house):
    await interim(house, "s1", "Hel")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        assert (viewer.seen[-1]["count"], await next_said(viewer)) == (0, ("s1", "Hel", False))


async def test_who_asked_for_finals_only_gets_no_interims(house):
    await house.say("CA1", "s1", "Hello")
    await interim(house, "s2", "th")
    async with house.watch("CA1", "&interim=0") as viewer, house.watch("CA1", "&interim=1") as other:
        await viewer.history()
        await other.history()
        await interim(house, "s2", "the")
        await interim(house, "s2", "")
        await house.say("CA1", "s3", "end")
        assert await next_said(viewer) == ("s3", "end", True)
        assert [await next_said(other) for _ in range(4)] == [
            *(("s2", "th", False), ("s2", "the", False), ("s2", "", False), ("s3", "end", True))
        ]


async def test_a_joiner_gets_the_newest_open_interim_of_each_speaker_after_its_history(house):
    await house.say("CA1", "s0", "Hello")
    await interim(house, "u1", "old")
    await interim(house, "a1", "agent", speaker="assistant")
    await interim(house, "u2", "new")
    await interim(house, "u2", "newer")
    async with house.watch("CA1") as viewer:
        complete = (await viewer.history())[-1]
        assert complete["count"] == 1
        assert {await next_said(viewer), await next_said(viewer)} == {("a1", "agent", False), ("u2", "newer", False)}
        await house.say("CA1", "u2", "newest")
        assert await next_said(viewer) == ("u2", "newest", True)


async def test_a_joiner_is_not_shown_an_interim_whose_final_is_stored_or_that_was_withdrawn(house):
    await interim(house, "s1", "Hel")
    await house.say("CA1", "s1", "Hello")
    await interim(house, "s2", "no")
    await interim(house, "s2", "")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.say("CA1", "s3", "next")
        assert await next_said(viewer) == ("s3", "next", True)


async def test_an_interim_that_comes_after_its_final_is_dropped(house):
    async with house.produce() as producer:
        for n, is_final in enumerate((False, True, False)):
            data = {"segment_id": "s1", "content": f"{n}", "speaker": "user", "is_final": is_final}
            await producer.send({"type": "transcript", "id": n, "call_sid": "CA1", "data": data})
        for _ in range(3):
            await producer.until("ack")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await interim(house, "s1", "late", revision=99)
        await interim(house, "s2", "other")
        assert await next_said(viewer) == ("s2", "other", False)


async def test_an_older_revision_of_an_interim_is_dropped_and_does_not_become_the_newest(house):
    await house.say("CA1", "s0", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await interim(house, "s1", "two", revision=2)
        await interim(house, "s2", "other", revision=1)
        await interim(house, "s1", "one", revision=1)
        await interim(house, "s1", "two again", revision=2)
        async with house.watch("CA1") as joiner:
            await joiner.history()
            assert await next_said(joiner) == ("s2", "other", False)
        await interim(house, "s1", "three", revision=3)
        said = [await next_said(viewer) for _ in range(3)]
        assert [content for _, content, _ in said] == ["two", "other", "three"]


async def test_an_empty_interim_withdraws_its_segment(house):
    await house.say("CA1", "s0", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await interim(house, "s1", "mhm")
        await interim(house, "s1", "")
        assert [await next_said(viewer) for _ in range(2)] == [("s1", "mhm", False), ("s1", "", False)]
        first, second = (message["data"]["revision"] for message in viewer.transcripts[-2:])
        assert second > first


async def test_what_is_said_again_after_a_withdrawal_is_the_higher_revision(house):
    """Of interims the higher `revision` is shown, so one that counts from 1 again would never be."""
    await house.say("CA1", "s0", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        for content in ("a", "ab", "", "abc"):
            await interim(house, "s1", content)
            await viewer.until("transcript")
        house.clock.advance(31)
        assert (await viewer.until("transcript"))["data"]["content"] == ""
        await interim(house, "s1", "abcd")
        await viewer.until("transcript")
        revisions = [message["data"]["revision"] for message in viewer.transcripts[1:]]
        assert revisions == sorted(set(revisions))


async def test_an_interim_left_open_for_30_s_is_withdrawn(house):
    await house.say("CA1", "s0", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await interim(house, "s1", "mhm")
        await viewer.until("transcript")
        house.clock.advance(20)
        await interim(house, "s2", "fresh")
        await viewer.until("transcript")
        house.clock.advance(11)
        async with asyncio.timeout(2):
            assert await next_said(viewer) == ("s1", "", False)
        async with house.watch("CA1") as joiner:
            await joiner.history()
            assert await next_said(joiner) == ("s2", "fresh", False)


async def test_an_interim_is_withdrawn_at_the_end_of_its_call(house):
    await house.say("CA1", "s0", "Hello")
    async with house.watch("CA1") as viewer, house.watch("CA1", "&interim=0") as other:
        await viewer.history()
        await other.history()
        await interim(house, "s1", "and")
        await viewer.until("transcript")
        await house.end("CA1")
        await viewer.until("call_status")
        await interim(house, "s2", "too late")
        house.clock.advance(6)
        assert await viewer.to_the_end() == await other.to_the_end() == 1000
        data = [message["data"] for message in viewer.transcripts[1:]]
        assert [(d["segment_id"], d["content"]) for d in data] == [("s1", "and"), ("s1", "")]
        assert len(other.transcripts) == 1


async def test_a_correction_is_another_entry_with_its_own_seq(either_house):
    house = either_house
    await house.say("CA1", "s1", "Helo")
    await house.say("CA1", "s2", "there")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        await house.say("CA1", "s1", "Hello")
        message = await viewer.until("transcript")
        assert (message["seq"], message["data"]["segment_id"], message["data"]["content"]) == (3, "s1", "Hello")
        assert message["data"]["revision"] > viewer.transcripts[0]["data"]["revision"]
    async with house.watch("CA1") as viewer:
        await viewer.history()
        assert [m["data"]["content"] for m in viewer.transcripts] == ["Helo", "there", "Hello"]


async def test_a_repeat_is_a_success_that_nobody_hears(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello", revision=1)
    async with house.watch("CA1") as viewer:
        await viewer.history()
        again = await house.say("CA1", "s1", "Hello", revision=1)
        assert again["duplicates"] == 1
        await house.say("CA1", "s1", "Hello")
        await house.say("CA1", "s2", "next")
        assert (await viewer.until("transcript"))["seq"] == 2
