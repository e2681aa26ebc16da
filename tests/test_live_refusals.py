"""Refusals of the viewer socket come after the upgrade: exactly one `error`, then the close code (§1, §3)."""

import asyncio
import json
from urllib.parse import quote

import websockets


async def refused(socket):
    """(error, retryable, close code) of a socket whose last messages are one error and the Close."""
    messages = []
    try:
        while True:
            messages.append(json.loads(await socket.recv()))
    except websockets.ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else 1006
    errors = [message for message in messages if message["type"] == "error"]
    assert len(errors) == 1 and messages[-1] is errors[0], messages
    assert ("retry_after" in errors[0]) == errors[0]["retryable"]
    return errors[0]["error"], errors[0]["retryable"], code


async def until(holds):
    """Wait for what the server tells nobody, such as that a place is free."""
    async with asyncio.timeout(3):
        while not holds():
            await asyncio.sleep(0.005)


async def test_a_malformed_call_id_gets_its_error_and_not_an_http_status(house):
    slashes = ("", "/", "a/b", "CA1/", "//", "..%2F..", "CA1%2Ftranscripts", "./CA1")
    bytes_ = ("%FF", "%00", "%0A", "CA1%0A", "%20", "CA1%20", "%C3%A9", "%F0%9F%93%9E", "%", "%zz", "%ED%A0%80")
    signs = ("CA1+", "CA1;x", "a,b", "CA1%3Fx", "%23", "a" * 129, "a" * 4000, "<script>", "CA1'", "%22", "{call_sid}")
    for call_sid in slashes + bytes_ + signs:
        async with house.websocket(f"/live-transcript/{call_sid}?token={house.key}") as socket:
            assert await refused(socket) == ("invalid_call_sid", False, 1008), call_sid


async def test_a_well_formed_call_id_may_be_of_any_provider(house):
    for call_sid in ("a", "CA" + "0f" * 16, "v3:abc-DEF_1.2:3", "a" * 128, "..", "-", ":"):
        await house.say(call_sid, "s1", "Hello")
        for written in (call_sid, "".join(f"%{ord(c):02X}" for c in call_sid)):
            if written == "..":
                continue  # an address, which clients shorten
            async with house.watch(written) as viewer:
                assert (await viewer.next())["call_sid"] == call_sid


async def test_a_malformed_parameter_gets_its_error(house):
    await house.say("CA1", "s1", "Hello")
    wrong = {
        "after": ("", "-1", "1.0", "x", "+1", " 1", "1 ", "0x1", "1e3", "٣", "null", "1\n", "9" * 40),
        "interim": ("", "2", "true", "no", "01", "-1", "false", "0\n"),
        "epoch": ("\n", "\x00", "e" * 500),
        "client": ("", "c" * 65, "a\x00", "a\n", "\x7f"),
    }
    for name, values in wrong.items():
        for value in values:
            async with house.watch("CA1", f"&{name}={quote(value)}") as viewer:
                assert await refused(viewer.socket) == ("invalid_parameter", False, 1008), (name, value)
    assert house.hub.viewers(1) == 0


async def test_a_malformed_parameter_is_named(house):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1", "&after=x") as viewer:
        assert "after" in (await viewer.next())["message"]


async def test_unusual_but_proper_parameters_are_taken(house):
    await house.say("CA1", "s1", "Hello")
    for query in ("&after=0", "&interim=1", "&interim=0", "&client=" + "c" * 64, "&client=%C3%A9%20x", "&unknown=1"):
        async with house.watch("CA1", query) as viewer:
            assert (await viewer.next())["type"] == "connection_established", query


async def test_what_is_no_handshake_gets_an_http_answer(house):
    answer = await house.fetch("GET", "/live-transcript/CA1")
    assert answer.code == 400
    assert json.loads(answer.body)["error"]["message"] == json.loads(answer.body)["detail"]


async def test_a_call_may_appear_while_its_viewer_tries_again(house):
    """`access_denied` says `retryable`: the call's first event may still be on its way."""
    async with house.watch("CA1") as viewer:
        assert await refused(viewer.socket) == ("access_denied", True, 1008)
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        assert (await viewer.history())[-1]["count"] == 1
