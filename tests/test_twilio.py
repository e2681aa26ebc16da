"""Twilio's payloads, and the events they must give."""

import json
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest

from events import CallAnnounced, Transcript, microseconds
from sources import KINDS, twilio
from sources.adapter import decode_state, encode_state
from sources.twilio_signature import FORM
from tests.twilio_calls import CONFIG, OUTBOUND, event, finals, hear, only, partial, speech, status

OURS = Path(__file__).parent / "payloads" / "twilio"


def test_our_payloads_give_the_events_written_beside_them():
    expected = json.loads((OURS / "events.json").read_text())
    state = None
    assert sorted(expected) == sorted(path.stem for path in OURS.glob("*.form"))
    for name, events in expected.items():
        payload = twilio.decode((OURS / f"{name}.form").read_bytes(), FORM, {})
        said, state = twilio.normalise(payload, state, CONFIG)
        shown = [{"event": type(e).__name__} | msgspec.to_builtins(e) for e in said]
        assert [{key: value for key, value in e.items() if value is not None} for e in shown] == events, name


@pytest.mark.parametrize("word", ["queued", "initiated", "ringing", "something-new", ""])
def test_words_before_the_answer_create_nothing(word):
    assert twilio.normalise(twilio.decode(status(word, 1), FORM, {}), None, CONFIG) == ([], None)


def test_a_second_message_does_not_announce_the_call_again():
    said = hear([event("started", 1), partial(2, "Hi", 2), event("started", 1), event("stopped", 3)])
    assert [type(one).__name__ for one in said] == [
        "CallAnnounced",
        "StatusReported",
        "Transcript",
        "TranscriptionStopped",
    ]


def test_the_answer_is_the_earlier_of_both_and_a_better_one_is_stored():
    early, late = microseconds("2026-11-05T09:00:01Z"), microseconds("2026-11-05T09:00:05.5Z")
    assert hear([event("started", 5.5), status("in-progress", 1)])[2].started_at == early
    assert hear([status("in-progress", 9), event("started", 5.5)])[-1] == CallAnnounced(
        provider="twilio", started_at=late
    )
    assert len(hear([status("in-progress", 1), event("started", 5.5)])) == 2


def test_without_the_answer_there_are_no_media_times_and_given_ones_never_move():
    said = only(
        Transcript,
        hear(
            [
                speech(1, "One", 5),
                partial(2, "T", 6),
                event("started", 4),
                partial(3, "Tw", 6.5),
                status("in-progress", 2),
                partial(4, "Two", 7),
                speech(5, "Two.", 8),
                speech(6, "Three", 11),
            ]
        ),
    )
    assert [(t.segment_start, t.segment_end) for t in said] == [
        (None, None),
        (None, None),
        (2.0, None),
        (2.0, None),
        (2.0, 6.0),
        (8.6, 9.0),
    ]


def test_a_late_final_leaves_the_open_utterance_its_number_and_start():
    said = only(
        Transcript,
        hear([event("started", 0), speech(5, "B", 5), partial(6, "C", 6), speech(3, "A", 3), speech(7, "C.", 7)]),
    )
    assert [(t.segment_id.split(":")[-1], t.segment_start) for t in said] == [
        ("1", 4.6),
        ("2", 6.0),
        ("s3", 2.6),
        ("2", 6.0),
    ]


def test_a_partial_that_overtakes_a_final_begins_the_next_utterance():
    bodies = [partial(2, "A", 2), partial(4, "B", 4), speech(3, "A.", 3), speech(5, "B.", 5)]
    said = finals(hear([event("started", 0), *bodies]))
    assert [(t.segment_id.split(":")[-1], t.segment_start, t.segment_end) for t in said] == [
        ("1", 2.0, 3.0),
        ("2", 4.0, 5.0),
    ]


def test_a_partial_older_than_the_last_final_or_a_newer_partial_is_dropped():
    said = hear([event("started", 0), speech(5, "B.", 5), partial(4, "B", 4), partial(7, "C c", 7), partial(6, "C", 6)])
    assert [t.content for t in only(Transcript, said)] == ["B.", "C c"]
    assert only(Transcript, hear([partial(7, "C c", 7), partial(6, "C", 6), speech(8, "C c.", 8)]))[-1].is_final


def test_a_partial_stays_old_when_a_late_final_came_after_it():
    said = hear([speech(5, "B", 5), speech(3, "A", 3), partial(4, "B", 4)])
    assert [t.content for t in only(Transcript, said)] == ["B", "A"]


def test_without_partials_a_sentence_begins_by_its_words_but_not_in_the_one_before():
    said = finals(hear([event("started", 0), speech(1, "a b c d e", 3), speech(2, "a b c d e", 4)]))
    assert [(t.segment_start, t.segment_end) for t in said] == [(1.0, 3.0), (3.0, 4.0)]


def test_an_empty_final_withdraws_the_interim_and_frees_its_number():
    shown, withdrawn, stored = only(Transcript, hear([partial(1, "Uh", 1), speech(2, " ", 2), speech(3, "Yes", 3)]))
    assert (withdrawn.content, withdrawn.is_final, withdrawn.revision) == ("", False, 2)
    assert shown.segment_id == withdrawn.segment_id == stored.segment_id
    assert only(Transcript, hear([speech(2, "", 2), partial(3, "", 3)])) == []


def test_each_transcription_of_a_call_counts_for_itself():
    said = finals(hear([speech(1, "A", 1), speech(1, "B", 2, TranscriptionSid="GT1")]))
    assert [t.segment_id for t in said] == ["GT0:inbound_track:1", "GT1:inbound_track:1"]


def test_memory_is_bounded_and_what_is_older_than_it_counts_as_a_repeat():
    bodies = [speech(1_000_000 + n, f"{n}", 1) for n in range(1000)]
    assert len(finals(hear(bodies + bodies))) == 1000
    state = None
    for body in bodies:
        _, state = twilio.normalise(twilio.decode(body, FORM, {}), state, CONFIG)
    assert len(encode_state(state)) < 256 * len("1000000,") + 300


def test_the_settings_say_who_is_on_which_track():
    swapped = twilio.Config(inbound_track="assistant", outbound_track="user")
    said = hear([speech(1, "A", 1), speech(2, "B", 2, track=OUTBOUND)], config=swapped)
    assert [t.speaker for t in finals(said)] == ["assistant", "user"]


def test_normalise_changes_neither_its_payload_nor_its_state():
    payload = twilio.decode(speech(2, "B", 2), FORM, {})
    _, state = twilio.normalise(twilio.decode(partial(1, "A", 1), FORM, {}), None, CONFIG)
    before = encode_state(state)
    assert twilio.normalise(payload, state, CONFIG) == twilio.normalise(payload, state, CONFIG)
    assert encode_state(state) == before


@pytest.mark.parametrize(
    ("word", "expected"), [("completed", ("completed", None)), ("cancelled", ("failed", "canceled"))]
)
def test_a_terminal_status_may_be_all_that_is_ever_heard(word, expected):
    fields = {"Direction": "outbound-dial", "From": "+15550100", "To": "sip:a-very-long-name@example.com" * 3}
    announced, report = hear([status(word, 9, CallDuration="7", **fields)])
    assert (announced.direction, announced.from_number, announced.to_number) == ("outbound", "+15550100", None)
    assert ((report.status, report.reason), report.duration) == (expected, 7)
    assert [type(e) for e in hear([status(word, 9), speech(1, "Bye", 8)])][2:] == [Transcript]


def test_the_twiml_names_our_address_and_asks_for_retries():
    root = ElementTree.fromstring(twilio.twiml('https://calls.example.com/w?a="1"&b=<2>'))
    assert root.find("Start/Transcription").attrib == {
        "statusCallbackUrl": 'https://calls.example.com/w?a="1"&b=<2>#rc=2&rp=all',
        "track": "both_tracks",
        "partialResults": "true",
    }
    assert 'Url="https://calls.example.com/#rc=1"' in twilio.twiml("https://calls.example.com/#rc=1")


CONTRACT = ("verify", "decode", "cleaned", "normalise", "must_store", "State", "Config")


def test_a_kind_is_a_module_with_the_whole_contract():
    for adapter in KINDS.values():
        assert all(callable(getattr(adapter, name)) for name in CONTRACT)
        assert isinstance(adapter.REPEATS_REFUSED, bool)
        assert decode_state(adapter, encode_state(adapter.State())) == adapter.State()
