"""Bodies that Vapi and Retell would never send, or not in one piece: refused by name, or heard, and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import CONTENT_BYTES, Refused
from sources import retell, vapi
from sources.adapter import decode_state, encode_state
from tests import retell_bodies, vapi_bodies
from tests.fuzz.event_laws import check_event
from tests.heard_calls import finals, hear

DEEP = "[" * 100_000
ADAPTERS = {"vapi": vapi, "retell": retell}
GOOD = {
    "vapi": vapi_bodies.report(vapi_bodies.said("user", "Grüße 😀", 1, 2), vapi_bodies.said("bot", "Hi", 3, 4)),
    "retell": retell_bodies.ended(retell_bodies.turns("Grüße 😀", "Hi")),
}


def refused(adapter, body: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        adapter.decode(body, "application/json", {})
    assert caught.value.code == "malformed_payload"
    assert len(caught.value.message) < 400
    return caught.value


def vapi_speech(**fields) -> bytes:
    return vapi_bodies.speech(fields.pop("transcript", "a"), 1, **fields)


@pytest.mark.parametrize("adapter", ADAPTERS.values(), ids=ADAPTERS)
@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"[]", b"1", b'"x"', b"\xff", b"\x00", DEEP.encode(), b'{"a":' * 100_000, b"a=b&c=d"),
        *(b'{"event":NaN}', b'{"message":null}', b'{"message":[]}', b'{"event":"call_ended","call":"x"}', b"{}"),
        *(b'{"event":"call_ended","call":{}}', b'{"message":{"type":"transcript"}}', b'{"event":7}', b"\xef\xbb\xbf{}"),
    ],
)
def test_what_is_no_message_is_refused(adapter, body):
    refused(adapter, body)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("message.type", vapi_bodies.message(None)),
        ("message.type", vapi_bodies.message(["transcript"])),
        ("message.call.id", vapi_speech(call={})),
        ("message.call.id", vapi_speech(call=None)),
        ("message.call.id", vapi_speech(call={"id": 7})),
        ("message.call.id", vapi_speech(call={"id": "a b"})),
        ("message.call.id", vapi_speech(call={"id": "a" * 129})),
        ("message.call.id", vapi_speech(call={"id": "a\n"})),
        ("message.call", vapi_speech(call="c0ffee")),
        ("message.role", vapi_speech(role=None)),
        ("message.role", vapi_speech(role={})),
        ("message.transcriptType", vapi_speech(transcriptType="maybe")),
        ("message.transcriptType", vapi_speech(transcriptType=None)),
        ("message.transcriptType", vapi_speech(transcriptType=True)),
        ("message.transcript", vapi_speech(transcript=None)),
        ("message.transcript", vapi_speech(transcript=["a"])),
        ("message.transcript", vapi_speech(transcript="a" * (CONTENT_BYTES + 1))),
        ("message.transcript", vapi_speech(transcript="ü" * (CONTENT_BYTES // 2) + "a")),
    ],
)
def test_vapis_message_is_refused_by_its_field(field, body):
    assert refused(vapi, body).field == field


@pytest.mark.parametrize("call_id", [None, 7, "", "a b", "a" * 129, "a\n", {}])
def test_retells_event_is_refused_by_its_call(call_id):
    assert refused(retell, retell_bodies.started(call_id=call_id)).field == "call.call_id"
    assert refused(retell, b'{"event":"call_started","call":[]}').field == "call"
    assert refused(retell, retell_bodies.body(["call_started"])).field == "event"


@pytest.mark.parametrize("kind", ADAPTERS)
@pytest.mark.parametrize("cut", ["\\ud83d", "\\udc00", "\\ud83d\\ud83d", "a\\uD83D", "\\\\\\ud83d", "\\ud83d\\n"])
def test_half_an_emoji_costs_half_an_emoji(kind, cut):
    """JavaScript makes it by cutting a text short; a list would bring it again until the call's end."""
    said = finals(hear(ADAPTERS[kind], [GOOD[kind].replace(b'"Hi"', f'"a{cut}"'.encode())]))
    assert sorted(final.content.strip("a\\\n") for final in said) == ["Grüße 😀", "\ufffd" * cut.lower().count("\\ud")]


def test_whole_emojis_and_what_only_looks_like_half_of_one_stay():
    body = GOOD["retell"].replace(b'"Hi"', b'"\\ud83d\\ude00 \\\\ud83d \\ud83d"')
    assert finals(hear(retell, [body]))[1].content == "😀 \\ud83d \ufffd"


@pytest.mark.parametrize("kind", ADAPTERS)
def test_what_cannot_be_stored_is_left_out_of_what_can(kind):
    for text, kept in (
        ("a\x00b", "ab"),
        ("ü" * CONTENT_BYTES, "ü" * (CONTENT_BYTES // 2)),
        ("a\n\tb\x1b", "a\n\tb\x1b"),
    ):
        written = json.dumps(text).encode()
        assert kept in [final.content for final in finals(hear(ADAPTERS[kind], [GOOD[kind].replace(b'"Hi"', written)]))]
    for text in ("", " ", "\x00", "\u2003\n"):
        written = json.dumps(text).encode()
        assert len(finals(hear(ADAPTERS[kind], [GOOD[kind].replace(b'"Hi"', written)]))) == 1
    assert finals(hear(vapi, [vapi_speech(transcript="a\x00b")]))[0].content == "ab"


@pytest.mark.parametrize(
    "value", ["null", "true", '"x"', "[]", "{}", "-1", "1e308", "-0.0", "9" * 30, "9" * 400, "1e-320", "[[[]]]"]
)
@pytest.mark.parametrize("kind", ADAPTERS)
def test_any_value_in_any_place_is_refused_or_heard(kind, value):
    document = json.loads(GOOD[kind])
    for path in paths(document):
        taken_or_refused(kind, replaced(document, path, value))


def paths(value, path=()):
    if isinstance(value, dict | list):
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, name)
            yield from paths(part, (*path, name))


def replaced(document, path, value: str) -> bytes:
    copy = json.loads(json.dumps(document))
    at = copy
    for name in path[:-1]:
        at = at[name]
    at[path[-1]] = "PLACE"
    return json.dumps(copy).replace('"PLACE"', value).encode()


@pytest.mark.parametrize("kind", ADAPTERS)
@given(cut=st.integers(0, 400), junk=st.binary(max_size=8))
def test_a_truncated_or_spoilt_body_is_refused_or_heard(kind, cut, junk):
    refused(ADAPTERS[kind], GOOD[kind][: min(cut, len(GOOD[kind]) - 1)])
    taken_or_refused(kind, GOOD[kind][:cut] + junk)
    taken_or_refused(kind, GOOD[kind][:cut] + junk + GOOD[kind][cut:])


def taken_or_refused(kind: str, body: bytes) -> None:
    adapter = ADAPTERS[kind]
    try:
        payload = adapter.decode(body, "application/json", {})
    except Refused as refusal:
        assert refusal.code == "malformed_payload" and len(refusal.message) < 400
        return
    _, state = adapter.normalise(adapter.decode(GOOD[kind], "", {}), None, adapter.Config())
    for before in (None, state):
        events, after = adapter.normalise(payload, before, adapter.Config())
        assert after is None or decode_state(adapter, encode_state(after)) == after
        for event in events:
            check_event(event)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_deep_nesting_and_long_lists_in_what_is_not_read_are_nothing(kind):
    nested = b"[" * 500 + b"]" * 500
    body = GOOD[kind].replace(b"{", b'{"x":' + nested + b',"y":[' + b"0," * 100_000 + b"0],", 1)
    assert [final.content for final in finals(hear(ADAPTERS[kind], [body]))] == ["Grüße 😀", "Hi"]
