"""Calls that nobody ended: closed after a long quiet, sooner where their transcription was stopped."""

from events import TranscriptionStopped


async def call(house, call_sid: str) -> tuple:
    found = await house.get(f"/api/v1/calls/sid/{call_sid}")
    return found["status"], found["end_reason"], found["duration"]


async def stop(house, call_sid: str) -> None:
    await house.pipeline.hear(house.organization_id, call_sid, [TranscriptionStopped()])


async def test_a_call_quiet_for_two_hours_has_failed_by_timeout_when_it_was_last_heard(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    house.clock.advance(60)
    await house.say("CA1", "s2", "anyone?")
    house.clock.advance(7190)
    await house.pipeline.end_quiet_calls()
    assert (await call(house, "CA1"))[:2] == ("in-progress", None)
    house.clock.advance(20)
    await house.pipeline.end_quiet_calls()
    assert await call(house, "CA1") == ("failed", "timeout", 60)


async def test_a_call_whose_transcription_stopped_is_completed_after_five_quiet_minutes(either_house):
    house = either_house
    await house.say("CA1", "s1", "Bye")
    await house.say("CA2", "s1", "Hello")
    await stop(house, "CA1")
    house.clock.advance(295)
    await house.pipeline.end_quiet_calls()
    assert (await call(house, "CA1"))[0] == "in-progress"
    house.clock.advance(10)
    await house.pipeline.end_quiet_calls()
    assert (await call(house, "CA1"))[:2] == ("completed", "transcription_stopped")
    assert (await call(house, "CA2"))[0] == "in-progress"


async def test_whatever_is_stored_of_a_call_keeps_it_open(house):
    await stop(house, "CA1")
    for n in range(4):
        house.clock.advance(200)
        await house.say("CA1", "s1", "still here" if n % 2 else "talking")
        await house.pipeline.end_quiet_calls()
        assert (await call(house, "CA1"))[0] == "in-progress"


async def test_a_call_that_was_ended_stays_as_it_was(house):
    await house.say("CA1", "s1", "Bye")
    await house.end("CA1", "busy", duration=3)
    house.clock.advance(100_000)
    await house.pipeline.end_quiet_calls()
    assert await call(house, "CA1") == ("failed", "busy", 3)


async def test_viewers_of_a_quiet_call_are_told_of_its_end(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        house.clock.advance(7300)
        await house.pipeline.end_quiet_calls()
        told = await viewer.until("call_status")
        assert (told["status"], told["metadata"]["reason"]) == ("failed", "timeout")
        house.clock.advance(6)
        assert await viewer.to_the_end() == 1000
