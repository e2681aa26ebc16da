"""The vocabulary: times as texts and back, and the messages as the contract shows them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import Entry, Transcript, entry_message, interim_message, microseconds, rfc3339, status_message
from tests.law import NOBODY_HEARD

AT = 1_768_824_005_123_456
DATA = {
    "content": "Grüße",
    "speaker": "assistant",
    "is_final": True,
    "confidence": 0.95,
    "segment_start": 5.2,
    "segment_end": None,
    "created_at": "2026-01-19T12:00:05.123+00:00",
    "segment_id": "a-17",
    "revision": 3,
    "language": "en-US",
}


def test_a_time_has_milliseconds_and_a_numeric_offset():
    assert rfc3339(AT) == "2026-01-19T12:00:05.123+00:00"
    assert rfc3339(0) == "1970-01-01T00:00:00.000+00:00"
    assert rfc3339(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-19T12:00:05.123456+00:00",
        "2026-01-19T12:00:05.123456Z",
        "2026-01-19 12:00:05.123456",
        "2026-01-19T13:00:05.123456+01:00",
    ],
)
def test_a_time_is_read_with_any_offset_and_without_one_as_utc(text):
    assert microseconds(text) == AT


@given(st.integers(0, 4_102_444_800_000))
def test_a_time_that_is_shown_and_read_again_is_the_same(ms):
    assert microseconds(rfc3339(ms * 1000)) == ms * 1000


def test_what_is_no_time_is_no_time():
    for text in ("", "soon", "2026-13-01", "2026-01-19T25:00", "1768824005"):
        with pytest.raises(ValueError):
            microseconds(text)


def test_a_stored_transcript_has_its_place_and_an_interim_has_none():
    given_fields = {name: value for name, value in DATA.items() if name not in ("created_at", "is_final")}
    spoken = Transcript(**given_fields, created_at=AT)
    message = json.loads(entry_message("CA1", Entry(seq=42, stored_at=AT, transcript=spoken), replayed=True))
    at = "2026-01-19T12:00:05.123+00:00"
    head = {"type": "transcript", "call_sid": "CA1", "timestamp": at}
    assert message == head | {"seq": 42, "replayed": True, "data": DATA}
    interim = json.loads(interim_message("CA1", spoken, AT))
    assert interim == head | {"replayed": False, "data": DATA}


def test_a_status_has_every_field_of_the_contract():
    message = json.loads(status_message(NOBODY_HEARD, AT))
    assert list(message) == ["type", "call_sid", "timestamp", "status", "metadata"]
    assert list(message["metadata"]) == [
        *("assistant_id", "assistant_name", "call_type", "started_at", "ended_at", "duration"),
        *("to_phone_number", "customer_phone_number", "reason"),
    ]
