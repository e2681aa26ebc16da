"""The one shape of every error under HTTP (§7), and that it tells nothing of what went wrong inside."""

import asyncio
import json

import pytest

from events import Unavailable

SAY = "/api/v1/calls/sid/CA1/transcripts"
SAID = {"segment_id": "s1", "content": "Hello", "speaker": "user"}


def error_of(answer):
    """(status, code, field) of an answer that has exactly the shape of an error."""
    assert answer.headers["Content-Type"].startswith("application/json"), answer.headers
    body = json.loads(answer.body)
    assert set(body) == {"error", "detail"}
    error = body["error"]
    assert set(error) in ({"code", "message"}, {"code", "message", "field"})
    assert all(isinstance(value, str) and value for value in error.values())
    assert body["detail"] == error["message"]
    return answer.code, error["code"], error.get("field")


async def test_without_a_good_key_it_is_401_and_says_how(house):
    await house.say("CA1", "s1", "Hello")
    for headers in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}, {"Authorization": "Bearer x"}):
        for method, path in (("GET", "/api/v1/calls"), ("GET", "/api/v1/calls/sid/CA1"), ("POST", SAY)):
            answer = await house.fetch(method, path, SAID if method == "POST" else None, key=None, headers=headers)
            assert error_of(answer) == (401, "authentication_failed", None)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
    answer = await house.fetch("GET", f"/api/v1/calls?token={house.key}", key=None)
    assert answer.code == 401, "a key in an address is for sockets only"


async def test_without_the_scope_it_is_403(house):
    await house.say("CA1", "s1", "Hello")
    reads, feeds = await house.make_key("read"), await house.make_key("ingest")
    status = ("/api/v1/calls/sid/CA1/status", {"status": "completed"})
    for path, body in ((SAY, SAID), status, ("/api/v1/calls", {"call_sid": "CA1"})):
        assert error_of(await house.fetch("POST", path, body, key=reads))[0] == 403
    for path in ("/api/v1/calls", "/api/v1/calls/count", "/api/v1/calls/stats", "/api/v1/calls/sid/CA1", SAY):
        assert error_of(await house.fetch("GET", path, key=feeds)) == (403, "missing_scope", None)


async def test_unknown_and_foreign_are_the_same_404(house):
    await house.say("CA1", "s1", "Hello")
    stranger = await house.user("eve@example.com", await house.organization("Other"))
    key = await house.make_key("read", "ingest", user_id=stranger)
    for foreign, unknown in (("sid/CA1", "sid/CA2"), ("1", "999999")):
        for suffix in ("", "/transcripts"):
            one = await house.fetch("GET", f"/api/v1/calls/{foreign}{suffix}", key=key)
            two = await house.fetch("GET", f"/api/v1/calls/{unknown}{suffix}", key=key)
            assert error_of(one)[:2] == (404, "not_found") and one.body == two.body


async def test_an_address_that_does_not_exist_is_404_by_any_method(house):
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        for path in ("/nowhere", "/api/v1", "/api/v2/calls", "/api/v1/calls/sid/", "/live-transcript"):
            assert error_of(await house.fetch(method, path)) == (404, "not_found", None), (method, path)


async def test_a_method_that_is_not_answered_is_405_and_says_which_are(house):
    answer = await house.fetch("DELETE", "/api/v1/calls")
    assert error_of(answer)[:2] == (405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].split(", "))
    for path in ("/live-transcript/CA1", "/ingest"):
        assert error_of(await house.fetch("POST", path))[:2] == (405, "method_not_allowed")


async def test_a_conflict_is_409(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello", revision=1)
    answer = await house.fetch("POST", SAY, SAID | {"content": "Helo", "revision": 1})
    assert error_of(answer) == (409, "revision_conflict", "revision")


async def test_a_malformed_body_or_query_names_its_field(either_house):
    house = either_house
    for body in ("", "x", "[]", "7", "[" * 100_000, b"\xff"):
        assert error_of(await house.fetch("POST", SAY, body))[0] in (400, 422), body[:9]
    for wrong in ({"content": "a\x00"}, {"content": 7}, {"content": "x" * 32769}, {"content": None}):
        assert error_of(await house.fetch("POST", SAY, SAID | wrong))[::2] == (422, "content")
    for field, value in (("speaker", "agent"), ("confidence", 1.1), ("segment_start", -1), ("created_at", "now")):
        assert error_of(await house.fetch("POST", SAY, SAID | {field: value}))[::2] == (422, field)
    for query in ("limit=0", "limit=x", "skip=-1", "status=x", "date_from=x", "min_duration=1.5", "limit=%FF"):
        code, _, field = error_of(await house.fetch("GET", f"/api/v1/calls?{query}"))
        assert code in (400, 422) and field == query.partition("=")[0]
    for call_sid in ("a%20b", "%00", "a" * 129, "%FF"):
        assert error_of(await house.fetch("GET", f"/api/v1/calls/sid/{call_sid}"))[0] in (400, 404, 422)
    assert error_of(await house.fetch("POST", "/api/v1/calls/sid/CA1/status", {"status": "x"}))[::2] == (422, "status")


@pytest.mark.parametrize("trouble", [Unavailable("Storing takes too long just now."), RuntimeError("secret detail")])
async def test_a_store_that_cannot_is_503_and_our_own_fault_500_without_its_words(house, monkeypatch, caplog, trouble):
    def fails(*_, **__):
        raise trouble

    monkeypatch.setattr(house.store, "write_together", fails)
    answer = await house.fetch("POST", SAY, SAID)
    assert b"secret" not in answer.body and b"Traceback" not in answer.body
    if isinstance(trouble, Unavailable):
        assert error_of(answer) == (503, "unavailable", None) and int(answer.headers["Retry-After"]) >= 1
    else:
        assert error_of(answer) == (500, "server_error", None)
        assert "secret detail" in caplog.text


async def test_a_body_that_is_too_big_is_413(house):
    """Told from its header: not a byte of it is awaited."""
    host, port = "127.0.0.1", int(house.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection(host, port)
    head = f"POST {SAY} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {house.key}\r\nContent-Length: 99999999\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(2):
        status = await reader.readline()
    writer.close()
    await writer.wait_closed()
    assert status.split()[1] == b"413"


async def test_a_static_file_that_is_not_there_is_404_in_the_one_shape(house):
    for path in ("/static/nothing.js", "/static/", "/static/../server.py"):
        answer = await house.fetch("GET", path, key=None)
        assert answer.code in (403, 404)
        assert set(json.loads(answer.body)) == {"error", "detail"}, path
