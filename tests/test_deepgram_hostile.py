"""Messages that Deepgram would never send, or not in one piece; who may send them, and of which call they are."""

import json
from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import CONTENT_BYTES, Refused, Transcript
from sources import deepgram
from sources.adapter import decode_state, encode_state
from tests import heard_calls
from tests.deepgram_bodies import CALL, interim, message, result, stream_end, turn, utterance_end
from tests.heard_calls import finals, log, only

GOOD = result(0, 2, "Hello there", last=True)
DEEP = '{"type":"Results","x":' + "[" * 100_000


def hear(bodies, **more):
    return heard_calls.hear(deepgram, bodies, **{"query": CALL} | more)


def odd(body: bytes, **fields) -> bytes:
    return json.dumps(json.loads(body) | fields).encode()


def refused(body: bytes, query=CALL) -> Refused:
    with pytest.raises(Refused) as caught:
        deepgram.decode(body, "application/json", query)
    assert caught.value.code == "malformed_payload" and len(caught.value.message) < 400
    return caught.value


@pytest.mark.parametrize(
    ("field", "body"),
    [
        (None, b""),
        (None, b"null"),
        (None, b"[]"),
        (None, b"\xff"),
        (None, DEEP.encode()),
        (None, GOOD[:-1]),
        ("metadata", message("Results", metadata=[])),
        ("channel", message("Results", channel="x")),
        ("channel.alternatives", message("Results", channel={"alternatives": {}})),
        ("start", odd(GOOD, start=None)),
        ("start", odd(GOOD, start=-1)),
        ("start", odd(GOOD, start=10**9)),
        ("start", odd(GOOD, start="1")),
        ("start", odd(GOOD, start=True)),
        ("duration", odd(GOOD, duration=-0.5)),
        ("duration", odd(GOOD, duration="long")),
        ("duration", stream_end(-1)),
        ("is_final", odd(GOOD, is_final="yes")),
        ("speech_final", odd(GOOD, speech_final=1)),
        ("channel_index", odd(GOOD, channel_index=[20, 21])),
        ("channel_index", odd(GOOD, channel_index=[-1, 1])),
        ("channel_index", odd(GOOD, channel_index=["0", 1])),
        ("channel_index", utterance_end(1, channel=99)),
        ("transcript", odd(GOOD, channel={"alternatives": [{"transcript": 7}]})),
        ("transcript", turn(1, "EndOfTurn", 0, "a", transcript=["a"])),
        ("turn_index", turn(1, "EndOfTurn", 0, "a", turn_index=-1)),
        ("turn_index", turn(1, "EndOfTurn", 0, "a", turn_index=None)),
        ("turn_index", turn(1, "EndOfTurn", 0, "a", turn_index=0.5)),
        ("sequence_id", turn(1, "EndOfTurn", 0, "a", sequence_id=2**31)),
        ("sequence_id", turn(1, "EndOfTurn", 0, "a", sequence_id="1")),
        ("audio_window_start", turn(1, "EndOfTurn", 0, "a", audio_window_start=None)),
        ("audio_window_end", turn(1, "EndOfTurn", 0, "a", audio_window_end=[])),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_field(field, body):
    assert refused(body).field == field


@pytest.mark.parametrize(
    ("field", "query"),
    [
        ("call_sid", {}),
        ("call_sid", {"call_sid": ""}),
        ("call_sid", {"call_sid": "a b"}),
        ("call_sid", {"call_sid": "a" * 129}),
        ("speaker", CALL | {"speaker": "agent"}),
        ("offset", CALL | {"offset": "soon"}),
        ("offset", CALL | {"offset": "-1"}),
        ("offset", CALL | {"offset": "nan"}),
        ("offset", CALL | {"offset": "inf"}),
        ("offset", CALL | {"offset": "1e300"}),
    ],
)
def test_an_address_that_cannot_be_taken_is_refused_by_its_parameter(field, query):
    assert refused(GOOD, query).field == field


@pytest.mark.parametrize(
    "told",
    [
        {"metadata": {"request_id": "r", "extra": {"call_sid": "CA7"}}},
        {"metadata": {"request_id": "r", "extra": "call_sid:CA7"}},
        {"metadata": {"request_id": "r", "extra": ["a:b", "call_sid:CA7"]}},
        {"metadata": {"request_id": "r", "tags": ["production", "call_sid:CA7"]}},
        {"extra": {"call_sid": "CA7"}},
        {"tags": "call_sid:CA7"},
    ],
)
def test_the_call_may_be_told_by_the_message_and_the_address_goes_before_it(told):
    body = odd(GOOD, **told)
    assert deepgram.decode(body, "", {}).call_sid == "CA7"
    assert deepgram.decode(body, "", CALL).call_sid == "CA0"
    assert deepgram.decode_message("CA1", body, speaker="assistant").speaker == "assistant"


@pytest.mark.parametrize(
    "told", [{"tags": ["CA7"]}, {"extra": {"call": "CA7"}}, {"extra": [7]}, {"extra": {"call_sid": 7}}]
)
def test_what_does_not_name_the_call_is_not_guessed(told):
    assert refused(odd(GOOD, **told), {}).field == "call_sid"


def basic(password: str, user: str = "callboard") -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


def is_verified(headers, secret="s3cret-Grüße") -> bool:
    return deepgram.verify(url="https://calls.example.com/w", headers=headers, body=GOOD, secret=secret, now=0)


def test_the_secret_comes_as_the_token_or_as_the_password():
    assert is_verified({"DG-Token": "s3cret-Grüße"}) and is_verified({"dg-token": "key-id"}, "key-id")
    assert is_verified(basic("s3cret-Grüße")) and is_verified(basic("a:b:c"), "a:b:c")
    assert is_verified(basic("s3cret-Grüße") | {"dg-token": "another"})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        None,
        {"dg-token": ""},
        {"dg-token": "s3cret"},
        {"dg-token": "\ud800"},
        {"Authorization": "s3cret-Grüße"},
        {"Authorization": "Bearer s3cret-Grüße"},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !"},
        {"Authorization": "Basic " + b64encode(b"s3cret-Gr\xc3\xbc\xc3\x9fe").decode()},
        basic("", "s3cret-Grüße"),
        basic("s3cret-Grüße "),
    ],
)
def test_without_the_secret_nobody_is_let_in(headers):
    assert is_verified(headers) is False


def test_an_empty_secret_is_none():
    assert not is_verified({"dg-token": ""}, "") and not is_verified(basic(""), "") and not is_verified({}, "")


def test_one_odd_value_costs_that_value_and_not_the_words():
    said = {"transcript": "a\x00b \ud83d", "confidence": "high", "languages": 7, "words": [{"start": "x"}]}
    (final,) = finals(hear([odd(result(0, 1, "", last=True), channel={"alternatives": [said]})]))
    assert (final.content, final.confidence, final.language, final.segment_end) == ("ab �", None, None, 1.0)
    (final,) = finals(hear([result(0, 1, "ü" * CONTENT_BYTES, last=True)]))
    assert len(final.content.encode()) == CONTENT_BYTES


@pytest.mark.parametrize("request_id", [None, 7, "", "a b:c", "ü" * 500, {}])
def test_a_connection_without_a_sound_name_still_gives_sound_ids(request_id):
    (final,) = finals(hear([result(0, 1, "A", last=True, request=request_id)]))
    assert len(final.segment_id) <= 128 and final.segment_id.isascii() and " " not in final.segment_id


@pytest.mark.parametrize("kind", ["Sentiment", "", "results", None, 7, [], "x" * 10_000])
def test_an_unknown_message_is_ignored(kind):
    payload = deepgram.decode(json.dumps({"type": kind}).encode(), "", CALL)
    assert deepgram.normalise(payload, None, deepgram.Config()) == ([], None)


def test_messages_of_a_time_without_types_are_read():
    body = json.loads(GOOD)
    del body["type"]
    assert [final.content for final in finals(hear([json.dumps(body).encode()]))] == ["Hello there"]


@given(cut=st.integers(0, len(GOOD)), junk=st.binary(max_size=8))
def test_a_truncated_or_spoilt_body_is_refused_or_heard(cut, junk):
    taken_or_refused(GOOD[:cut] + junk)
    taken_or_refused(GOOD[:cut] + junk + GOOD[cut:])


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
WHOLE = [GOOD, interim(0, 1, "a"), turn(3, "EndOfTurn", 0, "b"), utterance_end(1), stream_end(4), message("Error")]
NAMES = sorted({name for body in WHOLE for name in json.loads(body)} | {"created", "extra", "tags", "code", "message"})


@given(whole=st.sampled_from(WHOLE), fields=st.dictionaries(st.sampled_from(NAMES), ANY, max_size=4))
@settings(max_examples=100)
def test_any_values_in_any_field_are_refused_or_heard(whole, fields):
    taken_or_refused(json.dumps(json.loads(whole) | fields).encode("utf-8", "surrogatepass"))


def taken_or_refused(body: bytes) -> None:
    try:
        payload = deepgram.decode(body, "", CALL)
    except Refused as refusal:
        assert refusal.code == "malformed_payload" and len(refusal.message) < 400
        return
    held = deepgram.normalise(deepgram.decode(result(0, 2, "A"), "", CALL), None, deepgram.Config())[1]
    for before in (None, held):
        events, after = deepgram.normalise(payload, before, deepgram.Config())
        assert after is None or decode_state(deepgram, encode_state(after)) == after
        for said in only(Transcript, events):
            assert "\x00" not in said.content and len(said.segment_id) <= 128
            assert said.segment_end is None or 0 <= said.segment_start <= said.segment_end


WINDOWS = [
    *(result(n, n + 1, f"w{n}", last=n in (1, 2, 5), channel=0) for n in range(6)),
    *(result(n, n + 1, f"v{n}", last=n == 3, channel=1) for n in range(4)),
    *(interim(0, 0.5, "w"), interim(4, 4.5, "w"), utterance_end(1.9), result(6, 7, "", last=True), stream_end(7)),
]


@given(bodies=st.permutations(WINDOWS), restarts=st.sets(st.integers(0, 15)), again=st.integers(0, 15))
@settings(max_examples=100)
def test_in_any_order_the_log_says_every_utterance_as_it_was(bodies, restarts, again):
    events = hear([*bodies, *bodies[:again], stream_end(7)], restarts=restarts)
    assert [(said.speaker, said.content) for said in log(events)] == [
        ("user", "w0 w1"),
        ("assistant", "v0 v1 v2 v3"),
        ("user", "w2"),
        ("user", "w3 w4 w5"),
    ]
