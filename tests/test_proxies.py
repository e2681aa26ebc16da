"""Callboard behind nginx and HAProxy, by the files in deploy/: as without them, and tokens are not in their logs."""

import asyncio
import json
import re
from functools import partial
from inspect import signature

import pytest
import websockets
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

import serving
from audit_log import logged
from browser import chromium, new_page
from certificates import make_certificate
from commands.reconnecting import Lost, connected
from handlers import exporting
from handlers.heartbeat import Heartbeat
from house import Watcher, open_house
from log_reader import SHAPES, secrets_in
from models import entries
from patience import PATIENCE_S, PATIENT_HTTP
from proxies import FILES, IDLE_S, NAMES, PATIENT, Proxy, program
from strangers import ELSEWHERE, WRONG_KEY
from test_pages import sign_in
from test_wall_page import LIVE

TRANSCRIPTS = "/api/v1/calls/sid/CA1/transcripts"
LIAR = {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Proto": "http", "X-Request-Id": "mine"}


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(params=NAMES)
def proxy(request, tmp_path, certificate):
    """Each of them; it starts with the first house behind it. Whatever a test does, no token is in its log."""
    if program(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    folder = tmp_path / request.param
    folder.mkdir()
    proxy = Proxy(request.param, folder, certificate)
    AsyncHTTPClient.configure(None, defaults={"ca_certs": str(certificate.certificate)})
    try:
        yield proxy
    finally:
        AsyncHTTPClient.configure(None)
        proxy.stop()
    assert not (told := secrets_in(proxy.log, shapes=SHAPES)), (told, proxy.log)


async def ask(url, *, address=ELSEWHERE, **options):
    request = HTTPRequest(url, network_interface=address, follow_redirects=False, **PATIENT_HTTP, **options)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def logged_by(proxy, request_id):
    """The one line of its log that has the id."""
    async with asyncio.timeout(PATIENCE_S):
        while request_id not in proxy.log:
            await asyncio.sleep(0.02)
    (line,) = [line for line in proxy.log.splitlines() if request_id in line]
    return line


async def test_people_come_by_https_from_where_they_are_and_the_log_keeps_their_secrets(proxy, open_furnished):
    untold = {"public_url": "http://callboard.example.com"}  # that it is https, only the proxy says
    async with proxy.before(open_furnished, failures_per_address=2, **untold) as house:
        plain = await ask(f"http://127.0.0.1:{proxy.plain_port}/calls?state=ended")
        target = re.sub(r":\d+/", "/", plain.headers["Location"])
        assert (plain.code, target) == (308, "https://127.0.0.1/calls?state=ended")
        page = await ask(house.url + "/sign-in", headers=LIAR)
        cookies = page.headers.get_list("Set-Cookie")
        assert cookies and all("; Secure" in cookie for cookie in cookies)
        await house.say("CA1", "s1", "Hello")
        key = {"Authorization": f"Bearer {house.key}"}
        assert (await ask(f"{house.url}{TRANSCRIPTS}/export", headers=LIAR | key)).code == 200
        (exported,) = [entry for entry in await logged(house) if entry.action == "call.exported"]
        assert exported.address == ELSEWHERE
        wrong = LIAR | {"Authorization": f"Bearer {WRONG_KEY}"}
        assert [(await ask(house.url + "/api/v1/calls", headers=wrong)).code for _ in range(3)] == [401, 401, 429]
        assert (await ask(house.url + "/api/v1/calls", headers=wrong, address="127.0.0.3")).code == 401
        told = await ask(f"{house.url}/webhooks/twilio/0123456789abcdef?token={house.key}", headers=LIAR)
        line = await logged_by(proxy, told.headers["X-Request-Id"])
        assert line.startswith(ELSEWHERE) and '"GET /webhooks/twilio/012345... HTTP/1.1" 405 ' in line


async def test_sockets_are_as_without_a_proxy_from_the_ticket_to_the_reason_of_their_end(proxy, open_furnished):
    async with proxy.before(open_furnished) as house:
        await house.say("CA1", "s1", "Hello")
        ticket = json.loads((await house.fetch("POST", "/api/v1/tickets", {"call_sid": "CA1"})).body)["url"]
        by_ticket = websockets.connect(ticket, ssl=proxy.certificate.client_context, open_timeout=PATIENCE_S)
        async with by_ticket as socket, house.watch("CA1") as viewer, house.produce() as producer:
            ticketed = Watcher(socket)
            for each in (viewer, ticketed):
                await each.history()
            said = {"segment_id": "s2", "speaker": "user", "content": "ÄÖ 🚲 " * 2000}
            await producer.send({"type": "transcript", "id": 1, "call_sid": "CA1", "data": said})
            assert (await producer.until("ack"))["seq"] == 2
            for each in (viewer, ticketed):
                assert (await each.until("transcript"))["data"]["content"] == said["content"]
            await viewer.send({"type": "ping", "id": 7})
            assert (await viewer.until("pong"))["id"] == 7
            async with house.watch("CA1", f"&after=1&epoch={viewer.seen[0]['epoch']}") as back:
                await back.history()
                assert (back.seen[0]["recovered"], back.seqs) == (True, [2])
            async with house.watch("CA404") as refused:
                assert (await refused.to_the_end(), refused.socket.close_reason) == (1008, "access_denied")
            await house.end("CA1")
            await viewer.until("call_status")
            house.clock.advance(60)
            assert [await each.to_the_end() for each in (viewer, ticketed)] == [1000, 1000]


async def test_a_restart_is_told_bridged_and_leaves_no_gap(proxy, open_furnished, sqlite_url):
    async with proxy.before(open_furnished) as house:
        await house.say("CA1", "s1", "Hello")
        viewer = Watcher(await house.websocket(f"/live-transcript/CA1?token={house.key}"))
        await viewer.history()
        house.services.gate.is_closing = True  # the first thing of a stop
        own = await house.fetch("GET", "/readyz", key=None)
        assert (own.code, own.headers.get_list("Retry-After")) == (503, ["1"])
    assert (await viewer.to_the_end(), viewer.socket.close_reason) == (1001, "server_shutdown")
    away = await ask(f"{house.url}/api/v1/calls?token={house.key}")
    assert away.code in (502, 503) and away.headers.get_list("Retry-After") == ["1"]
    address = f"{house.services.websocket_url}/live-transcript/CA1?token={house.key}"
    with pytest.raises(Lost) as lost:
        async with connected(address, house.key, is_own=True):  # is_own: whoever made the certificate
            pass
    assert lost.value.error["retry_after"] == 1
    async with proxy.before(partial(open_house, sqlite_url)) as again:
        again.furniture = house.furniture
        await again.say("CA1", "s2", "Hello again")
        async with again.watch("CA1", f"&after=1&epoch={viewer.seen[0]['epoch']}") as back:
            await back.history()
            assert (back.seen[0]["recovered"], back.seqs) == (True, [2])


class PingsTheFirst(Heartbeat):
    """Of the connections that come, the first alone is looked after."""

    def __init__(self, **options):
        super().__init__(interval_s=0.5, tick_s=0.1, **options)

    def add(self, connection):
        if not len(self):
            super().add(connection)


async def test_a_viewer_of_a_silent_call_stays_as_long_as_it_is_pinged(proxy, open_furnished, monkeypatch):
    monkeypatch.setattr(serving, "Heartbeat", PingsTheFirst)
    proxy.change((f"{PATIENT[proxy.name]} 75s", f"{PATIENT[proxy.name]} {IDLE_S}s"))
    async with proxy.before(open_furnished) as house:
        await house.say("CA1", "s1", "Hello")
        async with house.watch("CA1") as viewer, house.watch("CA1") as unpinged, asyncio.timeout(PATIENCE_S):
            for each in (viewer, unpinged):
                await each.history()
            assert await unpinged.to_the_end() == 1006, "the proxy has lost its patience"
            await house.say("CA1", "s2", "Hello?")
            assert (await viewer.until("transcript"))["data"]["content"] == "Hello?"


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_files_wait_for_two_pings_and_their_answers(name):
    defaults = {name: parameter.default for name, parameter in signature(Heartbeat).parameters.items()}
    text = FILES[name].read_text()
    (patience,) = re.findall(rf"{PATIENT[name]} (\d+)s", text)
    assert int(patience) > 2 * (defaults["interval_s"] + defaults["timeout_s"])
    assert f"each {defaults['interval_s']} s" in text


async def test_bodies_are_as_long_as_callboard_lets_them_be_and_exports_begin_at_once(
    proxy, open_furnished, monkeypatch
):
    async with proxy.before(open_furnished) as house:
        body = json.dumps({"segment_id": "s1", "content": "Hello", "speaker": "user"})
        assert (await house.fetch("POST", TRANSCRIPTS, body + " " * ((18 << 20) - len(body)))).code == 201
        refused = await house.fetch("POST", TRANSCRIPTS, body + " " * (21 << 20))
        assert (refused.code, json.loads(refused.body)["error"]["code"]) == (413, "body_too_large")
        for n in range(4):
            await house.say("CA1", f"s{n}", f"Sentence {n}")
        monkeypatch.setattr(entries, "PAGE", 2)
        read, begun, pieces = house.store.read, asyncio.Event(), []

        async def read_slowly(work, *args):
            if work is exporting._piece:
                pieces.append(args)
                if len(pieces) == 2:
                    async with asyncio.timeout(PATIENCE_S):
                        await begun.wait()
            return await read(work, *args)

        def take(chunk):
            received.append(chunk)
            if b"Sentence 1" in b"".join(received):
                begun.set()

        received = []
        monkeypatch.setattr(house.store, "read", read_slowly)
        key = {"Authorization": f"Bearer {house.key}"}
        answer = await ask(f"{house.url}{TRANSCRIPTS}/export", headers=key, streaming_callback=take)
        assert answer.code == 200 and b"Sentence 3" in b"".join(received)


@pytest.mark.parametrize("proxy", ["haproxy"], indirect=True)
async def test_a_server_that_stops_keeps_its_viewers_and_gets_no_others_and_one_that_is_away_none(
    proxy, open_furnished
):
    server, absent = "server node1 127.0.0.1:8000", "server node2 127.0.0.1:9"
    proxy.change((server, f"{server}\n    {absent}"))
    async with proxy.before(open_furnished) as house:
        assert {(await house.fetch("GET", "/healthz", key=None)).code for _ in range(10)} == {200}
        await house.say("CA1", "s1", "Hello")
        async with house.watch("CA1") as viewer, asyncio.timeout(PATIENCE_S):
            await viewer.history()
            house.services.gate.is_closing = True
            while (await house.fetch("GET", "/healthz", key=None)).code != 503:
                await asyncio.sleep(0.1)
            house.url = house.server.own_url
            await house.say("CA1", "s2", "Still there?")
            assert (await viewer.until("transcript"))["data"]["content"] == "Still there?"


@pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
async def test_a_browser_speaks_http_2_and_its_page_goes_on_after_a_restart(proxy, open_furnished, sqlite_url):
    async with new_page(ignore_https_errors=True) as page:
        async with proxy.before(open_furnished) as house:
            await house.say("CA1", "s1", "Hello")
            await sign_in(page, house.url)
            await page.goto(house.url + "/calls/CA1")
            assert await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
            assert all(cookie["secure"] for cookie in await page.context.cookies())
            await page.wait_for_selector(LIVE)
        await page.wait_for_selector(LIVE, state="detached")
        async with proxy.before(partial(open_house, sqlite_url)) as again:
            again.furniture = house.furniture
            await again.say("CA1", "s2", "Hello again")
            await page.wait_for_selector(".segment-words:text-is('Hello again')")
