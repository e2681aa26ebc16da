"""Tickets (§5): how a page opens a socket without ever holding a key."""

import asyncio
import json
import re

import pytest

from models import accounts, rights
from tests.test_live_refusals import refused

BAD = ("authentication_failed", False, 1008)
PATH = "/api/v1/tickets"


async def ticket(house, call_sid="CA1", **options):
    answer = await house.fetch("POST", PATH, {"call_sid": call_sid}, **options)
    assert answer.code == 201, answer.body
    return json.loads(answer.body)["ticket"]


async def enters(house, token, call_sid="CA1", **options):
    """True where the ticket lets in, else how it was refused."""
    async with house.websocket(f"/live-transcript/{call_sid}?token={token}", **options) as socket:
        if json.loads(first := await socket.recv())["type"] == "connection_established":
            return True
        error = json.loads(first)
        await socket.wait_closed()
        return error["error"], error["retryable"], socket.close_code


def error_of(answer):
    body = json.loads(answer.body)
    assert body["detail"] == body["error"]["message"]
    return answer.code, body["error"]["code"]


async def page_session(house):
    """(headers with the session's and the XSRF cookie, those with the XSRF header added)"""
    cookie = await house.store.write(rights.create_session, house.clock(), house.user_id)
    answer = await house.fetch("GET", "/sign-in", key=None)
    xsrf = next(c for c in answer.headers.get_list("Set-Cookie") if c.startswith("_xsrf=")).split(";")[0]
    without = {"Cookie": f"callboard_session={cookie}; {xsrf}"}
    return without, without | {"X-XSRFToken": xsrf.removeprefix("_xsrf=")}


async def test_a_ticket_has_its_shape_and_its_url_opens_the_socket(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    answer = await house.fetch("POST", PATH, {"call_sid": "CA1"})
    body = json.loads(answer.body)
    assert (answer.code, set(body), body["expires_in"]) == (201, {"ticket", "expires_in", "url"}, 60)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert re.match(r"ws://[^/]+/live-transcript/CA1\?token=", body["url"]) and body["url"].endswith(body["ticket"])
    path = "/live-transcript/" + body["url"].rpartition("/")[2]
    async with house.websocket(path) as socket:
        assert json.loads(await socket.recv())["type"] == "connection_established"


async def test_a_ticket_opens_one_socket_only(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    token = await ticket(house)
    async with asyncio.timeout(3):
        outcomes = await asyncio.gather(*(enters(house, token) for _ in range(6)))
    assert sorted(outcomes, key=str) == [BAD] * 5 + [True]


async def test_a_ticket_comes_by_header_or_subprotocol_too(house):
    await house.say("CA1", "s1", "Hello")
    bearer = {"additional_headers": {"Authorization": f"Bearer {await ticket(house)}"}}
    carrier = {"subprotocols": [f"callboard-token-{await ticket(house)}"]}
    for options in (bearer, carrier):
        async with house.websocket("/live-transcript/CA1", **options) as socket:
            assert json.loads(await socket.recv())["type"] == "connection_established"


async def test_a_ticket_lasts_60_s_and_the_connection_lives_on(house):
    await house.say("CA1", "s1", "Hello")
    early, late = await ticket(house), await ticket(house)
    house.clock.advance(59)
    async with house.watch("CA1", key=early) as viewer:
        await viewer.history()
        house.clock.advance(1.1)
        assert await enters(house, late) == BAD
        house.clock.advance(3600)
        await house.services.gate.poll()
        await house.say("CA1", "s2", "still here")
        assert (await viewer.until("transcript"))["seq"] == 2


async def test_a_ticket_is_for_its_call_only_and_is_used_up_by_trying_another(house):
    await house.say("CA1", "s1", "Hello")
    await house.say("CA2", "s1", "Hello")
    token = await ticket(house)
    assert await enters(house, token, "CA2") == BAD
    assert await enters(house, token, "CA1") == BAD


async def test_a_ticket_is_for_watching_only(house):
    await house.say("CA1", "s1", "Hello")
    token = await ticket(house)
    assert (await house.fetch("GET", "/api/v1/calls", key=token)).code == 401
    async with house.produce(token) as producer:
        assert await refused(producer.socket) == BAD
    assert await enters(house, token) is True, "and trying did not use it up"


async def test_a_ticket_of_another_organisation_sees_its_own_calls_only(house):
    await house.say("CA1", "s1", "Hello")
    stranger = await house.user("eve@example.com", await house.organization("Other"))
    token = await ticket(house, key=await house.make_key("read", user_id=stranger))
    assert await enters(house, token) == ("access_denied", True, 1008)


async def test_a_ticket_for_a_call_not_yet_known_may_be_had(house):
    token = await ticket(house, "CA9")
    await house.say("CA9", "s1", "Hello")
    assert await enters(house, token, "CA9") is True


@pytest.mark.parametrize("how", ["key revoked", "user deactivated", "session ended"])
async def test_what_a_ticket_opened_ends_with_the_right_behind_it(either_house, how):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    bob = await house.user("bob@example.com", house.organization_id)
    if how == "session ended":
        cookie = await house.store.write(rights.create_session, house.clock(), bob)
        grant = await house.store.read(rights.session_grant, house.clock(), cookie)
        opened, kept = [await house.store.write(rights.create_ticket, house.clock(), grant, "CA1") for _ in range(2)]
    else:
        key = await house.make_key("read", user_id=bob)
        opened, kept = await ticket(house, key=key), await ticket(house, key=key)
    async with house.watch("CA1", key=opened) as viewer:
        await viewer.history()
        if how == "session ended":
            await house.store.write(rights.end_session, cookie)
        elif how == "key revoked":
            await house.store.write(rights.revoke_key, house.clock(), key)
        else:
            await house.store.write(accounts.deactivate_user, "bob@example.com")
        async with asyncio.timeout(1):
            assert await refused(viewer.socket) == ("access_revoked", False, 1008)
    assert await enters(house, kept) == BAD


async def test_a_page_gets_a_ticket_by_its_session_and_xsrf_header(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    without, headers = await page_session(house)
    token = await ticket(house, key=None, headers=headers)
    assert await enters(house, token) is True
    answer = await house.fetch("POST", PATH, {"call_sid": "CA1"}, key=None, headers=without)
    assert error_of(answer) == (403, "forbidden"), "a foreign page could have sent it"
    wrong = headers | {"X-XSRFToken": "2|00000000|00000000000000000000000000000000|1700000000"}
    assert (await house.fetch("POST", PATH, {"call_sid": "CA1"}, key=None, headers=wrong)).code == 403
    answer = await house.fetch("GET", "/api/v1/calls", key=None, headers=headers)
    assert answer.code == 401, "no other route of the API takes cookies"


async def test_who_has_no_right_gets_no_ticket(house):
    ask = {"call_sid": "CA1"}
    assert error_of(await house.fetch("POST", PATH, ask, key=None)) == (401, "authentication_failed")
    assert error_of(await house.fetch("POST", PATH, ask, key="cb_x_y")) == (401, "authentication_failed")
    cookie = {"Cookie": "callboard_session=x"}
    assert error_of(await house.fetch("POST", PATH, ask, key=None, headers=cookie)) == (401, "authentication_failed")
    key = await house.make_key("ingest", "admin")
    assert error_of(await house.fetch("POST", PATH, ask, key=key)) == (403, "missing_scope")


async def test_a_ticket_for_the_feed_is_given_and_is_none_for_a_call(house):
    await house.say("CA1", "s1", "Hello")
    answer = await house.fetch("POST", PATH, {"feed": "live-calls"})
    body = json.loads(answer.body)
    assert (answer.code, set(body)) == (201, {"ticket", "expires_in", "url"})
    assert re.match(r"ws://[^/]+/live-calls\?token=", body["url"])
    assert await enters(house, body["ticket"]) == BAD


async def test_what_is_asked_for_wrongly_is_told(house):
    for body in ("", "x", "[]", "{}", '{"call_sid":"CA1","feed":"live-calls"}', '{"feed":"x"}', '{"call_sid":7}'):
        code, _ = error_of(await house.fetch("POST", PATH, body))
        assert code in (400, 422), body
    for call_sid in ("", "a/b", "a" * 129, "a b", "a\n"):
        code, word = error_of(await house.fetch("POST", PATH, {"call_sid": call_sid}))
        assert (code, word) == (422, "invalid_call_sid"), call_sid


async def test_a_ticket_is_stored_hashed(house):
    token = await ticket(house)

    def everything(db):
        return repr(db.execute_sql("SELECT * FROM ticket").fetchall())

    stored = await house.store.read(everything)
    assert token not in stored and token[3:] not in stored and rights.hashed(token) in stored
