"""Feeding calls by REST, §6 of the contract, and what every REST route does alike: keys, scopes, methods, errors."""

import json

import pytest

from test_calls_api import refused

ROUTES = {
    "/api/v1/calls": {"GET", "POST"},
    "/api/v1/calls/count": {"GET"},
    "/api/v1/calls/stats": {"GET"},
    "/api/v1/calls/sid/CA1": {"GET"},
    "/api/v1/calls/1": {"GET"},
    "/api/v1/calls/sid/CA1/transcripts": {"GET", "POST"},
    "/api/v1/calls/sid/CA1/metadata": {"PATCH"},
    "/api/v1/calls/sid/CA1/status": {"POST"},
}
EARLY = ("queued", "initiated", "ringing")


async def post(house, body, path: str = "/api/v1/calls", **options) -> tuple[int, dict | None]:
    answer = await house.fetch("POST", path, body, **options)
    return answer.code, json.loads(answer.body) if answer.body else None


async def test_a_call_is_created_once_and_then_updated(either_house):
    house = either_house
    status, created = await post(house, {"call_sid": "CA1", "from_number": "+1", "metadata": {"a": 1}})
    assert (status, created["status"], created["customer_phone"]) == (201, "in-progress", "+1")
    status, updated = await post(house, {"call_sid": "CA1", "status": "completed", "metadata": {"b": 2}})
    assert (status, updated["id"], updated["status"]) == (200, created["id"], "completed")
    assert (updated["metadata"], updated["customer_phone"]) == ({"a": 1, "b": 2}, "+1")
    assert updated == await house.get("/api/v1/calls/sid/CA1")
    assert (await post(house, {"call_sid": "CA2", "status": "no-answer"}))[1]["end_reason"] == "no-answer"


@pytest.mark.parametrize("word", EARLY)
async def test_words_before_the_answer_create_nothing(house, word):
    assert await post(house, {"call_sid": "CA1", "status": word, "from_number": "+1"}) == (204, None)
    assert await post(house, {"status": word}, "/api/v1/calls/sid/CA1/status") == (204, None)
    await refused(house, "/api/v1/calls/sid/CA1", 404)
    async with house.produce() as producer:
        await producer.send({"type": "call", "id": 1, "call_sid": "CA1", "data": {"status": word}})
        assert await producer.next() == {"type": "ack", "id": 1, "seq": None}
    await refused(house, "/api/v1/calls/sid/CA1", 404)
    await post(house, {"call_sid": "CA1"})
    status, call = await post(house, {"call_sid": "CA1", "status": word, "from_number": "+1"})
    assert (status, call["status"], call["customer_phone"]) == (200, "in-progress", "+1"), "out of order, but facts"


async def test_a_status_answers_with_the_call_and_is_never_undone(house):
    path = "/api/v1/calls/sid/CA1/status"
    status, call = await post(house, {"status": "busy", "duration": 3}, path)
    assert (status, call["status"], call["end_reason"], call["duration"]) == (200, "failed", "busy", 3)
    for word in ("completed", "in-progress", "ringing", "failed"):
        status, again = await post(house, {"status": word, "reason": "other"}, path)
        assert (status, again["status"], again["end_reason"]) == (200, "failed", "busy")
    assert (await refused(house, path, 422, "POST", {"status": "done"}))["code"] == "invalid_status"
    assert (await refused(house, path, 422, "POST", "{}"))["field"] == "status"


UNTAKEN = [
    ("", 400, None),
    ("[]", 400, None),
    ("{", 400, None),
    ("{}", 422, "call_sid"),
    ({"call_sid": "CA 1"}, 422, "call_sid"),
    ({"call_sid": "C" * 129}, 422, "call_sid"),
    ({"call_sid": "CA1\x00"}, 422, "call_sid"),
    ({"call_sid": "CA1", "assistant": "Nobody"}, 422, "assistant"),
    ({"call_sid": "CA1", "assistant": 999}, 422, "assistant"),
    ({"call_sid": "CA1", "assistant": 10**30}, 422, "assistant"),
    ({"call_sid": "CA1", "status": "done"}, 422, "status"),
    ({"call_sid": "CA1", "direction": "up"}, 422, "direction"),
    ({"call_sid": "CA1", "from_number": "\x00"}, 422, "from_number"),
    ({"call_sid": "CA1", "started_at": "soon"}, 422, "started_at"),
    ({"call_sid": "CA1", "metadata": {"a": "\x00"}}, 422, "metadata"),
    ({"call_sid": "CA1", "status": "ringing", "direction": "up"}, 422, "direction"),
    ({"call_sid": "CA1", "metadata": {"a": "x" * (256 << 10)}}, 413, None),
]


async def test_a_call_that_cannot_be_taken_is_refused_by_its_field_and_not_created(house):
    for body, status, field in UNTAKEN:
        assert (await refused(house, "/api/v1/calls", status, "POST", body)).get("field") == field
    assert (await house.get("/api/v1/calls/count")) == {"count": 0}


async def test_an_assistant_of_another_organisation_is_unknown(house):
    stranger = await house.user("eve@example.com", await house.organization("Other"))
    key = await house.make_key("ingest", user_id=stranger)
    error = await refused(house, "/api/v1/calls", 422, "POST", {"call_sid": "CA1", "assistant": "Front desk"}, key=key)
    assert error["code"] == "unknown_assistant"


async def test_two_organisations_feed_the_same_call_id_apart(house):
    stranger = await house.user("eve@example.com", await house.organization("Other"))
    key = await house.make_key("read", "ingest", user_id=stranger)
    ours, theirs = await post(house, {"call_sid": "CA1"}), await post(house, {"call_sid": "CA1"}, key=key)
    assert (ours[0], theirs[0]) == (201, 201)
    assert ours[1]["organization_id"] != theirs[1]["organization_id"]


async def test_every_route_needs_a_key_of_the_right_scope(house):
    reader, feeder = await house.make_key("read"), await house.make_key("ingest")
    for path, methods in ROUTES.items():
        for method in methods:
            body = "{}" if method != "GET" else None
            for headers in ({}, {"Authorization": "Basic x"}, {"Authorization": "Bearer"}, {"Cookie": "a=b"}):
                answer = await house.fetch(method, path, body, key=None, headers=headers)
                assert (answer.code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
            error = await refused(house, path, 401, method, body, key=house.key + "x")
            assert error["code"] == "authentication_failed"
            error = await refused(house, path, 403, method, body, key=feeder if method == "GET" else reader)
            assert error["code"] == "missing_scope"


async def test_a_method_that_a_route_lacks_is_405_with_those_that_it_has(house):
    for path, methods in ROUTES.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"} - methods:
            answer = await house.fetch(method, path, "{}" if method != "GET" else None)
            assert answer.code == 405, (method, path)
            assert set(answer.headers["Allow"].split(", ")) == methods | {"OPTIONS"}
            assert json.loads(answer.body)["error"]["code"] == "method_not_allowed"


async def test_other_origins_may_ask_and_read_answers_and_errors(house):
    for path in ROUTES:
        answer = await house.fetch("OPTIONS", path, key=None, headers={"Origin": "https://example.com"})
        assert (answer.code, answer.body) == (204, b"")
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert {"GET", "POST", "PATCH"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
        allowed = answer.headers["Access-Control-Allow-Headers"].lower()
        assert "authorization" in allowed and "content-type" in allowed
    for path, key in (("/api/v1/calls", ""), ("/api/v1/calls", None), ("/api/v1/calls/sid/CA9", "")):
        answer = await house.fetch("GET", path, key=key)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/api/v1", "/api/v2/calls", "/api/v1/calls/x", "/api/v1/calls/" + "9" * 19, "/%00"])
async def test_an_unknown_address_is_404_in_the_one_shape(house, path):
    for method in ("GET", "POST", "DELETE"):
        body = "" if method == "POST" else None
        assert (await refused(house, path, 404, method, body, key=None))["code"] == "not_found"
    answer = await house.fetch("GET", path, headers={"Accept": "text/html,*/*;q=0.8"})
    assert (answer.code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


async def test_a_path_that_is_no_text_is_refused_in_the_one_shape(house):
    for path in ("/api/v1/calls/sid/%ff", "/api/v1/calls/sid/%00", "/api/v1/calls/sid/CA%001/transcripts"):
        assert (await refused(house, path, 400))["code"] == "invalid_parameter"
    for path in ("/api/v1/calls/sid/CA%201", "/api/v1/calls/sid/" + "C" * 129):
        assert (await refused(house, path, 422))["code"] == "invalid_call_sid"
