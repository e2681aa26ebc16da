"""The viewer socket, §1 of the contract, over real sockets."""

import pytest


async def test_a_viewer_gets_confirmation_status_history_and_then_what_is_said(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    await house.say("CA1", "s2", "there")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        kinds = [message["type"] for message in viewer.seen]
        assert kinds == ["connection_established", "call_status", "transcript", "transcript", "history_complete"]
        assert [message["replayed"] for message in viewer.transcripts] == [True, True]
        await house.say("CA1", "s3", "again")
        said = await viewer.until("transcript")
        assert (said["seq"], said["replayed"], said["data"]["content"]) == (3, False, "again")


@pytest.mark.parametrize("seen", range(4))
async def test_a_viewer_that_returns_misses_nothing(house, seen):
    for n in (1, 2, 3):
        await house.say("CA1", f"s{n}", f"word {n}")
    async with house.watch("CA1", f"&after={seen}") as viewer:
        await viewer.history()
        await house.say("CA1", "s4", "word 4")
        await viewer.until("transcript")
        assert viewer.seqs == list(range(seen + 1, 5))
