"""The messages of the `/ingest` socket, and what no door lets in."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import CallAnnounced, Refused, StatusReported, Transcript
from sources import producer
from sources.producer import RefusedMessage

DEEP = "[" * 100_000


def body(value, **more) -> bytes:
    return json.dumps(value | more).encode()


def message(type="transcript", data=None, **fields):
    data = {"segment_id": "s1", "content": "Hi", "speaker": "user"} if data is None else data
    return producer.decode_message(body({"type": type, "call_sid": "CA1", "data": data}, **fields).decode())


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"{", b"[]", b"1", b"null", b'"a"', b"\xff", b"\xef\xbb\xbf{}", b"{'a':1}", b'{"a":NaN}', b'{"a":1} x'),
        *(b'{"call_sid":"\\ud800"}', b'{"content":"\xff"}', f'{{"a":{DEEP}'.encode(), DEEP.encode()),
    ],
)
def test_what_is_not_a_json_object_is_refused_by_every_door(text):
    for door in (producer.decode_call, producer.decode_status, producer.decode_metadata, producer.decode_message):
        with pytest.raises(Refused) as caught:
            door(text)
        assert len(caught.value.message) < 400
        assert caught.value.code in {"invalid_json", "invalid_field", "invalid_call_sid", "unknown_message_type"}
    try:
        (one,), _ = producer.decode_transcripts(text, str)
    except Refused as refused:
        one = refused
    assert one.code in {"invalid_json", "invalid_field"}


def test_a_message_carries_typed_events():
    said = message(id="7")
    assert (said.type, said.id, said.call_sid) == ("transcript", "7", "CA1")
    assert said.data == (Transcript(segment_id="s1", speaker="user", content="Hi"),)
    assert message(id=None).id is None
    both = message("call", {"direction": "inbound", "status": "busy"}, id=8)
    assert both.data == (CallAnnounced(direction="inbound"), StatusReported(status="failed", reason="busy"))
    assert (both.id, message("call", {}).data) == (8, (CallAnnounced(),))
    assert message("call_status", {"status": "ringing"}).data == ()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": "hello"}, ("unknown_message_type", "type")),
        ({"type": ["call"]}, ("unknown_message_type", "type")),
        ({"call_sid": 1}, ("invalid_call_sid", "call_sid")),
        ({"data": {"content": "Hi", "speaker": "user"}}, ("invalid_field", "segment_id")),
        ({"data": {"segment_id": "s", "content": "Hi", "speaker": "x"}}, ("invalid_field", "speaker")),
        ({"data": []}, ("invalid_json", None)),
        ({"type": "call_status", "data": {"status": "x"}}, ("invalid_status", "status")),
    ],
)
def test_a_refused_message_is_answered_under_its_id(fields, expected):
    with pytest.raises(RefusedMessage) as caught:
        message(id="m-1", **fields)
    assert ((caught.value.code, caught.value.field), caught.value.id) == (expected, "m-1")


@pytest.mark.parametrize("id", [1.5, True, [], {}, "x" * 129, 2**53, 10**400])
def test_an_id_that_cannot_be_given_back_is_refused(id):
    with pytest.raises(RefusedMessage) as caught:
        message(id=id)
    assert (caught.value.field, caught.value.id) == ("id", None)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["user", "CA1", "call"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["type", "id", "call_sid", "content", "speaker", "status", "metadata", "started_at", "created_at", "assistant"]
NAMES += ["segment_id", "revision", "confidence", "segment_start", "language", "duration", "reason", "from_number"]
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES)


@given(outer=OBJECTS, inner=OBJECTS, junk=st.binary(max_size=20), cut=st.integers(0, 200))
@settings(max_examples=150)
def test_whatever_is_sent_is_taken_or_refused(outer, inner, junk, cut):
    whole = {"call_sid": "CA1", "type": "transcript", "content": "Hi", "speaker": "user", "status": "failed"} | outer
    for value in (whole, outer, whole | {"data": whole | inner}, {"transcripts": [inner, whole, 1]}):
        text = json.dumps(value).encode()
        for sent in (text, text[:cut], text[:cut] + junk):
            for door in (
                producer.decode_call,
                producer.decode_status,
                producer.decode_metadata,
                producer.decode_message,
            ):
                taken_or_refused(door, sent)
            taken_or_refused(producer.decode_transcripts, sent, str)


def taken_or_refused(door, *args) -> None:
    try:
        door(*args)
    except Refused as refused:
        assert refused.code in {
            *("invalid_json", "invalid_field", "invalid_call_sid", "invalid_status", "unknown_message_type"),
        }
