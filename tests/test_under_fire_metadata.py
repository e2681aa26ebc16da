"""A call's metadata are merged from many requests; what they come to together is bounded like one request."""

import json

import pytest

from events import METADATA_BYTES, CallAnnounced, Refused, StatusReported
from models.database import migrate, open_database
from test_record import Board, said

PATH = "/api/v1/calls/sid/CA1/metadata"


@pytest.fixture
def board(database_url):
    db = open_database(database_url)
    with db.connection_context():
        migrate(db)
        yield Board(db)


async def refused(house, method, path, body):
    answer = await house.fetch(method, path, body)
    error = json.loads(answer.body)["error"]
    assert (answer.code, error["code"], error["field"]) == (422, "invalid_field", "metadata"), answer.body


def test_what_would_make_the_metadata_too_long_is_refused_and_nothing_of_it_is_stored(board):
    board.hear("CA1", CallAnnounced(metadata={"a": "x" * 10_000}))
    before = board.call("CA1")
    too_much = CallAnnounced(metadata={"b": "x" * 7_000}, from_number="+15550123")
    with pytest.raises(Refused) as problem:
        board.hear("CA1", said("s1"), too_much, StatusReported(status="completed"))
    assert (problem.value.code, problem.value.field) == ("invalid_field", "metadata")
    assert board.call("CA1") == before and board.log("CA1") == []
    board.hear("CA1", CallAnnounced(metadata={"a": "y", "b": "x" * 7_000}))
    assert set(board.call("CA1").metadata) == {"a", "b"}, "what replaces something counts once"


def test_a_call_that_would_begin_with_too_much_is_not_created(board):
    facts = [CallAnnounced(metadata={name: "x" * 10_000}) for name in "ab"]
    with pytest.raises(Refused):
        board.hear("CA1", *facts)
    board.hear("CA1", facts[0])
    assert board.call("CA1").metadata == facts[0].metadata


@pytest.mark.parametrize("letter", ["x", "é", '"', "\x01"])
def test_the_bound_is_in_bytes_of_json_and_exact(board, letter):
    each = len(json.dumps(letter, ensure_ascii=False).encode()) - 2
    room = METADATA_BYTES - len('{"a":"","b":""}')
    board.hear("CA1", CallAnnounced(metadata={"a": ""}))
    board.hear("CA1", CallAnnounced(metadata={"b": letter * (room // each)}))
    with pytest.raises(Refused):
        board.hear("CA1", CallAnnounced(metadata={"a": letter}))
    board.hear("CA1", CallAnnounced(metadata={}), CallAnnounced(from_number="+15550123"))
    assert board.call("CA1").from_number == "+15550123", "who says nothing of it is not refused"


async def test_whoever_sends_metadata_hears_that_it_is_too_much(either_house):
    house = either_house
    await house.say("CA1", "s1", "Hello")
    for n in range(2):
        assert (await house.fetch("PATCH", PATH, {"metadata": {f"k{n}": "x" * 8_000}})).code == 200
    before = await house.get("/api/v1/calls/sid/CA1")
    await refused(house, "PATCH", PATH, {"metadata": {"k2": "x" * 500}})
    facts = {"call_sid": "CA1", "from_number": "+15550123", "metadata": {"k3": "x" * 500}}
    await refused(house, "POST", "/api/v1/calls", facts)
    async with house.produce() as producer:
        await producer.send({"type": "call", "id": 1, "call_sid": "CA1", "data": facts})
        error = await producer.next()
        assert (error["error"], error["field"], error["retryable"]) == ("invalid_field", "metadata", False)
    after = await house.get("/api/v1/calls/sid/CA1")
    assert {name: after[name] for name in after if name != "duration"} == {
        name: before[name] for name in before if name != "duration"
    }
    assert (await house.fetch("PATCH", PATH, {"metadata": {"k0": "", "k2": "x" * 500}})).code == 200
