"""The log: lines for people or programs, found together by the request that they are about, and slow calls named."""

import asyncio
import json
import logging
import re
import signal
import time

import pytest

from command_line import CommandLine, finish
from handlers.log_lines import JsonLines, TextLines
from handlers.request_id import begin
from models import Store, calls
from models.timing import name
from settings import PREFIX

NEW = re.compile(r"[0-9a-f]{16}\Z")


class Lines(logging.Handler):
    """What a server that logs JSON would have written."""

    def __init__(self):
        super().__init__(logging.DEBUG)
        self.setFormatter(JsonLines())
        self.seen = []

    def emit(self, record):
        self.seen.append(json.loads(self.format(record)))

    def of(self, request_id):
        return [line for line in self.seen if line.get("request_id") == request_id]


@pytest.fixture
def lines():
    handler = Lines()
    logging.getLogger().addHandler(handler)
    yield handler
    logging.getLogger().removeHandler(handler)


def record(message="%s went", *args, **more):
    made = logging.LogRecord(
        "handlers.x", logging.WARNING, __file__, 1, message, args or ("it",), more.pop("exc_info", None)
    )
    vars(made).update(more)
    return made


def failure():
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        return type(error), error, error.__traceback__


def test_a_line_of_json_is_one_line_whatever_is_in_it():
    text = JsonLines().format(record("%s", "a\nb\x1b[31m\ud800é", exc_info=failure(), fields={"seconds": 1.5}))
    assert text.isascii() and text.isprintable()
    line = json.loads(text)
    assert (line["level"], line["logger"], line["seconds"]) == ("WARNING", "handlers.x", 1.5)
    assert line["message"] == "a\nb\x1b[31m\ud800é" and line["exception"].endswith("ValueError: two\nlines")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", line["time"])
    assert "request_id" not in line


async def test_a_line_of_a_request_has_its_id_in_either_format():
    assert TextLines().format(record()).endswith(" WARNING handlers.x it went")
    begin("abc-1")
    assert TextLines().format(record()).endswith(" WARNING handlers.x it went request_id=abc-1")
    with_trace = TextLines().format(record(exc_info=failure())).splitlines()
    assert with_trace[0].endswith("request_id=abc-1") and with_trace[-2:] == ["ValueError: two", "lines"]
    assert json.loads(JsonLines().format(record()))["request_id"] == "abc-1"


async def test_every_kind_of_answer_has_the_id_that_was_brought(house):
    posted = {"segment_id": "s1", "speaker": "user", "content": "Hello"}
    for number, (method, path, body) in enumerate(
        (
            ("GET", "/healthz", None),
            ("GET", "/api/v1/calls", None),
            ("POST", "/api/v1/calls/sid/CA1/transcripts", posted),
            ("GET", "/api/v1/calls/sid/CA404", None),
            ("GET", "/sign-in", None),
            ("GET", "/static/favicon.svg", None),
            ("GET", "/nowhere", None),
            ("DELETE", "/healthz", None),
            ("POST", "/api/v1/calls", "x" * (21 << 20)),
        )
    ):
        answer = await house.fetch(method, path, body, headers={"X-Request-Id": f"of:{number}.a-B"})
        assert answer.headers.get_list("X-Request-Id") == [f"of:{number}.a-B"], path


@pytest.mark.parametrize("brought", [None, "", "a b", "a" * 65, "cb_ab12CD34_x", "é", "a,b", "../x", "<b>", "a;b"])
async def test_an_id_that_is_none_is_replaced(house, brought):
    headers = {} if brought is None else {"X-Request-Id": brought}
    given = [(await house.fetch("GET", "/healthz", headers=headers)).headers["X-Request-Id"] for _ in range(2)]
    assert all(map(NEW.match, given)) and given[0] != given[1]


async def test_requests_at_the_same_time_keep_their_ids_apart(house, lines):
    paths = [f"/api/v1/calls/sid/CA{n}" for n in range(20)]
    await asyncio.gather(*(house.fetch("GET", path, headers={"X-Request-Id": f"r{path[-2:]}"}) for path in paths))
    for path in paths:
        told = lines.of(f"r{path[-2:]}")
        assert [(line["path"], line["method"], line["status"]) for line in told] == [(path, "GET", 404)]


async def test_what_goes_wrong_on_behalf_of_a_request_is_found_by_its_id(house, lines, monkeypatch):
    def broken(db, *_):
        logging.getLogger("models.calls").warning("in a thread of the store")
        raise RuntimeError("broken")

    monkeypatch.setattr(calls, "by_sid", broken)
    await house.fetch("GET", "/api/v1/calls/sid/CA1", headers={"X-Request-Id": "first"})
    assert [line["level"] for line in lines.of("first")] == ["WARNING", "ERROR", "WARNING"]
    assert "RuntimeError: broken" in lines.of("first")[1]["exception"]
    options = {"additional_headers": {"X-Request-Id": "socket"}}
    async with house.websocket(f"/live-transcript/CA1?token={house.key}", **options) as socket:
        assert socket.response.headers["X-Request-Id"] == "socket"
        assert json.loads(await socket.recv())["error"] == "server_error"
    assert "a socket's work failed" in [line["message"] for line in lines.of("socket")]
    assert not any("request_id" in line for line in lines.seen if line["logger"].startswith("asyncio"))


def sleep(db, seconds):
    time.sleep(seconds)


def put(db, items):
    return items


async def test_a_slow_call_of_the_database_is_named_with_its_time_and_its_wait(lines, sqlite_url):
    store = Store(sqlite_url, slow_s=0.05)
    store.open()
    try:
        begin("slow-1")
        await store.read(sleep, 0.1)
        first = asyncio.ensure_future(store.write(sleep, 0.1))
        await asyncio.sleep(0)  # it is asked for
        await asyncio.gather(first, *(store.write_together(put, n) for n in range(3)))
    finally:
        await store.close()
    slow = [line for line in lines.seen if line["logger"] == "models.timing"]
    assert slow[0]["operation"] == name(sleep) == "test_logs.sleep"
    assert slow[0]["message"].startswith("a read was slow: test_logs.sleep took ")
    assert slow[0]["request_id"] == "slow-1" and slow[0]["seconds"] >= 0.1 and slow[0]["waited_s"] >= 0
    assert all("request_id" not in line for line in slow[1:]), "many requests are committed together"
    assert {part for line in slow[1:] for part in line["operation"].split(", ")} >= {"test_logs.sleep"}
    waited = [line for line in slow[1:] if "test_logs.put" in line["operation"]]
    assert sum(line["seconds"] + line["waited_s"] for line in waited) >= 0.1, "for the one before it, or within it"


async def test_a_call_that_is_quick_is_not_written_down(lines, sqlite_url):
    store = Store(sqlite_url, slow_s=30)
    store.open()
    try:
        await asyncio.gather(store.read(sleep, 0), store.write(sleep, 0))
    finally:
        await store.close()
    assert not [line for line in lines.seen if line["logger"] == "models.timing"]


@pytest.mark.parametrize("format_", ["text", "json"])
def test_a_server_logs_as_it_was_told(sqlite_url, format_):
    stray = {PREFIX + "LOG_LEVL": "hunter2"}
    server = CommandLine(sqlite_url).start("serve", "--port", "0", CALLBOARD_LOG_FORMAT=format_, **stray)
    assert server.stdout.readline().startswith(b"Callboard is on ")
    server.send_signal(signal.SIGTERM)
    outcome = finish(server)
    assert outcome.status == 0
    told = outcome.err.splitlines()
    if format_ == "json":
        told = [line["message"] for line in map(json.loads, told)]
    assert f"LOG_LEVL is no setting and is ignored; did you mean {PREFIX}LOG_LEVEL?" in told[0]
    assert re.search(r"callboard 0\.\d+\.\d+ \(commit \w+\) serves on http://", told[1])
    assert told[-1].endswith("stopping") and "hunter2" not in outcome.err
