"""A transcript by POST goes past the handlers where nothing is unusual: nobody can tell, but by the clock."""

import asyncio
import json
import logging

import pytest

from events import Unavailable
from handlers.transcripts_api import TranscriptsHandler
from models.database import execute
from peers import raw

SAID = {"segment_id": "s1", "speaker": "user", "content": "Ünder way 🚲", "confidence": 0.5, "segment_start": 1.25}
PATH = b"/api/v1/calls/sid/CA1/transcripts"


async def post(house, body, *, path: bytes = PATH, key: str | None = "", peer=None, **more: str):
    """Status, headers but the date, and body."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Host": "board.example.com", "Content-Length": str(len(content))} | more
    if key is not None:
        headers["Authorization"] = f"Bearer {key or house.key}"
    if peer is None:
        async with raw(house.services_port) as peer:
            answer = await peer.request(headers, path, method=b"POST", body=content)
    else:
        answer = await peer.request(headers, path, method=b"POST", body=content)
    assert answer[1].pop("date") and answer[1].pop("x-request-id")
    return answer


def port_of(house) -> int:
    return int(house.server.own_url.rpartition(":")[2])


@pytest.fixture
def house(house):
    house.services_port = port_of(house)
    return house


async def both(house, body, **more) -> tuple:
    """The answer of either way, which must be the same: to a call of its own each."""
    quick = await post(house, body, path=PATH.replace(b"CA1", b"CA2"), **more)
    slow = await post(house, body, path=PATH.replace(b"CA1", b"CA3") + b"?", **more)
    assert quick == slow
    return quick


def stored(db) -> list:
    rows = execute(
        db,
        'SELECT "call".call_sid, seq, segment_id, revision, content, segment_start FROM entry'
        ' JOIN "call" ON "call".id = entry.call_id ORDER BY "call".call_sid, seq',
    )
    return [tuple(row) for row in rows.fetchall()]


async def test_both_ways_are_counted_under_one_route(house):
    counted = house.services.numbers.requests
    before = counted.copy()
    await both(house, SAID)
    more = {label: count - before.get(label, 0) for label, count in counted.items()}
    assert {label: n for label, n in more.items() if n} == {("/api/v1/calls/{}/transcripts", "POST", "2xx"): 2}


async def test_the_plain_case_never_meets_the_handler(house, monkeypatch, caplog):
    async def fails(*_):
        raise AssertionError("the handler was asked")

    assert (await post(house, SAID | {"segment_id": "s0"}))[0] == 201  # from now on the key is known
    monkeypatch.setattr(TranscriptsHandler, "post", fails)
    with caplog.at_level(logging.DEBUG, "callboard.access"):
        status, headers, body = await post(house, SAID)
    assert (status, json.loads(body)["accepted"]) == (201, [{"segment_id": "s1", "seq": 2}])
    assert headers["content-type"] == "application/json; charset=utf-8"
    *_, line = [record.getMessage() for record in caplog.records if record.name == "callboard.access"]
    assert line.startswith(f"POST {PATH.decode()} 201 ") and house.key not in line


async def test_both_ways_store_and_answer_the_same(house):
    await post(house, SAID)
    assert (await both(house, SAID))[0] == 201
    assert (await both(house, SAID))[0] == 200
    assert (await both(house, SAID | {"content": "Corrected"}))[0] == 201
    assert (await both(house, SAID | {"revision": 2, "content": "Another"}))[0] == 409
    rows = await house.store.read(stored)
    assert [row[1:] for row in rows if row[0] == "CA2"] == [row[1:] for row in rows if row[0] == "CA3"]
    assert [row[3:5] for row in rows if row[0] == "CA2"] == [(1, SAID["content"]), (2, "Corrected")]


FAULTS = {
    "no JSON": (b"{", 400, {}),
    "no object": (b"[]", 400, {}),
    "no content": ({"speaker": "user"}, 422, {}),
    "another word": (SAID | {"speaker": "robot"}, 422, {}),
    "no UTF-8": (b'{"speaker":"user","content":"\xff"}', 400, {}),
    "no key": (SAID, 401, {"key": None}),
    "a wrong key": (SAID, 401, {"key": "cb_wrong"}),
    "no bearer": (SAID, 401, {"key": None, "Authorization": "Basic x"}),
    "an interim": (SAID | {"is_final": False}, 200, {}),
    "a batch": ({"transcripts": [SAID, {"speaker": "user"}]}, 201, {}),
    "nothing": (b"", 400, {}),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_what_is_unusual_is_answered_by_the_handler_all_the_same(house, fault):
    body, status, more = FAULTS[fault]
    await post(house, SAID)
    answer = await both(house, body, **more)
    assert answer[0] == status, answer


async def test_a_key_without_the_scope_is_refused_on_either_way(house):
    reader = await house.make_key("read")
    await post(house, SAID, key=reader)  # looked up by the handler; now it is known
    assert (await both(house, SAID, key=reader))[0] == 403
    assert await house.store.read(stored) == []


@pytest.mark.parametrize("path", [b"CA%31", b"CA%zz", b"C" * 129, b"CA1/", b"CA1?x=1"])
async def test_another_address_is_not_mistaken_for_it(house, path):
    await post(house, SAID)
    path = PATH.replace(b"CA1", path)
    quick, slow = [await post(house, SAID, path=path, **more) for more in ({}, {"Connection": "Keep-Alive, x"})]
    assert quick[0] == slow[0] or (quick[0], slow[0]) == (201, 200)  # the second time it is a repeat


async def test_a_store_that_cannot_take_it_is_told_as_by_the_handler(house, monkeypatch):
    await post(house, SAID)

    def full(*_):
        raise Unavailable("The server has more to store than it can take just now.")

    def failing(*_):
        failed = asyncio.get_running_loop().create_future()
        failed.set_exception(Unavailable("Storing takes too long just now."))
        return failed

    for fails in (full, failing):
        monkeypatch.setattr(house.store, "write_together", fails)
        status, headers, body = await both(house, SAID)
        assert (status, headers["retry-after"], json.loads(body)["error"]["code"]) == (503, "1", "unavailable")


async def test_requests_sent_one_behind_the_other_are_answered_in_order(house):
    async with raw(house.services_port) as peer:
        await post(house, SAID | {"segment_id": "s0"}, peer=peer)
        wire = b""
        for n in range(1, 31):
            body = json.dumps(SAID | {"segment_id": f"s{n}"}).encode() if n % 10 else b"{"
            head = f"Host: x\r\nAuthorization: Bearer {house.key}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            wire += b"POST " + PATH + b" HTTP/1.1\r\n" + head + body
        await peer.send(wire)
        answers = [await peer.response() for _ in range(30)]
    assert [status for status, _, _ in answers] == [201 if n % 10 else 400 for n in range(1, 31)]
    heard = [json.loads(body)["accepted"][0]["segment_id"] for status, _, body in answers if status == 201]
    assert heard == [f"s{n}" for n in range(1, 31) if n % 10]


async def test_who_hangs_up_before_the_answer_has_been_heard_all_the_same(house):
    await post(house, SAID | {"segment_id": "s0"})
    async with house.watch("CA1") as viewer:
        await viewer.history()
        async with raw(house.services_port) as peer:
            body = json.dumps(SAID).encode()
            head = f"Host: x\r\nAuthorization: Bearer {house.key}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            await peer.send(b"POST " + PATH + b" HTTP/1.1\r\n" + head + body)
        assert (await viewer.until("transcript"))["seq"] == 2
