"""The handshake of a WebSocket, and whole conversations with clients that others wrote."""

import json

import pytest
import websockets
from tornado.websocket import websocket_connect

from handlers.websocket import UpgradeHandler
from patience import PATIENCE_S
from tests.peers import HANDSHAKE, House, client_frame, raw


class ChoosyHandler(UpgradeHandler):
    def select_subprotocol(self, offered):
        return "callboard" if "callboard" in offered else None


async def answer_to(headers, *, path=b"/", handler=UpgradeHandler):
    async with House(handler=handler) as house, raw(house.port) as peer:
        return await peer.request(headers, path)


async def test_the_handshake_of_the_rfc_is_answered_as_it_says():
    status, headers, _ = await answer_to(HANDSHAKE)
    assert status == 101
    assert headers["upgrade"] == "websocket"
    assert headers["connection"] == "Upgrade"
    assert headers["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert not {"content-type", "content-length", "sec-websocket-protocol", "sec-websocket-extensions"} & set(headers)


@pytest.mark.parametrize(
    "changed",
    [
        {"Upgrade": "WebSocket"},
        {"Upgrade": "h2c, websocket"},
        {"Connection": "keep-alive, upgrade"},
        {"Origin": "https://elsewhere.example"},
        {"Sec-WebSocket-Extensions": "permessage-deflate"},
    ],
)
async def test_a_handshake_may_be_written_in_many_ways(changed):
    assert (await answer_to(HANDSHAKE | changed))[0] == 101


@pytest.mark.parametrize(
    "changed",
    [
        {"Upgrade": "h2c"},
        {"Upgrade": ""},
        {"Connection": "keep-alive"},
        {"Sec-WebSocket-Key": ""},
        {"Sec-WebSocket-Key": "c2hvcnQ="},
        {"Sec-WebSocket-Key": "not base64 at all!!!!!!!"},
        {"Sec-WebSocket-Key": "größe"},
    ],
)
async def test_what_is_no_handshake_is_a_bad_request(changed):
    status, _, body = await answer_to(HANDSHAKE | changed)
    answer = json.loads(body)
    assert status == 400
    assert answer == {
        "error": {"code": "invalid_handshake", "message": answer["detail"]},
        "detail": answer["detail"],
    }


@pytest.mark.parametrize("version", ["", "8", "14", "13, 8"])
async def test_another_version_is_told_which_one_is_spoken(version):
    status, headers, body = await answer_to(HANDSHAKE | {"Sec-WebSocket-Version": version})
    assert (status, headers["sec-websocket-version"]) == (426, "13")
    assert json.loads(body)["error"]["code"] == "invalid_handshake"


@pytest.mark.parametrize(
    "offered, chosen", [("callboard", "callboard"), ("a, callboard", "callboard"), ("a", None), ("", None)]
)
async def test_a_subprotocol_is_chosen_from_those_offered(offered, chosen):
    headers = HANDSHAKE | {"Sec-WebSocket-Protocol": offered}
    status, found, _ = await answer_to(headers, handler=ChoosyHandler)
    assert (status, found.get("sec-websocket-protocol")) == (101, chosen)


@pytest.mark.parametrize("path", [b"/%ff%fe", b"/a?after=%ff"])
async def test_a_path_that_is_not_utf8_still_gets_its_socket(path):
    assert (await answer_to(HANDSHAKE, path=path))[0] == 101


async def test_frames_that_come_with_the_handshake_are_not_lost():
    async with House() as house, raw(house.port) as peer:
        head = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
        await peer.send(f"GET / HTTP/1.1\r\n{head}\r\n".encode() + client_frame(b"early"))
        seat = await house.arrivals.get()
        await seat.heard.wait()
        assert seat.messages == ["early"]


async def test_a_handler_that_fails_leaves_no_socket_open(caplog):
    async with House(no_such_option=True) as house, raw(house.port) as peer:
        await peer.handshake()
        assert await peer.frames() == []
    assert "no_such_option" in caplog.text


async def test_the_websockets_package_talks_with_us():
    async with House(max_message_bytes=1 << 20) as house:
        async with websockets.connect(f"ws://127.0.0.1:{house.port}/", open_timeout=PATIENCE_S) as client:
            for text in ("", "héllo", "x" * 100_000):
                await client.send(text)
                assert await client.recv() == text
            await client.send(["in ", "three ", "pieces"])
            assert await client.recv() == "in three pieces"
            await (await client.ping())
        assert (client.close_code, client.close_reason) == (1000, "")
        await house.seats[0].closed.wait()
        assert house.seats[0].connection.close_code == 1000


async def test_tornados_client_talks_with_us():
    async with House() as house:
        client = await websocket_connect(f"ws://127.0.0.1:{house.port}/")
        await client.write_message("héllo")
        assert await client.read_message() == "héllo"
        client.close(1001)
        await house.seats[0].closed.wait()
        assert house.seats[0].connection.close_code == 1001


async def test_a_client_that_is_still_sending_sees_why_its_message_was_refused():
    async with House() as house, websockets.connect(f"ws://127.0.0.1:{house.port}/", open_timeout=PATIENCE_S) as client:
        with pytest.raises(websockets.ConnectionClosed):
            await client.send("x" * 500_000)
            await client.recv()
        assert client.close_code == 1009
        await house.seats[0].closed.wait()
