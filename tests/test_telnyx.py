"""Telnyx's events, in whatever order they come: segments, times, speakers, and one end."""

import json

import pytest

from events import CallAnnounced, StatusReported, Transcript
from sources import telnyx
from sources.adapter import decode_state, encode_state
from tests import heard_calls
from tests.heard_calls import finals, interims, only
from tests.telnyx_bodies import CALL, LEG, NUMBERS, SESSION, T0, answered, event, hangup, interim, speech

JSON = "application/json"


def hear(bodies, **more):
    return heard_calls.hear(telnyx, bodies, **more)


def numbers(said) -> list[str]:
    return [final.segment_id.rpartition(":")[2] for final in finals(said)]


def ends(said) -> list[tuple]:
    return [(report.status, report.reason) for report in only(StatusReported, said)]


@pytest.mark.parametrize(
    "kind", ["call.initiated", "call.conversation.ended", "call.dtmf.received", "call.speak.ended"]
)
def test_what_comes_before_the_answer_creates_nothing(kind):
    assert hear([event(kind, 1, **NUMBERS), event(kind, 1, **NUMBERS)]) == []


def test_only_the_initiation_tells_the_direction_and_it_may_come_late():
    start = event("call.initiated", 0, direction="incoming", **NUMBERS)
    early, late = hear([start, answered(3)]), hear([answered(3), start])
    assert (early[0].direction, early[0].from_number, early[0].to_number) == ("inbound", "+15550123", "+15550100")
    assert (late[0].direction, late[-1].direction, len(late)) == (None, "inbound", 3)
    outgoing = event("call.initiated", 0, direction="outgoing")
    assert hear([outgoing, answered(3)])[0].direction == "outbound"


def test_the_answer_is_the_time_of_its_event_and_not_of_the_ringing():
    announced, report = hear([answered(6, start_time="2026-11-05T09:00:00Z")])
    assert announced.started_at == report.at == T0 + 6_000_000


def test_the_first_words_or_a_bridge_prove_the_answer_and_it_is_told_once():
    for proof in (interim(1, "Hi", 2), speech(1, "Hi", 2), event("call.bridged", 2)):
        said = hear([proof, speech(2, "Ho", 3), hangup(9)])
        assert ends(said) == [("in-progress", None), ("completed", None)]
        assert said[0].started_at is None


@pytest.mark.parametrize(
    "cause", ["normal_clearing", "time_limit", "originator_cancel", "unspecified", None, "new_one"]
)
def test_an_answered_call_is_completed_by_an_ordinary_hangup(cause):
    status, reason = ends(hear([answered(), hangup(9, cause)]))[-1]
    assert (status, reason) == ("completed", cause if cause in ("time_limit", "new_one") else None)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("call_rejected", "call_rejected"),
        ("timeout", "timeout"),
        ("user_busy", "busy"),
        ("not_found", "not_found"),
        ("no_answer", "no-answer"),
    ],
)
def test_a_bad_cause_fails_a_call_answered_or_not(cause, reason):
    assert ends(hear([answered(), hangup(9, cause)]))[-1] == ("failed", reason)
    assert ends(hear([hangup(9, cause)])) == [("failed", reason)]


@pytest.mark.parametrize(
    ("cause", "reason"),
    [("normal_clearing", "normal_clearing"), ("originator_cancel", "canceled"), (None, "unspecified")],
)
def test_a_hangup_without_an_answer_is_a_failure(cause, reason):
    announced, report = hear([event("call.initiated", 0, direction="outgoing", **NUMBERS), hangup(30, cause)])
    assert (report.status, report.reason, report.at) == ("failed", reason, T0 + 30_000_000)
    assert (announced.direction, announced.to_number, announced.started_at) == ("outbound", "+15550100", None)


def test_an_answer_that_comes_after_the_hangup_tells_when_it_was_and_reopens_nothing():
    said = hear([speech(1, "Hi", 2), hangup(9), answered(0), speech(2, "Bye", 8)])
    assert ends(said) == [("in-progress", None), ("completed", None)]
    assert only(CallAnnounced, said)[-1].started_at == T0
    assert [final.segment_start for final in finals(said)] == [None, pytest.approx(7.6)]


def test_an_interim_is_replaced_by_newer_ones_and_its_final_only():
    bodies = [interim(1, "A", 1), interim(3, "A b c", 3), interim(2, "A b", 2), speech(4, "A b c.", 4)]
    said = hear([answered(), *bodies, interim(0, "A", 3.5), interim(3, "A b c", 3)])
    assert [shown.content for shown in only(Transcript, said)] == ["A", "A b c", "A b c."]
    assert [shown.confidence for shown in only(Transcript, said)] == [None, None, 0.9]
    first, second = interims(said)
    assert first.revision < second.revision and first.segment_id == second.segment_id == finals(said)[0].segment_id


def test_interims_of_one_instant_follow_each_other_and_are_not_shown_twice():
    said = hear([answered(), interim(1, "A", 1), interim(2, "A b", 1), interim(2, "A b", 1)])
    assert [shown.content for shown in interims(said)] == ["A", "A b"]
    assert interims(said)[0].revision < interims(said)[1].revision


def test_a_late_final_is_stored_under_its_own_id_and_leaves_the_others_theirs():
    said = hear([answered(), speech(5, "B", 5), interim(6, "C", 6), speech(3, "A", 3), speech(7, "C.", 7)])
    assert [final.content for final in finals(said)] == ["B", "A", "C."]
    one, late, two = numbers(said)
    assert (one, two) == ("1", "2") and late.startswith("e")
    assert [final.segment_start for final in finals(said)] == [4.6, 2.6, 6.0]


def test_an_interim_that_overtakes_a_final_begins_the_next_utterance():
    said = hear([answered(), interim(1, "A", 1), interim(4, "B", 4), speech(3, "A.", 3), speech(5, "B.", 5)])
    assert [(final.segment_start, final.segment_end) for final in finals(said)] == [(1.0, 3.0), (4.0, 5.0)]
    assert numbers(said) == ["1", "2"]


def test_a_retry_is_known_by_its_event_whatever_its_attempt():
    twice = [speech(1, "A", 1), event("call.transcription", 1, 1, attempt=2, transcription_data={"transcript": "A"})]
    assert [final.content for final in finals(hear(twice))] == ["A"]
    same_words = [speech(1, "A", 1), speech(2, "A", 1)]
    assert len(finals(hear(same_words))) == 2


def test_without_an_id_the_event_itself_tells_it_from_others():
    bodies = [
        json.dumps({"data": json.loads(speech(n, text, n))["data"] | {"id": None}}) for n, text in ((1, "A"), (2, "B"))
    ]
    said = hear([body.encode() for body in (*bodies, *bodies)])
    assert [final.content for final in finals(said)] == ["A", "B"]


def test_without_times_everything_is_taken_in_order_of_arrival():
    said = hear(
        [answered(None), interim(1, "A", None), interim(2, "A b", None), speech(3, "A b.", None), interim(1, "A", 1)]
    )
    assert [shown.content for shown in only(Transcript, said)] == ["A", "A b", "A b.", "A"]
    assert {shown.created_at for shown in only(Transcript, said)[:3]} == {None}
    assert finals(said)[0].segment_start is None


def test_an_empty_final_withdraws_the_interim_and_frees_its_number():
    shown, withdrawn, stored = only(Transcript, hear([interim(1, "Uh", 1), speech(2, " ", 2), speech(3, "Yes", 3)]))
    assert (withdrawn.content, withdrawn.is_final, withdrawn.revision > shown.revision) == ("", False, True)
    assert shown.segment_id == withdrawn.segment_id == stored.segment_id
    assert only(Transcript, hear([speech(2, "", 2), interim(3, "", 3)])) == []


def test_words_without_a_track_have_the_speaker_of_the_settings_and_the_call_says_so():
    said = hear([answered(), speech(1, "A", 1, track=None), speech(2, "B", 2, track=None), speech(3, "C", 3)])
    assert [final.speaker for final in finals(said)] == ["user"] * 3
    assert [call.metadata for call in only(CallAnnounced, said)] == [None, {"unknown_track_taken_as": "user"}]
    other = hear([speech(1, "A", 1, track="both")], config=telnyx.Config(unknown_track="assistant"))
    assert (other[2].metadata, finals(other)[0].speaker) == ({"unknown_track_taken_as": "assistant"}, "assistant")


def test_the_settings_say_who_is_on_which_track():
    swapped = telnyx.Config(inbound="assistant", outbound="user")
    said = hear([speech(1, "A", 1), speech(2, "B", 2, track="outbound")], config=swapped)
    assert [final.speaker for final in finals(said)] == ["assistant", "user"]


def test_a_session_is_one_call_that_ends_with_the_last_of_its_answered_legs():
    other = {"call_leg_id": "leg-1", "call_control_id": "v3:call-1"}
    bodies = [
        *(answered(0), event("call.initiated", 5, **other), answered(6, **other), hangup(7)),
        *(speech(1, "Hi", 8, **other), speech(2, "Ho", 8.5)),
        hangup(9, **other),
    ]
    query = {"call_id": "call_session_id"}
    assert {telnyx.decode(body, JSON, query).call_sid for body in bodies} == {SESSION}
    assert [final.segment_id for final in finals(hear(bodies, query=query))] == ["leg-1:inbound:1", f"{LEG}:inbound:1"]
    for cut in range(len(bodies)):
        told = ends(hear(bodies, query=query, restarts={cut}))
        assert told[-1] == ("completed", None) and told.count(("completed", None)) == 1
    assert {telnyx.decode(body, JSON, {}).call_sid for body in bodies} == {CALL, "v3:call-1"}


def test_an_older_envelope_is_read():
    data = json.loads(speech(1, "Hi", 2))["data"]
    bare = {
        "id": "1",
        "event_type": "call_transcription",
        "created_at": data["occurred_at"],
        "payload": data["payload"],
    }
    named = {"name": "call.transcription", "payload": data["payload"], "metadata": {"event": "x"}}
    within = {"name": "webhook", "metadata": {"event": data}}
    for envelope in (bare, named, within):
        assert [final.content for final in finals(hear([json.dumps(envelope).encode()]))] == ["Hi"]


def test_memory_is_bounded_and_no_id_is_given_out_twice():
    state = None
    ids = set()
    for n in range(2000):
        body = speech(n, f"{n}", n * 0.01, call_leg_id=f"leg-{n % 200}")
        events, state = telnyx.normalise(telnyx.decode(body, JSON, {}), state, telnyx.Config())
        ids |= {final.segment_id for final in finals(events)}
    assert len(ids) == 2000
    assert len(encode_state(state)) < 20_000
    one_leg = None
    for n in range(2000):
        _, one_leg = telnyx.normalise(telnyx.decode(speech(n, "a", n * 0.01), JSON, {}), one_leg, telnyx.Config())
    assert len(encode_state(one_leg)) < 5000


def test_normalise_changes_neither_its_payload_nor_its_state():
    payload = telnyx.decode(speech(2, "B", 2), JSON, {})
    _, state = telnyx.normalise(telnyx.decode(interim(1, "A", 1), JSON, {}), None, telnyx.Config())
    before = encode_state(state)
    assert telnyx.normalise(payload, state, telnyx.Config()) == telnyx.normalise(payload, state, telnyx.Config())
    assert encode_state(state) == before and decode_state(telnyx, before) == state
    assert telnyx.cleaned(payload, str.upper) is payload
