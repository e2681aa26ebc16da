"""https and wss by Callboard itself, with certificates made for the test."""

import asyncio
import json
import socket
import ssl
import warnings
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import websockets
from tornado.httpclient import AsyncHTTPClient, HTTPRequest

import serving
from certificates import CURVE, make_certificate, openssl
from command_line import CommandLine
from commands import demo
from house import Watcher
from models import demo as demo_models
from models import sources
from patience import PATIENCE_S, PATIENT_HTTP
from peers import raw
from strangers import Stopped


class Files(NamedTuple):
    certificate: Path
    key: Path
    other_key: Path
    locked_key: Path


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    made = Files(*make_certificate(folder), folder / "other.pem", folder / "locked.pem")
    openssl("genpkey", "-algorithm", "EC", *CURVE, "-out", made.other_key)
    openssl("pkcs8", "-topk8", "-in", made.key, "-out", made.locked_key, "-passout", "pass:horse battery")
    return made


@pytest.fixture
def open_tls(open_furnished, files):
    return lambda **more: open_furnished(tls_certificate=files.certificate, tls_key=files.key, **more)


def trusting(files):
    return ssl.create_default_context(cafile=str(files.certificate))


def port_of(house):
    return int(house.server.own_url.rpartition(":")[2])


async def fetch(house, files, path, key=None, **options):
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    url = f"https://127.0.0.1:{port_of(house)}{path}"
    options |= PATIENT_HTTP
    request = HTTPRequest(url, ssl_options=trusting(files), headers=headers, follow_redirects=False, **options)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


def watch(house, files, call_sid):
    url = f"wss://127.0.0.1:{port_of(house)}/live-transcript/{call_sid}?token={house.key}"
    return websockets.connect(url, ssl=trusting(files), open_timeout=PATIENCE_S)


async def say(house, files, segment_id, content):
    body = json.dumps({"segment_id": segment_id, "content": content, "speaker": "user"})
    path = "/api/v1/calls/sid/CA1/transcripts"
    assert (await fetch(house, files, path, house.key, method="POST", body=body)).code == 201


async def test_pages_and_their_cookies_are_for_https_alone(open_tls, files):
    async with open_tls() as house:
        assert house.server.url == f"https://localhost:{port_of(house)}"
        answer = await fetch(house, files, "/sign-in")
        assert answer.code == 200 and f"wss://localhost:{port_of(house)}" in answer.headers["Content-Security-Policy"]
        cookies = answer.headers.get_list("Set-Cookie")
        assert cookies and all("; Secure" in cookie for cookie in cookies)


async def test_a_viewer_reads_history_and_then_live_and_hears_why_it_ends(open_tls, files):
    async with open_tls() as house:
        await say(house, files, "s1", "Hello")
        async with watch(house, files, "CA1") as socket, watch(house, files, "CA1") as loud:
            viewer = Watcher(socket)
            await viewer.history()
            await say(house, files, "s2", "x" * 30_000)
            assert (await viewer.until("transcript"))["data"]["content"] == "x" * 30_000
            assert viewer.seqs == [1, 2]
            await Watcher(loud).history()
            await loud.send("x" * 5000)
            assert await Watcher(loud).to_the_end() == 1009
            body = json.dumps({"status": "completed"})
            await fetch(house, files, "/api/v1/calls/sid/CA1/status", house.key, method="POST", body=body)
            await viewer.until("call_status")
            house.clock.advance(60)
            assert await viewer.to_the_end() == 1000


async def test_the_test_call_reaches_the_server_itself(open_tls, files):
    async with open_tls(public_url="https://calls.example.com") as house:
        assistant = await house.store.read(lambda db: db.execute_sql("SELECT id FROM assistant").fetchone()[0])
        where = (house.organization_id, assistant)
        made = await house.store.write(sources.create, house.clock(), *where, "twilio", "an auth token", None)
        source = await house.store.read(sources.by_endpoint, "twilio", made)
        call_sid = await house.services.trial_calls.begin(source)
        answer = await fetch(house, files, f"/api/v1/calls/sid/{call_sid}", house.key)
        assert json.loads(answer.body)["status"] == "in-progress"


async def test_the_demo_plays_over_tls(open_tls, files):
    async with open_tls() as house:
        await house.store.write(demo_models.turn_on)
        async with demo.playing(house.services, house.server.own_url, speed=50), asyncio.timeout(PATIENCE_S):
            while not json.loads((await fetch(house, files, "/api/v1/calls/count", house.key)).body)["count"]:
                await asyncio.sleep(0.05)


async def test_plain_http_to_the_tls_port_is_closed_at_once_without_a_word_in_the_log(open_tls, caplog):
    async with open_tls() as house:
        for said in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x00" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 500):
            async with raw(port_of(house)) as peer, asyncio.timeout(PATIENCE_S):
                await peer.send(said)
                with suppress(ConnectionResetError):
                    while await peer.read():
                        pass
        assert [r.getMessage() for r in caplog.records if r.levelname == "ERROR" or r.exc_info] == []


async def test_a_slow_handshake_is_closed_in_time(open_tls, monkeypatch):
    clock, entrances = Stopped(), []

    class Watched(serving.Entrance):
        def __init__(self, *args, **options):
            super().__init__(*args, **options, clock=clock)
            entrances.append(self)

    monkeypatch.setattr(serving, "Entrance", Watched)
    async with open_tls() as house, raw(port_of(house)) as silent, raw(port_of(house)) as slow:
        await slow.send(b"\x16\x03\x01\x02\x00")  # the beginning of a ClientHello of 512 bytes
        async with asyncio.timeout(PATIENCE_S):
            while len(entrances[0]._visits) < 2:
                await asyncio.sleep(0.005)
            clock.at += 11
            for peer in (silent, slow):
                with suppress(ConnectionResetError):
                    assert await peer.read() == b""
            while entrances[0]._visits:
                await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    "version, is_served", [("TLSv1", False), ("TLSv1_1", False), ("TLSv1_2", True), ("TLSv1_3", True)]
)
async def test_tls_is_1_2_or_newer(open_tls, files, version, is_served):
    async with open_tls() as house:
        context = trusting(files)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = ssl.TLSVersion[version]

        def shake_hands():
            plain = socket.create_connection(("127.0.0.1", port_of(house)), timeout=PATIENCE_S)
            with plain, context.wrap_socket(plain, server_hostname="localhost") as secure:
                return secure.version()

        if is_served:
            assert await asyncio.to_thread(shake_hands) == version.replace("_", ".")
        else:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                await asyncio.to_thread(shake_hands)


@pytest.mark.parametrize(
    "certificate, key, says",
    [
        ("nowhere.pem", "key", "nowhere.pem"),
        ("certificate", "nowhere.pem", "nowhere.pem"),
        ("certificate", ".", "Is a directory"),
        ("certificate", "other_key", "mismatch"),
        ("key", "key", "must be a certificate"),
        ("certificate", "locked_key", "no passphrase"),
        ("certificate", "", "both or neither"),
        ("", "key", "both or neither"),
    ],
)
def test_files_that_cannot_be_used_are_one_line(sqlite_url, files, certificate, key, says):
    paths = [str(getattr(files, name, name)) for name in (certificate, key)]
    words = ("serve", "--port", "0", "--tls-certificate", paths[0], "--tls-key", paths[1])
    outcome = CommandLine(sqlite_url).try_(*words)
    assert outcome.status == 2 and outcome.out == ""
    (line,) = outcome.err.splitlines()
    assert line.startswith("--tls-") and says in line and "_ssl" not in line and "Errno" not in line


def test_an_http_address_does_not_go_with_a_certificate(sqlite_url, files):
    words = (
        "--tls-certificate",
        str(files.certificate),
        "--tls-key",
        str(files.key),
        "--public-url",
        "http://a.example",
    )
    outcome = CommandLine(sqlite_url).try_("serve", "--port", "0", *words)
    assert (outcome.status, outcome.err) == (2, "--public-url: must be https, because a certificate is given\n")
