"""Who may watch, and by which token: §1 of the contract, authentication and the rights behind it."""

import asyncio
import json
import logging

import pytest
import websockets

from models import accounts, rights
from tests.test_live_refusals import refused

BAD = ("authentication_failed", False, 1008)
GONE = ("access_revoked", False, 1008)


async def admitted(house, path="/live-transcript/CA1", **options):
    """Whether the socket lets in, and the subprotocol that it chose."""
    async with house.websocket(path, **options) as socket:
        message = json.loads(await socket.recv())
        return message["type"] == "connection_established", socket.subprotocol


def bearer(key):
    return {"additional_headers": {"Authorization": f"Bearer {key}"}}


async def test_a_key_comes_by_query_by_header_or_by_subprotocol(house):
    await house.say("CA1", "s1", "Hello")
    assert await admitted(house, f"/live-transcript/CA1?token={house.key}") == (True, None)
    assert await admitted(house, **bearer(house.key)) == (True, None)
    lower = {"additional_headers": {"Authorization": f"bearer {house.key}"}}
    assert await admitted(house, **lower) == (True, None)
    carrier = f"callboard-token-{house.key}"
    assert await admitted(house, subprotocols=[carrier]) == (True, carrier), "or browsers hang up"


async def test_the_subprotocol_without_a_token_is_echoed_where_there_is_one(house):
    await house.say("CA1", "s1", "Hello")
    carrier = f"x-token-{house.key}"
    assert await admitted(house, subprotocols=[carrier, "callboard.v1", "other"]) == (True, "callboard.v1")
    assert await admitted(house, subprotocols=["callboard.v1", carrier]) == (True, "callboard.v1")
    assert await admitted(house, f"/live-transcript/CA1?token={house.key}", subprotocols=["a.b"]) == (True, "a.b")
    assert await admitted(house, subprotocols=["callboard.v1"]) == (False, "callboard.v1")


async def test_the_query_goes_before_the_header_and_the_header_before_the_subprotocol(house):
    await house.say("CA1", "s1", "Hello")
    good, query = house.key, "/live-transcript/CA1?token="
    assert (await admitted(house, query + good, subprotocols=["x-token-bad"], **bearer("bad")))[0]
    assert not (await admitted(house, query + "bad", subprotocols=["x-token-" + good], **bearer(good)))[0]
    assert (await admitted(house, subprotocols=["x-token-bad"], **bearer(good)))[0]
    assert not (await admitted(house, subprotocols=["x-token-" + good], **bearer("bad")))[0]


async def test_a_cookie_authenticates_no_socket(house):
    await house.say("CA1", "s1", "Hello")
    session = await house.store.write(rights.create_session, house.clock(), house.user_id)
    cookies = {"Cookie": f"callboard_session={session}"}
    async with house.websocket("/live-transcript/CA1", additional_headers=cookies) as socket:
        assert await refused(socket) == BAD


async def test_a_key_is_accepted_from_any_origin(house):
    await house.say("CA1", "s1", "Hello")
    path = f"/live-transcript/CA1?token={house.key}"
    assert (await admitted(house, path, origin="https://elsewhere.example"))[0]


async def test_what_is_no_key_is_turned_away_without_telling_why(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    expired = await house.make_key("read", expires_at=house.clock.at + 60_000_000)
    revoked = await house.make_key("read")
    left = await house.user("left@example.com", house.organization_id)
    deactivated = await house.make_key("read", user_id=left)
    await house.store.write(rights.revoke_key, house.clock(), revoked)
    await house.store.write(accounts.deactivate_user, "left@example.com")
    house.clock.advance(60)
    session = await house.store.write(rights.create_session, house.clock(), house.user_id)
    wrong = (house.key[:-1], house.key + "x", house.key[:11], house.key.lower(), "cb_", "x", "", "%00", "cb_%00_x")
    odd = ("%FF", "%F0%9F%94%91", "cb_'%22--", "tk_x", "tk_%00", "a" * 5000, session)
    for token in (expired, revoked, deactivated, *wrong, *odd):
        async with house.websocket(f"/live-transcript/CA1?token={token}") as socket:
            assert await refused(socket) == BAD, token
    async with house.websocket("/live-transcript/CA1") as socket:
        assert await refused(socket) == BAD


async def test_a_key_without_the_scope_read_may_not_watch(house):
    await house.say("CA1", "s1", "Hello")
    for scopes in (("ingest",), ("admin",), ("ingest", "admin")):
        async with house.watch("CA1", key=await house.make_key(*scopes)) as viewer:
            assert await refused(viewer.socket) == ("access_denied", False, 1008)
    async with house.watch("CA1", key=await house.make_key("read")) as viewer:
        assert (await viewer.next())["type"] == "connection_established"


async def test_unknown_and_foreign_calls_are_one_answer(house):
    """… also in every word of it, so that nobody learns which calls others have."""
    await house.say("CA1", "s1", "Hello")
    stranger = await house.user("eve@example.com", await house.organization("Other"))
    key = await house.make_key("read", user_id=stranger)
    answers = []
    for call_sid in ("CA1", "CA2"):
        async with house.watch(call_sid, key=key) as viewer:
            assert await viewer.to_the_end() == 1008
            (error,) = viewer.seen
            del error["timestamp"], error["call_sid"]
            answers.append(error)
    assert answers[0] == answers[1]
    assert (answers[0]["error"], answers[0]["retryable"]) == ("access_denied", True)
    assert answers[0]["retry_after"] > 0


async def test_two_organisations_may_use_the_same_call_id(either_house):
    house = either_house
    stranger = await house.user("eve@example.com", await house.organization("Other"))
    theirs = await house.make_key("read", "ingest", user_id=stranger)
    path = "/api/v1/calls/sid/CA1/transcripts"
    for content, key in (("ours", house.key), ("theirs", theirs)):
        body = {"segment_id": "s1", "content": content, "speaker": "user"}
        answer = await house.fetch("POST", path, body, key=key)
        assert json.loads(answer.body)["accepted"][0]["seq"] == 1
    async with house.watch("CA1") as our_viewer, house.watch("CA1", key=theirs) as their_viewer:
        await our_viewer.history()
        await their_viewer.history()
        await house.fetch("POST", path, {"segment_id": "s2", "content": "more", "speaker": "user"}, key=theirs)
        await house.say("CA1", "s2", "also")
        await our_viewer.until("transcript")
        await their_viewer.until("transcript")
        assert [m["data"]["content"] for m in our_viewer.transcripts] == ["ours", "also"]
        assert [m["data"]["content"] for m in their_viewer.transcripts] == ["theirs", "more"]


async def end_right(house, how, key):
    if how == "the key is revoked":
        await house.store.write(rights.revoke_key, house.clock(), key)
    elif how == "the user is deactivated":
        await house.store.write(accounts.deactivate_user, "bob@example.com")
    else:
        house.clock.advance(60)


@pytest.mark.parametrize("how", ["the key is revoked", "the user is deactivated", "the key expires"])
async def test_a_right_that_ends_takes_its_sockets_along_within_a_second(either_house, how):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    bob = await house.user("bob@example.com", house.organization_id)
    key = await house.make_key("read", "ingest", user_id=bob, expires_at=house.clock.at + 60_000_000)
    async with house.watch("CA1", key=key) as viewer, house.produce(key) as producer, house.watch("CA1") as other:
        await viewer.history()
        await other.history()
        await producer.send({"type": "call", "id": 1, "call_sid": "CA1", "data": {}})
        await producer.until("ack")
        await end_right(house, how, key)
        async with asyncio.timeout(1):
            assert await refused(viewer.socket) == GONE
            assert await refused(producer.socket) == GONE
        assert house.hub.viewers(1) == 1, "its place is free"
        await house.say("CA1", "s2", "still here")
        assert (await other.until("transcript"))["seq"] == 2
    async with house.watch("CA1", key=key) as viewer:
        assert await refused(viewer.socket) == BAD


async def test_a_key_whose_revocation_is_not_noticed_yet_is_no_way_to_stay(house):
    """Keys are known for a while: whoever slips in between the change and its notice leaves a moment later."""
    await house.say("CA1", "s1", "Hello")
    key = await house.make_key("read")
    await house.get("/api/v1/calls", key=key)
    await house.store.write(rights.revoke_key, house.clock(), key)
    async with house.watch("CA1", key=key) as viewer:
        async with asyncio.timeout(1):
            assert await viewer.to_the_end() == 1008
        assert viewer.seen[-1]["error"] in ("access_revoked", "authentication_failed")


async def test_no_log_shows_a_token(house, caplog):
    caplog.set_level(logging.DEBUG)
    await house.say("CA1", "s1", "Hello")
    carrier = {"subprotocols": [f"x-token-{house.key}"], **bearer(house.key)}
    for path in ("/live-transcript/CA1", "/live-transcript/CA2", "/live-transcript/%FF", "/ingest", "/nowhere"):
        for query in (f"?token={house.key}", f"?token={house.key}&after=x", f"?token={house.key}%FF"):
            try:
                async with house.websocket(path + query, **carrier) as socket:
                    await socket.recv() if path != "/ingest" else None
            except websockets.InvalidStatus:
                assert path == "/nowhere"
            for method in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"):
                answer = await house.fetch(method, path + query)
                assert answer.code >= 400 or method == "OPTIONS"
                assert house.key.encode() not in (answer.body or b""), (method, path)
    ours = [r.getMessage() + str(r.exc_info) for r in caplog.records if not r.name.startswith("websockets")]
    shown = [line for line in ours if house.key in line]
    caplog.clear()  # or a failure would print them all
    assert ours and not shown
