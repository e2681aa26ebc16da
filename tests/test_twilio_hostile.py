"""Bodies that Twilio would never send, or not in one piece: refused by name, and nothing else ever happens."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import CONTENT_BYTES, Refused, Transcript
from sources import twilio
from sources.adapter import decode_state, encode_state
from sources.twilio_signature import FORM
from tests.twilio_calls import CONFIG, event, finals, form, hear, only, partial, speech, status

GOOD = speech(1, "Hello", 5, LanguageCode="en-GB")
NUMBER = "9" * 1_000_000
DEEP = '{"transcript":"a","x":' + "[" * 100_000


def refused(body: bytes, content_type: str = FORM) -> Refused:
    with pytest.raises(Refused) as caught:
        twilio.decode(body, content_type, {})
    assert caught.value.code == "malformed_payload"
    assert len(caught.value.message) < 400
    return caught.value


def said(data: str, **fields) -> bytes:
    return speech(1, "", 5, **{"TranscriptionData": data} | fields)


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("CallSid", b""),
        ("CallSid", form(CallSid="")),
        ("CallSid", form(CallSid="CA 1")),
        ("CallSid", form(CallSid="CA1\n")),
        ("CallSid", form(CallSid="C" * 129)),
        ("CallSid", b"AccountSid=AC0&CallSid=%FF"),
        ("CallSid", b"AccountSid=AC0&CallSid=%00"),
        ("AccountSid", b"CallSid=CA0"),
        ("AccountSid", form(AccountSid="")),
        ("TranscriptionSid", speech(1, "a", TranscriptionSid="")),
        ("TranscriptionSid", speech(1, "a", TranscriptionSid="GT:1")),
        ("TranscriptionSid", speech(1, "a", TranscriptionSid="G" * 65)),
        ("Track", speech(1, "a", Track="both_tracks")),
        ("SequenceId", speech("", "a")),
        ("SequenceId", speech("-1", "a")),
        ("SequenceId", speech("1.0", "a")),
        ("SequenceId", speech("١", "a")),
        ("SequenceId", speech(2**31, "a")),
        ("SequenceId", speech(NUMBER, "a")),
        ("Final", speech(1, "a", Final="yes")),
        ("Final", speech(1, "a", Final="")),
        ("Timestamp", speech(1, "a", Timestamp="yesterday")),
        ("Timestamp", speech(1, "a", Timestamp="0001-01-01T00:00:00Z")),
        ("Timestamp", speech(1, "a", Timestamp="9999-12-31T23:59:59-23:59")),
        ("Timestamp", speech(1, "a", Timestamp=NUMBER)),
        ("Timestamp", status("completed", Timestamp="Thu, 99999999999999999999 Nov 2026 09:00:00 +0000")),
        ("Timestamp", status("in-progress", Timestamp="Thu, 05 Nov 2026 09:00:00 +99999999")),
        ("Timestamp", status("in-progress", Timestamp="Thu, 05 Nov 1026 09:00:00 +0000")),
        ("Timestamp", event("started", Timestamp="�")),
        ("From", status("busy", From="+1\x00")),
        ("TranscriptionEvent", form(TranscriptionEvent="\x00")),
        ("TranscriptionData", said("")),
        ("TranscriptionData", said("null")),
        ("TranscriptionData", said("[]")),
        ("TranscriptionData", said("{}")),
        ("TranscriptionData", said('{"transcript":1}')),
        ("TranscriptionData", said('{"transcript":"a"')),
        ("TranscriptionData", said('{"transcript":"\\ud800"}')),
        ("TranscriptionData", said('{"transcript":"\\u0000"}')),
        ("TranscriptionData", said('{"transcript":"a","confidence":NaN}')),
        ("TranscriptionData", said('{"transcript":"a","confidence":1e999}')),
        ("TranscriptionData", said('{"transcript":"a","confidence":' + NUMBER + "}")),
        ("TranscriptionData", said(DEEP)),
        ("TranscriptionData", said(DEEP.replace("x", "confidence"))),
        ("TranscriptionData", said(json.dumps({"transcript": "a" * (CONTENT_BYTES + 1)}))),
        ("TranscriptionData", said(json.dumps({"transcript": "ü" * (CONTENT_BYTES // 2) + "a"}))),
        ("TranscriptionData", GOOD.replace(b"Hello", b"%ED%A0%80")),
        ("TranscriptionData", GOOD.replace(b"Hello", b"\xff")),
    ],
)
def test_what_cannot_be_taken_is_refused_by_its_field(field, body):
    assert refused(body).field == field


@pytest.mark.parametrize("content_type", ["", "application/json", "multipart/form-data; boundary=x", "text/plain"])
def test_only_forms_are_read(content_type):
    assert refused(GOOD, content_type).field == "Content-Type"


@pytest.mark.parametrize("confidence", ['"high"', "true", "-0.1", "1.5", "[]", "null", "9" * 400])
def test_a_bad_confidence_costs_the_confidence_and_not_the_words(confidence):
    (final,) = finals(hear([said(f'{{"transcript":"a","confidence":{confidence}}}')]))
    assert (final.content, final.confidence) == ("a", None)


def test_the_longest_content_is_taken():
    (final,) = finals(hear([said(json.dumps({"transcript": "ü" * (CONTENT_BYTES // 2)}))]))
    assert len(final.content.encode()) == CONTENT_BYTES


@pytest.mark.parametrize(
    "fields", [{"LanguageCode": "multi"}, {"LanguageCode": "x" * 36}, {"LanguageCode": ""}, {"LanguageCode": "a\nb"}]
)
def test_a_language_that_names_none_is_unknown(fields):
    assert finals(hear([speech(1, "a", 1, **fields)]))[0].language is None


@pytest.mark.parametrize("duration", ["", "-1", "1.5", "x", NUMBER])
def test_a_call_ends_whatever_its_duration_says(duration):
    report = hear([status("completed", 9, CallDuration=duration)])[-1]
    assert (report.status, report.duration) == ("completed", None)


def test_a_missing_timestamp_leaves_the_times_unknown():
    interim, final = only(Transcript, hear([event("started", 0), partial(1, "a"), speech(2, "a b")]))
    assert (interim.segment_start, interim.created_at) == (None, None)
    assert (final.segment_start, final.segment_end, final.created_at) == (None, None, None)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "{",
        "null",
        "[]",
        '{"ProviderData":{},"ProviderConnectTime":1}',
        '{"ProviderData":{"channel":{"alternatives":[]}},"ProviderConnectTime":"2026-11-05T09:00:00Z"}',
        '{"ProviderData":{"channel":{"alternatives":[{"words":[]}]}},"ProviderConnectTime":"2026-11-05T09:00:00Z"}',
        '{"ProviderData":{"channel":{"alternatives":[{"words":[{"start":1,"end":2}]}]}},"ProviderConnectTime":"x"}',
        '{"ProviderData":{"channel":{"alternatives":[{"words":[{"start":3,"end":2}]}]}},'
        '"ProviderConnectTime":"2026-11-05T09:00:00Z"}',
        '{"ProviderData":{"channel":{"alternatives":[{"words":[{"start":1,"end":1e300}]}]}},'
        '"ProviderConnectTime":"2026-11-05T09:00:00Z"}',
        '{"ProviderData":' + "[" * 100_000,
        "\x00",
    ],
)
def test_provider_data_that_make_no_sense_are_as_good_as_none(data):
    (final,) = finals(hear([event("started", 0), speech(1, "one two", 5, TranscriptionProviderData=data)]))
    assert (final.segment_start, final.segment_end) == (4.2, 5.0)


@pytest.mark.parametrize(
    "fields", [{"ErrorCode": "32655", "ErrorMessage": "gone"}, {"TranscriptionErrorCode": "32655"}]
)
def test_both_spellings_of_an_error_are_read(fields):
    note = hear([event("error", 1, **fields)])[2].metadata["transcription_error"]
    assert note == ("32655: gone" if "ErrorMessage" in fields else "32655")


@given(cut=st.integers(0, len(GOOD)), junk=st.binary(max_size=8))
def test_a_truncated_or_spoilt_body_is_refused_or_heard(cut, junk):
    taken_or_refused(GOOD[:cut] + junk)
    taken_or_refused(GOOD[:cut] + junk + GOOD[cut:])


NAMES = ["CallSid", "AccountSid", "TranscriptionEvent", "TranscriptionSid", "Timestamp", "SequenceId", "Track", "Final"]
NAMES += ["CallStatus", "Direction", "From", "To", "CallDuration", "TranscriptionData", "TranscriptionProviderData"]
NAMES += ["LanguageCode", "TranscriptionErrorCode", "TranscriptionError"]
WORDS = ["CA0", "AC0", "GT0", "transcription-content", "transcription-started", "transcription-error", "in-progress"]
WORDS += ["completed", "true", "false", "inbound_track", "1", "2147483647", '{"transcript":"a"}', "en", ""]
WORDS += ["2026-11-05T09:00:00.000000001Z", "Thu, 05 Nov 2026 09:00:00 -0000", "2026-11-05", "24:00"]
VALUES = st.sampled_from(WORDS) | st.text() | st.integers().map(str) | st.floats().map(str)


@given(fields=st.dictionaries(st.sampled_from(NAMES), VALUES), is_whole=st.booleans())
@settings(max_examples=150)
def test_any_values_in_any_field_are_refused_or_heard(fields, is_whole):
    whole = {"CallSid": "CA0", "AccountSid": "AC0", "TranscriptionEvent": "transcription-content", "Final": "true"}
    whole |= {"TranscriptionSid": "GT0", "Track": "inbound_track", "SequenceId": "1", "Timestamp": WORDS[-4]}
    given_fields = (whole | {"TranscriptionData": '{"transcript":"a"}'} if is_whole else {}) | fields
    taken_or_refused(
        "&".join(f"{name}={quote(value, errors='replace')}" for name, value in given_fields.items()).encode()
    )


def taken_or_refused(body: bytes) -> None:
    try:
        payload = twilio.decode(body, FORM, {})
    except Refused as refusal:
        assert refusal.code == "malformed_payload"
        return
    _, state = twilio.normalise(twilio.decode(partial(3, "b", 4), FORM, {}), None, CONFIG)
    for before in (None, state):
        events, after = twilio.normalise(payload, before, CONFIG)
        assert after is None or decode_state(twilio, encode_state(after)) == after
        for transcript in only(Transcript, events):
            assert "\x00" not in transcript.content
            if transcript.segment_end is not None and transcript.segment_start is not None:
                assert 0 <= transcript.segment_start <= transcript.segment_end


ORDERS = st.permutations(
    [event("started", 0)]
    + [
        speech(n, f"{n}", n, track=track)
        for n, track in ((3, "inbound_track"), (6, "outbound_track"), (9, "inbound_track"))
    ]
    + [
        partial(n, f"{n}", n, track=track)
        for n, track in ((1, "inbound_track"), (5, "outbound_track"), (8, "inbound_track"))
    ]
    + [speech(4, "", 4), event("stopped", 10), status("in-progress", 1), status("completed", 11)]
)


@given(bodies=ORDERS, restarts=st.sets(st.integers(0, 11)), again=st.integers(0, 11))
@settings(max_examples=150)
def test_in_any_order_every_final_is_stored_once_under_its_own_id(bodies, restarts, again):
    heard = finals(hear(bodies + bodies[:again], restarts=restarts))
    assert sorted(final.content for final in heard) == ["3", "6", "9"]
    assert len({final.segment_id for final in heard}) == 3
