"""Reading calls by REST, §7 of the contract: their shape, pages, filters and numbers; and merging metadata."""

import json
from urllib.parse import quote

from events import rfc3339

CALL = {
    "id": int,
    "call_sid": str,
    "organization_id": int,
    "assistant_id": int,
    "assistant_name": str,
    "status": str,
    "direction": str,
    "customer_phone": str,
    "twilio_phone": str,
    "telephony_provider": type(None),
    "duration": int,
    "started_at": str,
    "ended_at": str,
    "created_at": str,
    "updated_at": str,
    "metadata": dict,
    "end_reason": str,
    "transcript_count": int,
    "aliases": list,
    "linked": list,
}
HOUR = 3600


async def call(house, call_sid: str, **facts) -> dict:
    answer = await house.fetch("POST", "/api/v1/calls", {"call_sid": call_sid} | facts)
    assert answer.code in (200, 201), answer.body
    return json.loads(answer.body)


async def found(house, query: str) -> list[str]:
    """The calls that the query asks for; the count must say the same."""
    page = await house.get("/api/v1/calls?" + query)
    assert (await house.get("/api/v1/calls/count?" + query)) == {"count": page["total"]}
    return [item["call_sid"] for item in page["items"]]


async def refused(house, path: str, status: int, method: str = "GET", body=None, **options) -> dict:
    answer = await house.fetch(method, path, body, **options)
    assert answer.code == status, (path, answer.code, answer.body)
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    said = json.loads(answer.body)
    assert said.keys() == {"error", "detail"}
    assert said["error"]["message"] == said["detail"] != ""
    assert said["error"].keys() <= {"code", "message", "field"}
    return said["error"]


async def test_a_call_has_every_field_of_the_contract(either_house):
    house = either_house
    facts = {"direction": "outbound", "from_number": "+1", "to_number": "+2", "metadata": {"a": [1, None]}}
    started = rfc3339(house.clock() - 90_000_000)
    running = await call(house, "CA1", assistant="Front desk", started_at=started, **facts)
    assert (running["duration"], running["ended_at"], running["end_reason"]) == (90, None, None)
    await house.say("CA1", "s1", "one")
    await house.say("CA1", "s1", "two")
    await house.end("CA1", "busy", duration=9)
    ended = await house.get("/api/v1/calls/sid/CA1")
    assert {name: type(value) for name, value in ended.items()} == CALL
    assert list(ended) == list(CALL)
    expected = {"status": "failed", "end_reason": "busy", "duration": 9, "transcript_count": 1, "started_at": started}
    expected |= {
        "customer_phone": "+2",
        "twilio_phone": "+1",
        "assistant_name": "Front desk",
        "metadata": {"a": [1, None]},
    }
    assert expected.items() <= ended.items()
    assert await house.get(f"/api/v1/calls/{ended['id']}") == ended
    assert (await house.get("/api/v1/calls"))["items"] == [ended]
    assert all(ended[name].endswith("+00:00") for name in ("started_at", "ended_at", "created_at", "updated_at"))


async def test_pages_of_calls_are_newest_first_and_say_where_they_are(house):
    for n in range(5):
        await call(house, f"CA{n}")
    first = await house.get("/api/v1/calls?limit=2")
    assert (first["total"], first["skip"], first["limit"]) == (5, 0, 2)
    assert [item["call_sid"] for item in first["items"]] == ["CA4", "CA3"]
    assert await found(house, "skip=4&limit=2") == ["CA0"]
    assert await found(house, "skip=5") == []
    assert len((await house.get("/api/v1/calls"))["items"]) == 5


async def test_calls_are_filtered_by_all_that_the_contract_names(either_house):
    house = either_house
    base = house.clock() - 10 * HOUR * 1_000_000
    for n in range(4):
        direction = ("inbound", "outbound")[n % 2]
        at = rfc3339(base + n * HOUR * 1_000_000)
        await call(house, f"CA{n}", direction=direction, from_number=f"+1{n}", to_number=f"+2{n}", started_at=at)
    await call(house, "CA3", assistant="Front desk")
    await house.end("CA1", duration=10)
    await house.end("CA2", "failed", duration=20)
    assert await found(house, "status=ongoing") == await found(house, "status=in-progress") == ["CA3", "CA0"]
    assert await found(house, "status=completed") == ["CA1"]
    assert await found(house, "status=failed&min_duration=20&max_duration=20") == ["CA2"]
    assert await found(house, "max_duration=10") == ["CA1"]
    assert await found(house, "customer_phone=%2B21") == ["CA1"]
    assert await found(house, "customer_phone=%2B20") == []
    assert await found(house, "customer_phone=+12") == ["CA2"], "a plus that was not escaped arrives as a blank"
    assert await found(house, "assistant_id=1&status=in-progress") == ["CA3", "CA0"]
    assert await found(house, "assistant_id=999") == []


async def test_dates_are_taken_with_and_without_an_offset(house):
    await call(house, "early", started_at="2026-01-19T23:30:00+00:00")
    await call(house, "late", started_at="2026-01-20T00:30:00.500+00:00")
    for query, expected in {
        "date_from=2026-01-20": ["late"],
        "date_to=2026-01-19": ["early"],
        "date_from=2026-01-19&date_to=2026-01-20": ["late", "early"],
        "date_from=2026-01-20T00:30:00.500": ["late"],
        "date_from=2026-01-20T00:30:00.501": [],
        "date_to=2026-01-19T23:30:00Z": ["early"],
        "date_from=" + quote("2026-01-20T01:30:00+01:00"): ["late"],
        "date_from=2026-01-20T01:30:00+01:00": ["late"],
        "date_to=2026-01-20T01:30:00%2B01:00": ["early"],
    }.items():
        assert await found(house, query) == expected, query


async def test_the_numbers_are_of_the_organisation(house):
    await call(house, "CA0")
    for n, (status, duration) in enumerate([("completed", 10), ("completed", 21), ("failed", None)], 1):
        await house.end(f"CA{n}", status, **({"duration": duration} if duration else {}))
    assert await house.get("/api/v1/calls/stats") == {
        "total_calls": 4,
        "ongoing_calls": 1,
        "completed_calls": 2,
        "failed_calls": 1,
        "average_duration": 15.5,
        "total_duration": 31,
    }


UNTAKEN_QUERIES = [
    ("limit=0", "limit"),
    ("limit=1001", "limit"),
    ("limit=ten", "limit"),
    ("skip=-1", "skip"),
    ("skip=" + "9" * 5000, "skip"),
    ("status=ringing", "status"),
    ("assistant_id=1.5", "assistant_id"),
    ("assistant_id=9223372036854775808", "assistant_id"),
    ("min_duration=x", "min_duration"),
    ("date_from=soon", "date_from"),
    ("date_to=2026-13-01", "date_to"),
    ("date_from=", "date_from"),
    ("status=null", "status"),
    ("min_duration=NULL", "min_duration"),
    ("customer_phone=%00", "customer_phone"),
    ("customer_phone=%ff", "customer_phone"),
]


async def test_a_parameter_that_cannot_be_is_named(house):
    for query, field in UNTAKEN_QUERIES:
        error = await refused(house, "/api/v1/calls?" + query, 400)
        assert (error["code"], error["field"]) == ("invalid_parameter", field), query
        assert len(error["message"]) < 300


async def test_a_foreign_call_is_as_unknown_as_one_that_never_was(house):
    known = await call(house, "CA1")
    stranger = await house.user("eve@example.com", await house.organization("Other"))
    key = await house.make_key("read", "ingest", user_id=stranger)
    foreign, unknown = f"/api/v1/calls/{known['id']}", f"/api/v1/calls/{known['id'] + 1}"
    for path in (foreign, unknown, "/api/v1/calls/sid/CA1", "/api/v1/calls/sid/CA2", "/api/v1/calls/" + "9" * 18):
        assert await refused(house, path, 404, key=key) == {"code": "not_found", "message": "There is no such call."}
        await refused(house, path + "/transcripts", 404, key=key)
        await refused(house, path + "/metadata", 404, "PATCH", {"metadata": {"a": 1}}, key=key)
    assert (await house.get("/api/v1/calls", key=key))["total"] == 0
    assert (await house.get("/api/v1/calls/stats", key=key))["total_calls"] == 0
    assert (await house.get("/api/v1/calls/sid/CA1"))["metadata"] == {}


async def test_metadata_are_merged_and_the_call_comes_back(either_house):
    house = either_house
    before = await call(house, "CA1", metadata={"a": 1, "b": 2})
    for path in (f"/api/v1/calls/{before['id']}/metadata", "/api/v1/calls/sid/CA1/metadata"):
        answer = await house.fetch("PATCH", path, {"metadata": {"b": {"c": "\\u0000"}, path: None}})
        assert answer.code == 200
    after = json.loads(answer.body)
    assert after["metadata"].items() >= {"a": 1, "b": {"c": "\\u0000"}}.items()
    assert len(after["metadata"]) == 4
    assert after == await house.get("/api/v1/calls/sid/CA1") != before
    assert after["updated_at"] >= before["updated_at"]


UNTAKEN_METADATA = [
    ("", 400, "invalid_json", None),
    ("{", 400, "invalid_json", None),
    ("[]", 400, "invalid_json", None),
    ("{}", 422, "invalid_field", "metadata"),
    ({"metadata": None}, 422, "invalid_field", "metadata"),
    ({"metadata": [1]}, 422, "invalid_field", "metadata"),
    ({"metadata": {"a": "\x00"}}, 422, "invalid_field", "metadata"),
    ({"metadata": {"a": "x" * 16_384}}, 422, "invalid_field", "metadata"),
    ('{"metadata":{"a":"\\ud800"}}', 422, "invalid_field", "metadata"),
    ({"metadata": {"a": "x" * (256 << 10)}}, 413, "body_too_large", None),
]


async def test_metadata_that_cannot_be_kept_are_refused(house):
    await call(house, "CA1")
    for body, status, code, field in UNTAKEN_METADATA:
        error = await refused(house, "/api/v1/calls/sid/CA1/metadata", status, "PATCH", body)
        assert (error["code"], error.get("field")) == (code, field)
