"""GET /api/v1/calls/search: what a program gets, is refused, and leaves in the audit log."""

import json
from urllib.parse import quote

from audit_log import logged
from test_calls_api import CALL, refused

SEARCH = "/api/v1/calls/search?q="


async def test_a_call_comes_as_elsewhere_with_the_segments_that_say_it(either_house):
    house = either_house
    await house.say("CA1", "a-1", "Front desk.", speaker="assistant", segment_start=0.5)
    await house.say("CA1", "u-1", "Is my Bike, the red bike, ready?", segment_start=1.4)
    await house.say("CA1", "u-2", "A bike!")
    await house.services.searching.catch_up()
    (call,) = await house.get(SEARCH + quote('"the red" bike'))
    matches = call.pop("matches")
    assert call == await house.get("/api/v1/calls/sid/CA1") and list(call) == list(CALL)
    assert matches == [
        {
            "segment_id": "u-1",
            "seq": 2,
            "speaker": "user",
            "content": "Is my Bike, the red bike, ready?",
            "segment_start": 1.4,
            "marks": [[6, 10], [12, 19], [20, 24]],
        }
    ]
    (call,) = await house.get(SEARCH + "bike")
    assert [(match["segment_id"], match["segment_start"]) for match in call["matches"]] == [("u-1", 1.4), ("u-2", None)]
    assert await house.get(SEARCH + "nothing") == []


async def test_pages_of_what_is_found(house):
    for n in range(3):
        await house.say(f"CA{n}", "u-1", "null bike")
    await house.services.searching.catch_up()
    assert [call["call_sid"] for call in await house.get(SEARCH + "null&skip=1&limit=1")] == ["CA1"]
    assert await house.get(SEARCH + "bike&skip=3") == []


UNTAKEN = [
    ("", 400, "q"),
    ("q=%00", 400, "q"),
    ("q=%ff", 400, "q"),
    ("q=bike&limit=0", 400, "limit"),
    ("q=bike&limit=51", 400, "limit"),
    ("q=bike&skip=10001", 400, "skip"),
    ("q=", 422, "q"),
    ("q=%22", 422, "q"),
    ("q=a*", 422, "q"),
    ("q=" + "x" * 10_000, 422, "q"),
]


async def test_what_cannot_be_searched_for_is_named(house):
    for query, status, field in UNTAKEN:
        error = await refused(house, "/api/v1/calls/search?" + query, status)
        assert (error["code"], error["field"]) == ({400: "invalid_parameter", 422: "invalid_query"}[status], field)


async def test_hostile_questions_are_questions_like_any_other(either_house):
    house = either_house
    await house.say("CA1", "u-1", "I write c++ and open doors")
    await house.services.searching.catch_up()
    hostile = {
        "c++": 1,
        'open "': 1,
        "NOT AND": 0,
        "'; DROP TABLE entry; --": 0,
        "a OR b": 0,
        "=1 open": 0,
        "open:*": 1,
    }
    for query, number in hostile.items():
        assert len(await house.get(SEARCH + quote(query))) == number, query


async def test_a_stranger_finds_nothing_of_ours_and_a_key_needs_the_scope(house):
    await house.say("CA1", "u-1", "our bike")
    await house.services.searching.catch_up()
    stranger = await house.user("eve@example.com", await house.organization("Other"))
    assert await house.get(SEARCH + "bike", key=await house.make_key("read", user_id=stranger)) == []
    feeder = await house.make_key("ingest")
    assert (await refused(house, SEARCH + "bike", 403, key=feeder))["code"] == "missing_scope"


async def test_who_searched_for_what_is_in_the_audit_log(house):
    await house.say("CA1", "u-1", "our bike")
    await house.services.searching.catch_up()
    await house.get(SEARCH + "bike")
    await house.get(SEARCH + "bike")
    await refused(house, SEARCH + "a*", 422)
    (one,) = await logged(house)
    assert (one.action, one.actor, one.target) == ("calls.searched", "ada@example.com", None)
    assert one.detail == {"query": "bike"} and "our" not in json.dumps(one.detail)
