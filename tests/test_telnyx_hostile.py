"""Bodies that Telnyx would never send, or not in one piece: refused by name, and nothing else ever happens."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import CONTENT_BYTES, Refused, Transcript
from sources import telnyx
from sources.adapter import decode_state, encode_state
from tests import heard_calls
from tests.heard_calls import finals, only
from tests.telnyx_bodies import CALL, WHOSE, answered, event, hangup, interim, speech

GOOD = speech(1, "Hello", 5)
HEARD = "data.payload.transcription_data"
JSON = "application/json"
DEEP = "[" * 100_000


def hear(bodies, **more):
    return heard_calls.hear(telnyx, bodies, **more)


def with_data(**fields) -> bytes:
    return event("call.transcription", 1, 1, transcription_data={"transcript": "a", "is_final": True} | fields)


def refused(body: bytes, content_type: str = JSON, query: dict | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        telnyx.decode(body, content_type, query or {})
    assert caught.value.code == "malformed_payload" and len(caught.value.message) < 400
    return caught.value


@pytest.mark.parametrize(
    ("field", "body"),
    [
        (None, b""),
        (None, b"null"),
        (None, b"[]"),
        (None, b"{"),
        (None, b"\xff"),
        ("data", f'{{"data":{DEEP}'.encode()),
        (None, GOOD[:-30]),
        (None, b'{"data":{"id":NaN}}'),
        ("data.id", b'{"data":{"id":1e999}}'),
        ("data", b'{"data":[]}'),
        ("data", b'{"data":"x"}'),
        ("data.payload", b'{"data":{"payload":[]}}'),
        ("data.event_type", b"{}"),
        ("data.event_type", b'{"data":{"event_type":7,"payload":{}}}'),
        ("data.payload.call_control_id", b'{"data":{"event_type":"call.answered"}}'),
        ("data.payload.call_control_id", answered(call_control_id=None)),
        ("data.payload.call_control_id", answered(call_control_id=7)),
        ("data.payload.call_control_id", answered(call_control_id="v3:\x00")),
        ("data.payload.call_control_id", answered(call_control_id="v3: x")),
        ("data.payload.call_control_id", hangup(1, call_control_id="v" * 129)),
        (HEARD, event("call.transcription", 1, transcription_data=[])),
        (f"{HEARD}.transcript", event("call.transcription", 1, transcription_data=None)),
        (f"{HEARD}.transcript", event("call.transcription", 1)),
        (f"{HEARD}.transcript", with_data(transcript=None)),
        (f"{HEARD}.transcript", with_data(transcript=["a"])),
        (f"{HEARD}.is_final", with_data(is_final="maybe")),
        (f"{HEARD}.is_final", with_data(is_final=1)),
        (f"{HEARD}.is_final", with_data(is_final=[])),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_field(field, body):
    assert refused(body).field == field


def test_a_form_is_told_that_texml_is_not_read():
    caught = refused(b"CallSid=1&CallStatus=completed", "application/x-www-form-urlencoded; charset=utf-8")
    assert caught.field == "Content-Type" and "TeXML" in caught.message


def test_the_field_is_named_that_the_settings_ask_for():
    field = "data.payload.call_session_id"
    assert refused(answered(call_session_id=""), query={"call_id": "call_session_id"}).field == field


@pytest.mark.parametrize(
    "fields",
    [
        {"confidence": "high"},
        {"confidence": True},
        {"confidence": -0.1},
        {"confidence": 1.5},
        {"confidence": 10**400},
        {"transcription_track": 7},
        {"transcription_track": {"a": []}},
        {"extra": [[[]]]},
        {"is_final": None},
        {"is_final": "true"},
    ],
)
def test_one_odd_value_costs_that_value_and_not_the_words(fields):
    (final,) = finals(hear([with_data(**fields)]))
    assert (final.content, final.confidence) == ("a", None)


@pytest.mark.parametrize(
    "at",
    ["yesterday", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "9" * 10_000, 7, None, [], "2026-11-05T25:00Z"],
)
def test_a_time_that_is_none_costs_the_times(at):
    data = json.loads(GOOD)
    data["data"]["occurred_at"] = at
    (final,) = finals(hear([answered(), json.dumps(data).encode()]))
    assert (final.content, final.created_at, final.segment_start) == ("Hello", None, None)


def test_what_cannot_be_stored_is_left_out_of_the_words():
    (final,) = finals(hear([with_data(transcript="a\x00b \ud83d")]))
    assert final.content == "ab �"
    (final,) = finals(hear([with_data(transcript="ü" * CONTENT_BYTES)]))
    assert len(final.content.encode()) == CONTENT_BYTES


@pytest.mark.parametrize("name", ["from", "to", "hangup_cause", "direction", "connection_id", "call_leg_id"])
@pytest.mark.parametrize("value", [None, 7, "", "x" * 5000, "a\nb", "\x00", {}, [[]]])
def test_facts_that_make_no_sense_are_unknown(name, value):
    facts = {name: value}
    said = hear([answered(), speech(1, "Hi", 1, **facts), event("call.hangup", 9, **facts)])
    assert said[-1].status == "completed" and len(finals(said)) == 1


@pytest.mark.parametrize("kind", ["call.hangup.x", "call", "call_", "", "x" * 10_000, "message.received"])
def test_an_unknown_event_is_ignored_with_or_without_a_call(kind):
    for payload in (WHOSE, {}, {"call_control_id": 7}):
        body = json.dumps({"data": {"event_type": kind, "payload": payload}}).encode()
        assert telnyx.normalise(telnyx.decode(body, JSON, {}), None, telnyx.Config()) == ([], None)


@given(cut=st.integers(0, len(GOOD)), junk=st.binary(max_size=8))
def test_a_truncated_or_spoilt_body_is_refused_or_heard(cut, junk):
    taken_or_refused(GOOD[:cut] + junk)
    taken_or_refused(GOOD[:cut] + junk + GOOD[cut:])


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
NAMES = [
    "call_control_id",
    "call_session_id",
    "call_leg_id",
    "from",
    "to",
    "direction",
    "hangup_cause",
    "connection_id",
]
KINDS = ["call.answered", "call.hangup", "call.initiated", "call.bridged", "call.transcription", "call.dtmf"]


@given(
    kind=st.sampled_from(KINDS) | ANY,
    facts=st.dictionaries(st.sampled_from(NAMES), ANY),
    heard=st.dictionaries(st.sampled_from(["transcript", "is_final", "confidence", "transcription_track"]), ANY) | ANY,
    more=st.dictionaries(st.sampled_from(["id", "occurred_at", "created_at", "payload"]), ANY),
    is_whole=st.booleans(),
)
@settings(max_examples=100)
def test_any_values_in_any_field_are_refused_or_heard(kind, facts, heard, more, is_whole):
    whole = json.loads(GOOD)["data"]
    payload = (whole["payload"] if is_whole else {}) | facts
    if kind == "call.transcription":
        own = payload.get("transcription_data")
        payload["transcription_data"] = own | heard if isinstance(own, dict) and isinstance(heard, dict) else heard
    data = {"event_type": kind, "payload": payload} | more
    taken_or_refused(json.dumps({"data": data}).encode("utf-8", "surrogatepass"))


def taken_or_refused(body: bytes) -> None:
    try:
        payload = telnyx.decode(body, JSON, {})
    except Refused as refusal:
        assert refusal.code == "malformed_payload" and len(refusal.message) < 400
        return
    _, state = telnyx.normalise(telnyx.decode(interim(3, "b", 4), JSON, {}), None, telnyx.Config())
    for before in (None, state):
        events, after = telnyx.normalise(payload, before, telnyx.Config())
        assert after is None or decode_state(telnyx, encode_state(after)) == after
        for said in only(Transcript, events):
            assert "\x00" not in said.content and len(said.segment_id) <= 128
            if said.segment_end is not None and said.segment_start is not None:
                assert 0 <= said.segment_start <= said.segment_end


ORDERS = st.permutations(
    [
        *(answered(0), hangup(11), event("call.bridged", 0.5), event("call.initiated", 0)),
        *(speech(n, f"{n}", n, track=track) for n, track in ((3, "inbound"), (6, "outbound"), (9, "inbound"))),
        *(interim(n, f"{n}", n, track=track) for n, track in ((1, "inbound"), (5, "outbound"), (8, "inbound"))),
        *(speech(4, "", 4), speech(7, "7", 7, track=None)),
    ]
)


@given(bodies=ORDERS, restarts=st.sets(st.integers(0, 11)), again=st.integers(0, 11))
@settings(max_examples=100)
def test_in_any_order_every_final_is_stored_once_under_its_own_id(bodies, restarts, again):
    heard = finals(hear([*bodies, *bodies[:again]], restarts=restarts))
    assert sorted(final.content for final in heard) == ["3", "6", "7", "9"]
    assert len({final.segment_id for final in heard}) == 4
    assert telnyx.decode(bodies[0], JSON, {}).call_sid == CALL
