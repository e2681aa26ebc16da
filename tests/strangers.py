"""Clients at several addresses of this machine, and a server whose limits only forget when a test says so."""

import asyncio
import json
from contextlib import suppress
from typing import Any

import websockets
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from house import House
from patience import PATIENCE_S, PATIENT_HTTP

WRONG_KEY = "cb_aaaaaaaa_wrong"
ELSEWHERE = "127.0.0.2"  # loopback has millions of addresses


class Stopped:
    """The limits' clock, s; it moves by hand."""

    def __init__(self, at: float = 1000.0):
        self.at = at

    def __call__(self) -> float:
        return self.at


def stop_the_clock(house: House) -> Stopped:
    clock = Stopped()
    for limit in vars(house.services.limits).values():
        limit._clock = clock
    return clock


async def ask(
    house: House, path: str = "/api/v1/calls", *, key: str = WRONG_KEY, address: str = "127.0.0.1", **options: Any
) -> HTTPResponse:
    """The answer to a request from this address."""
    headers = {"Authorization": f"Bearer {key}"} | options.pop("headers", {})
    request = HTTPRequest(
        house.server.own_url + path,
        network_interface=address,
        headers=headers,
        follow_redirects=False,
        **PATIENT_HTTP,
        **options,
    )
    return await AsyncHTTPClient().fetch(request, raise_error=False)


def told_to_wait(answer: Any) -> int:
    """The seconds that a 429 asks for; it is in the shape of all errors."""
    status = getattr(answer, "code", None) or answer.status_code
    assert status == 429, status
    assert answer.headers["Content-Type"].startswith("application/json")
    body = json.loads(answer.body)
    assert body["error"]["code"] == "rate_limit_exceeded" and body["detail"] == body["error"]["message"]
    wait = int(answer.headers["Retry-After"])
    assert wait >= 1
    return wait


async def knock(house: House, path: str, *, key: str | None = None, address: str = "127.0.0.1") -> Any:
    """How a socket's opening was answered: its first message, or the HTTP response that refused it."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = "ws" + house.server.own_url.removeprefix("http") + path
    try:
        async with (
            asyncio.timeout(PATIENCE_S),
            websockets.connect(
                url, additional_headers=headers, local_addr=(address, 0), open_timeout=PATIENCE_S
            ) as socket,
        ):
            with suppress(websockets.ConnectionClosed):
                await socket.send('{"type":"ping"}')  # a producer hears nothing before it speaks
            return json.loads(await socket.recv())
    except websockets.InvalidStatus as refused:
        return refused.response
