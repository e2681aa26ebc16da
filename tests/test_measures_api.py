"""A call's measures by REST and on its page, while it goes on and afterwards."""

import pytest

from measures import Numbers
from test_calls_api import refused
from test_harper_valley import Recording
from visitor import Visitor

PATH = "/api/v1/calls/sid/CA1/metrics"
CONTRACT = ["call_id", "duration_seconds", *Numbers._fields]


async def talk(house) -> None:
    await house.say("CA1", "a-1", "Hello!", speaker="assistant", segment_start=1, segment_end=2)
    await house.say("CA1", "u-1", "Hi, I", segment_start=4, segment_end=40)
    await house.say("CA1", "u-2", "Never said.", segment_start=100, segment_end=200)
    await house.say("CA1", "u-2", "")
    await house.say("CA1", "a-2", "Yes?", speaker="assistant", segment_start=6.5, segment_end=8)
    await house.say("CA1", "u-1", "Hi, I have a question.", segment_start=2.5, segment_end=5.5)
    await house.say("CA1", "a-2", "Yes, what?", speaker="assistant")


async def test_exactly_the_fields_of_the_contract_from_the_segments_as_last_corrected(either_house):
    house = either_house
    await talk(house)
    found = await house.get(PATH)
    assert list(found) == CONTRACT
    assert found == {
        **{"call_id": 1, "duration_seconds": 0, "talk_time_user": 3.0, "talk_time_assistant": 2.5},
        **{"talk_share_user": 0.545, "talk_share_assistant": 0.455, "silence_time": 2.5, "longest_silence": 1.0},
        **{"longest_silence_start": 0.0, "interruptions": 0, "interruptions_by_user": 0},
        **{"interruptions_by_assistant": 0, "average_response_time": 1.0, "segments_without_times": 0},
    }
    await house.end("CA1", duration=20)
    over = await house.get("/api/v1/calls/1/metrics")
    ended = {"duration_seconds": 20, "silence_time": 14.5, "longest_silence": 12.0, "longest_silence_start": 8.0}
    assert over == found | ended


async def test_a_call_of_which_nothing_is_measured_has_no_numbers(house):
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1"})
    nothing = dict.fromkeys(CONTRACT) | {"call_id": 1, "duration_seconds": 0, "segments_without_times": 0}
    assert await house.get(PATH) == nothing
    await house.say("CA1", "u-1", "Hi.")
    await house.say("CA1", "a-1", "Hello.", speaker="assistant", segment_start=1, segment_end=2)
    assert await house.get(PATH) == nothing | {"talk_time_assistant": 1.0, "segments_without_times": 1}
    await refused(house, "/api/v1/calls/sid/CA2/metrics", 404)


async def test_the_page_shows_them_and_says_what_is_not_known(house):
    await talk(house)
    visitor = await Visitor(house).sign_in()

    async def shown() -> dict[str, str]:
        page = (await visitor.get("/calls/CA1")).page
        found = {e.attributes["data-measure"]: e.text for e in page.elements if "data-measure" in e.attributes}
        (untimed,) = page.all("p", data_part="measures-untimed")
        (bar,) = page.all("svg", data_part="talk-share")
        found["hidden"] = ["hidden" in element.attributes for element in (untimed, bar)]
        found["so far"] = bool(page.all("p", data_part="measures-until"))
        return found

    seen = await shown()
    assert seen == {
        **{"talk_share_user": "55 %", "talk_share_assistant": "45 %", "talk_time_user": "0:03"},
        **{"talk_time_assistant": "0:02", "silence_time": "0:02", "longest_silence": "1.0 s", "interruptions": "0"},
        **{"average_response_time": "1.0 s", "segments_without_times": "0", "hidden": [True, False], "so far": True},
    }
    await house.say("CA1", "u-3", "Without a time.")
    await house.end("CA1", duration=20)
    unknown = dict.fromkeys(seen, "n/a") | {"talk_time_assistant": "0:02", "segments_without_times": "1"}
    assert await shown() == unknown | {"hidden": [False, True], "so far": False}


async def test_what_is_measured_of_28_recorded_calls_adds_up(house, shared):
    paths = sorted((shared / "data" / "harper-valley").glob("*.jsonl"))
    assert len(paths) == 28
    for path in paths:
        recording = Recording(path)
        where = f"/api/v1/calls/sid/{recording.call_sid}"
        finals = list(recording.finals.values())
        assert (await house.fetch("POST", f"{where}/transcripts", {"transcripts": finals})).code == 201
        found = await house.get(f"{where}/metrics")
        spoken = {"user": set(), "assistant": set()}
        for said in finals:
            start, end = round(said["segment_start"] * 1000), round(said["segment_end"] * 1000)
            spoken[said["speaker"]] |= set(range(start, end))
        assert found["talk_time_user"] == len(spoken["user"]) / 1000
        assert found["talk_time_assistant"] == len(spoken["assistant"]) / 1000
        heard = spoken["user"] | spoken["assistant"]
        assert found["silence_time"] == pytest.approx((max(heard) + 1 - len(heard)) / 1000)
        assert 0 < found["longest_silence"] <= found["silence_time"]
        assert found["interruptions"] == found["interruptions_by_user"] + found["interruptions_by_assistant"]
        assert found["average_response_time"] >= 0 and found["segments_without_times"] == 0
