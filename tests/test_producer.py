"""What producers send: what is taken, and by which code and field the rest is refused."""

import json

import pytest

from events import CONTENT_BYTES, CallAnnounced, Refused, StatusReported, Transcript, microseconds
from sources import producer

AT = microseconds("2026-11-05T09:00:00.123Z")
HUGE = "9" * 1_000_000


def body(value, **more) -> bytes:
    return json.dumps(value | more).encode()


def call(**fields):
    return producer.decode_call(body({"call_sid": "CA1"}, **fields))


def transcript(**fields) -> Transcript | Refused:
    (one,), is_batch = producer.decode_transcripts(body({"content": "Hi", "speaker": "user"}, **fields), lambda: "new")
    assert not is_batch
    return one


def refusal(function, *args, **kwargs) -> tuple[str, str | None]:
    with pytest.raises(Refused) as caught:
        function(*args, **kwargs)
    assert len(caught.value.message) < 400
    return caught.value.code, caught.value.field


def test_a_call_is_read_with_all_that_is_said_of_it():
    said = call(
        assistant="Front desk",
        direction="outbound",
        from_number="+15550100",
        to_number="",
        status="in-progress",
        started_at="2026-11-05T10:00:00.123+01:00",
        metadata={"order": {"lines": [1, 2.5, None]}},
        something="else",
    )
    assert said == (
        "CA1",
        CallAnnounced(
            assistant="Front desk",
            direction="outbound",
            from_number="+15550100",
            started_at=AT,
            metadata={"order": {"lines": [1, 2.5, None]}},
        ),
        StatusReported(status="in-progress"),
    )
    assert call(assistant=7)[1] == CallAnnounced(assistant=7)
    assert call(status="ringing") == ("CA1", CallAnnounced(), None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("assistant", ""),
        ("assistant", 0),
        ("assistant", 2**31),
        ("assistant", 1.5),
        ("assistant", True),
        ("assistant", "a" * 256),
        ("direction", "sideways"),
        ("from_number", "1" * 65),
        ("from_number", 15550100),
        ("to_number", "+1\n"),
        ("to_number", "\x00"),
        ("started_at", 1),
        ("started_at", "now"),
        ("started_at", "1969-01-01T00:00:00Z"),
        ("started_at", "9999-01-01T00:00:00Z"),
        ("started_at", "2026-11-05T09:00:00Z" + "0" * 10_000),
        ("metadata", []),
        ("metadata", "x"),
        ("metadata", {"a": "x" * 16_384}),
        ("metadata", {"a": [{"b": "\x00"}]}),
        ("metadata", {"a": [{"\x00": 1}]}),
        ("metadata", {"a": json.loads("[" * 40 + "]" * 40)}),
        ("metadata", {"a": json.loads("[" * 900 + "]" * 900)}),
    ],
)
def test_a_call_with_a_bad_field_is_refused_by_that_field(field, value):
    assert refusal(call, **{field: value}) == ("invalid_field", field)


def test_metadata_alone_are_read_under_the_same_bounds():
    assert producer.decode_metadata(b'{"metadata":{"a":1}}') == {"a": 1}
    for value in (None, [], {"a": "\x00"}, {"a": "x" * 16_384}):
        assert refusal(producer.decode_metadata, body({"metadata": value})) == ("invalid_field", "metadata")
    assert refusal(producer.decode_metadata, b"{}") == ("invalid_field", "metadata")


def test_an_escaped_nul_that_is_none_is_taken():
    assert call(metadata={"a": "\\u0000"})[1].metadata == {"a": "\\u0000"}


@pytest.mark.parametrize("call_sid", [None, 1, "", "CA 1", "CA1\n", "C" * 129, "Ä"])
def test_a_call_needs_a_call_sid(call_sid):
    assert refusal(call, call_sid=call_sid) == ("invalid_call_sid", "call_sid")


def test_a_transcript_is_read_with_all_that_is_said_of_it():
    assert transcript() == Transcript(segment_id="new", speaker="user", content="Hi")
    given_fields = {"segment_id": "a-17", "speaker": "assistant", "content": "ü\n", "is_final": False, "revision": 3}
    given_fields |= {"confidence": 1, "segment_start": 0, "segment_end": 7.1, "language": "en-GB"}
    assert transcript(**given_fields, created_at="2026-11-05T09:00:00.123+00:00", seq=9) == Transcript(
        **given_fields, created_at=AT
    )
    assert transcript(content="", is_final=False, segment_id="a").content == ""


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content", None),
        ("content", 1),
        ("content", "a\x00"),
        ("content", "ü" * (CONTENT_BYTES // 2) + "a"),
        ("speaker", "agent"),
        ("speaker", None),
        ("is_final", "true"),
        ("confidence", 1.01),
        ("confidence", -0.01),
        ("confidence", "high"),
        ("segment_start", -0.001),
        ("segment_end", "1"),
        ("revision", -1),
        ("revision", 2**31),
        ("revision", 1.5),
        ("segment_id", ""),
        ("segment_id", "a" * 129),
        ("segment_id", "a\n"),
        ("segment_id", "\x7f"),
        ("segment_id", 7),
        ("language", "x" * 36),
        ("language", "en\x00"),
        ("created_at", "soon"),
        ("created_at", 1_793_869_200_000),
    ],
)
def test_a_transcript_with_a_bad_field_is_refused_by_that_field(field, value):
    one = transcript(**{field: value})
    assert (one.code, one.field) == ("invalid_field", field)
    assert field in one.message


@pytest.mark.parametrize("field", ["confidence", "segment_start", "segment_end", "revision"])
@pytest.mark.parametrize("number", ["1e999", HUGE, "-1e999"])
def test_a_number_beyond_all_bounds_is_refused(field, number):
    text = f'{{"content":"Hi","speaker":"user","{field}":{number}}}'.encode()
    (one,), _ = producer.decode_transcripts(text, str)
    assert (one.code, one.field) == ("invalid_field", field)


@pytest.mark.parametrize("field", ["content", "speaker"])
def test_a_transcript_needs_words_and_a_speaker(field):
    (one,), _ = producer.decode_transcripts(
        body({"content": "Hi", "speaker": "user"} | {}).replace(field.encode(), b"x"), str
    )
    assert (one.code, one.field, one.message) == ("invalid_field", field, f"{field} is missing")


def test_the_longest_content_is_taken():
    assert len(transcript(content="ü" * (CONTENT_BYTES // 2)).content.encode()) == CONTENT_BYTES


def test_each_item_of_a_batch_is_judged_on_its_own_in_its_place():
    good = {"content": "Hi", "speaker": "user"}
    ids = iter(["n1", "n2"])
    items = [good, 1, good | {"segment_id": "s"}, good | {"speaker": "x"}, good]
    judged, is_batch = producer.decode_transcripts(body({"transcripts": items}), lambda: next(ids))
    assert is_batch
    assert [getattr(one, "segment_id", None) for one in judged] == ["n1", None, "s", None, "n2"]
    assert [one.code for one in judged if isinstance(one, Refused)] == ["invalid_json", "invalid_field"]
    assert producer.decode_transcripts(b'{"transcripts":[]}', str) == ([], True)


def test_a_batch_holds_at_most_500():
    assert len(producer.decode_transcripts(body({"transcripts": [{}] * 500}), str)[0]) == 500
    assert refusal(producer.decode_transcripts, body({"transcripts": [{}] * 501}), str) == (
        "invalid_field",
        "transcripts",
    )
    assert refusal(producer.decode_transcripts, body({"transcripts": {}}), str) == ("invalid_field", "transcripts")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("in-progress", ("in-progress", None)),
        ("completed", ("completed", None)),
        ("ended", ("completed", None)),
        ("failed", ("failed", None)),
        ("busy", ("failed", "busy")),
        ("no-answer", ("failed", "no-answer")),
        ("canceled", ("failed", "canceled")),
        ("cancelled", ("failed", "canceled")),
    ],
)
def test_every_status_word_has_its_meaning(word, expected):
    report = producer.decode_status(body({"status": word}))
    assert (report.status, report.reason) == expected
    told = producer.decode_status(body({"status": word, "reason": "hung up", "duration": 9}))
    assert (told.status, told.reason, told.duration) == (expected[0], "hung up", 9)


@pytest.mark.parametrize("word", ["queued", "initiated", "ringing"])
def test_words_before_the_answer_create_nothing(word):
    assert producer.decode_status(body({"status": word})) is None


def test_a_bad_status_is_refused():
    for word in ("", "Completed", "done"):
        assert refusal(producer.decode_status, body({"status": word})) == ("invalid_status", "status")
        assert refusal(call, status=word) == ("invalid_status", "status")
    assert refusal(producer.decode_status, b"{}") == ("invalid_field", "status")
    for field, value in (("duration", -1), ("duration", 2**31), ("reason", "x" * 129), ("reason", "\x00")):
        assert refusal(producer.decode_status, body({"status": "failed", field: value})) == ("invalid_field", field)
