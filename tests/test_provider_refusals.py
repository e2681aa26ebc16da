"""What is posted to a source and is not what its provider would send: refused, and nothing of it half stored."""

import json
import sys

import pytest

from models import source_settings
from provider_line import JSON, SECRETS, Line, new_line, signed

KINDS = ["vapi", "retell", "telnyx", "deepgram"]
CALL = "CA-refused"
VAPI_CALL = {"id": CALL, "orgId": "org-1", "type": "inboundPhoneCall"}
GOOD = {
    "vapi": {
        "message": {
            **{"type": "transcript", "role": "user", "transcriptType": "final", "transcript": "Is my bike ready?"},
            **{"timestamp": 1_770_000_010_000, "call": VAPI_CALL},
        }
    },
    "retell": {
        "event": "call_ended",
        "call": {"call_id": CALL, "transcript_object": [{"role": "user", "content": "Is my bike ready?", "words": []}]},
    },
    "telnyx": {
        "data": {
            **{"event_type": "call.transcription", "id": "e-1", "occurred_at": "2026-02-02T02:40:05.000Z"},
            "payload": {
                **{"call_control_id": CALL, "call_leg_id": "leg-1", "connection_id": "12345"},
                "transcription_data": {
                    **{"transcript": "Is my bike ready?", "is_final": True},
                    **{"transcription_track": "inbound", "confidence": 0.9},
                },
            },
        }
    },
    "deepgram": {
        **{"type": "Results", "channel_index": [0, 2], "start": 0.0, "duration": 1.0},
        **{"is_final": True, "speech_final": True, "metadata": {"request_id": "r-1"}},
        "channel": {"alternatives": [{"transcript": "Is my bike ready?", "confidence": 0.9, "words": []}]},
    },
}
ACCOUNTS = {"vapi": "org-1", "telnyx": "12345"}
UNREADABLE = {  # of this kind, the provider's name of what is wrong
    "vapi": [(b"", None), (b"[]", None), (b'{"message":{"type":"transcript","call":{}}}', "message.call.id")],
    "retell": [
        (b"", None),
        (b'{"event":7}', "event"),
        (b'{"event":"call_ended","call":{"call_id":""}}', "call.call_id"),
    ],
    "telnyx": [(b"", None), (b"CallSid=CA1", None), (b'{"data":{"id":"e-1"}}', "data.event_type")],
    "deepgram": [(b"", None), (b"null", None), (b'{"type":"Results","start":"soon"}', "start")],
}
HOSTILE = [
    b"\x00" * 50,
    b"\xff\xfe{",
    b"{" * 50_000,
    b"[" * 50_000,
    b'{"data":{"payload":' * 10_000,
    b'"' + b"x" * 1_000_000 + b'"',
    b"9" * 100_000,
]
ODD = [  # JSON that might be meant well; a type that nobody knows is ignored
    b'{"message":1,"event":[],"data":"x","type":{}}',
    b'{"message":{"type":"transcript","call":{"id":"a b"}},"event":"call_ended","call":{"call_id":["x"]},"data":[1]}',
]


def query_of(kind: str) -> str:
    return f"call_sid={CALL}" if kind == "deepgram" else ""


def body_of(kind: str, content: str = "Is my bike ready?") -> bytes:
    return json.dumps(GOOD[kind]).replace("Is my bike ready?", content).encode()


async def stored(house) -> tuple[int, int]:
    """How many calls, and how many transcripts they have."""
    items = (await house.get("/api/v1/calls"))["items"]
    return len(items), sum(call["transcript_count"] for call in items)


async def refused(house, line: Line) -> list[tuple[str, str | None]]:
    """Code and field of what its page lists as refused, newest first."""
    (row,) = [
        row
        for row in await house.store.read(source_settings.listing, house.organization_id)
        if row.endpoint in line.path
    ]
    return [(it.code, it.field) for it in await house.services.activity.rejections(row.id)]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_signed_well_is_stored_and_nothing_else_is(house, kind):
    line = await new_line(house, kind, query=query_of(kind))
    body, now = body_of(kind), house.clock()
    for headers in (
        JSON,
        signed(kind, body, "another secret" if kind != "telnyx" else SECRETS[kind], now - 301_000_000)
        if kind in ("retell", "telnyx")
        else signed(kind, body, "another secret", now),
        {**signed(kind, body, SECRETS[kind], now), **dict.fromkeys(signed(kind, body, SECRETS[kind], now), "nonsense")},
    ):
        assert await line.post(body, headers) == 403
    assert await stored(house) == (0, 0)
    assert [code for code, _ in await refused(house, line)] == ["bad_signature"] * 3
    assert await line.post(body) == 204
    assert await stored(house) == (1, 1)


@pytest.mark.parametrize("kind", ["vapi", "retell", "telnyx"])
async def test_a_body_changed_after_it_was_signed_is_refused(house, kind):
    line = await new_line(house, kind)
    headers = signed(kind, body_of(kind), SECRETS[kind], house.clock())
    assert await line.post(body_of(kind, "Is my bank ready?"), headers) == 403
    assert await stored(house) == (0, 0)


@pytest.mark.parametrize("kind", KINDS)
async def test_another_address_is_404(house, kind):
    line = await new_line(house, kind, query=query_of(kind))
    for path in (f"/webhooks/{kind}/{'0' * 32}", line.path.replace(kind, "twilio"), f"/webhooks/pigeon/{'0' * 32}"):
        line.path = path
        assert await line.post(body_of(kind)) == 404
    assert await stored(house) == (0, 0)


@pytest.mark.parametrize("kind", ACCOUNTS)
async def test_another_account_is_refused(house, kind):
    line = await new_line(house, kind, account="somebody-else")
    assert await line.post(body_of(kind)) == 403
    assert await refused(house, line) == [("wrong_account", None)]
    assert await stored(house) == (0, 0)
    assert await (await new_line(house, kind, account=ACCOUNTS[kind])).post(body_of(kind)) == 204


@pytest.mark.parametrize("kind", KINDS)
async def test_what_makes_no_sense_is_refused_by_name_and_telnyx_is_not_asked_to_repeat_it(house, kind):
    line = await new_line(house, kind, query=query_of(kind))
    for body, field in UNREADABLE[kind]:
        assert await line.post(body) == (204 if kind == "telnyx" else 400)
        assert (await refused(house, line))[0] == ("malformed_payload", field)
    assert await stored(house) == (0, 0)
    assert await line.post(body_of(kind)) == 204, "the next good one is taken"
    assert await stored(house) == (1, 1)


@pytest.mark.parametrize("kind", KINDS)
async def test_hostile_bodies_break_nothing(house, kind):
    line = await new_line(house, kind, query=query_of(kind))
    good = body_of(kind)
    truncated = [good[:cut] for cut in range(1, len(good), 7)]
    for body in [*HOSTILE, *truncated]:
        assert await line.post(body) == (204 if kind == "telnyx" else 400), body[:80]
    for body in ODD:
        assert await line.post(body) in (204, 400)
    assert await stored(house) == (0, 0)
    assert await line.post(body_of(kind, "<script>alert(1)</script> \\u0000 \\ud83d")) in (204, 400)
    assert await line.post(good) == 204
    assert (await stored(house))[0] == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_an_event_nobody_knows_is_taken_and_does_nothing(house, kind):
    line = await new_line(house, kind, query=query_of(kind))
    unknown = {
        "vapi": {"message": {"type": "carrier-pigeon", "call": VAPI_CALL}},
        "retell": {"event": "carrier_pigeon", "call": {"call_id": CALL}},
        "telnyx": {"data": {"event_type": "call.pigeon", "payload": {"call_control_id": CALL}}},
        "deepgram": {"type": "Pigeon"},
    }
    assert await line.post(json.dumps(unknown[kind]).encode()) == 204
    assert await stored(house) == (0, 0) and await refused(house, line) == []


async def test_without_its_library_telnyx_is_asked_to_come_again_and_told_why(house, monkeypatch):
    line = await new_line(house, "telnyx")
    with monkeypatch.context() as bare:
        for module in ("nacl", "nacl.exceptions", "nacl.signing"):
            bare.setitem(sys.modules, module, None)
        headers = signed_before(line)
        answer = await house.fetch("POST", line.path, body_of("telnyx"), key=None, headers=headers)
        assert answer.code == 503 and b"pip install pynacl" in answer.body and answer.headers["Retry-After"] == "1"
    assert [code for code, _ in await refused(house, line)] == ["missing_library"]
    assert await stored(house) == (0, 0)
    assert await line.post(body_of("telnyx")) == 204


def signed_before(line: Line) -> dict[str, str]:
    """Good headers, made without importing anything."""
    return signed("telnyx", body_of("telnyx"), SECRETS["telnyx"], line.house.clock())


async def test_deepgrams_callback_must_say_which_call_it_is_of(house):
    line = await new_line(house, "deepgram")
    assert await line.post(body_of("deepgram")) == 400
    assert await refused(house, line) == [("malformed_payload", "call_sid")]
    for query in ("call_sid=a%20b", "call_sid=", "call_sid=%00", "call_sid=%ff", f"call_sid={CALL}&offset=soon"):
        line.query = "?" + query
        assert await line.post(body_of("deepgram")) == 400
    assert await stored(house) == (0, 0)


async def test_a_sources_settings_say_who_speaks_and_what_is_one_call(house):
    config = '{"inbound":"assistant","call_id":"call_session_id"}'
    line = await new_line(house, "telnyx", config=config)
    said = json.loads(body_of("telnyx"))
    for leg in ("a", "b"):
        said["data"]["payload"] |= {"call_control_id": f"leg-{leg}", "call_session_id": "session-1"}
        said["data"] |= {"id": f"e-{leg}"}
        assert await line.post(json.dumps(said).encode()) == 204
    (call,) = (await house.get("/api/v1/calls"))["items"]
    assert call["call_sid"] == "session-1"
    items = await house.get("/api/v1/calls/sid/session-1/transcripts")
    assert {item["speaker"] for item in items} == {"assistant"}
    line.query = "?call_id=call_control_id"
    assert await line.post(json.dumps(said).encode()) == 204, "what the address says goes before it"
    assert {call["call_sid"] for call in (await house.get("/api/v1/calls"))["items"]} == {"session-1", "leg-b"}
