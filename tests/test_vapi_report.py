"""Vapi's report at the end: it fills in and corrects what was heard live, and doubles nothing."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import CallAnnounced, StatusReported, Transcript
from sources import vapi
from tests.adapter_calls import segments, spoken, words
from tests.heard_calls import finals, hear, only
from tests.vapi_bodies import T0, partial, report, said, speech, status

ANSWER = status("in-progress", 0)
ENDED = status("ended", 59, endedReason="customer-ended-call")


def after_report(live: list[bytes], *messages: dict) -> list[Transcript]:
    """What the report gives after these."""
    return finals(hear(vapi, [ANSWER, *live, ENDED, report(*messages)]))[len(live) :]


def test_a_call_may_be_heard_of_by_its_report_alone():
    messages = (
        said("system", "Be kind.", 0),
        said("bot", "Hello?", 0.5, 1.5),
        said("user", "Hi.", 2, 2.5, confidence=0.9),
    )
    events = hear(vapi, [report(*messages, startedAt="2026-11-05T09:00:00Z", endedAt="2026-11-05T09:00:03Z")])
    assert [type(event) for event in events] == [CallAnnounced, Transcript, Transcript, StatusReported]
    assert events[0].started_at == T0 * 1000
    assert [(t.segment_id, t.segment_start, t.segment_end, t.confidence) for t in finals(events)] == [
        ("c0ffee:assistant:r1", 0.5, 1.5, None),
        ("c0ffee:user:r2", 2.0, 2.5, 0.9),
    ]
    assert events[-1].status == "completed"
    assert hear(vapi, [report(*messages, reason="new-reason")])[-1].status == "completed"
    assert hear(vapi, [report(reason="new-reason")])[-1].status == "failed"


def test_older_reports_have_their_messages_beside_the_artifact():
    body = report().replace(b'"artifact": {"messages": []}', b'"messages": [{"role": "user", "message": "Hi."}]')
    assert spoken(hear(vapi, [body])) == [("user", "Hi.")]


def test_what_was_heard_live_in_one_piece_or_several_changes_nothing():
    live = [
        speech("Hello there!", 2, role="assistant"),
        speech("We open at nine.", 4, role="assistant"),
        speech("OK", 6),
    ]
    assert after_report(live, said("bot", "Hello there, we open at nine", 0.5, 4), said("user", "Ok.", 5, 5.5)) == []
    assert after_report(live, said("bot", "Hello there", 0.5, 2), said("bot", "We open at nine", 2, 4)) == []
    one = [speech("Hello there! We open at nine.", 4, role="assistant")]
    assert after_report(one, said("bot", "Hello there", 0.5, 2), said("bot", "We open at nine", 2, 4)) == []
    assert after_report(live, said("bot", "Hello there, we open at nine"), said("user", "Ok.")) == []


def test_what_was_never_heard_becomes_a_final_of_its_own_in_its_place():
    live = [speech("One.", 2), speech("Three.", 32)]
    messages = said("user", "One.", 1, 1.5), said("user", "Two.", 15, 16), said("user", "Three.", 31, 31.5)
    (lost,) = after_report(live, *messages)
    assert (lost.segment_id, lost.content, lost.segment_start) == ("c0ffee:user:r1", "Two.", 15.0)
    assert spoken(hear(vapi, [ANSWER, *live, report(*messages)]))[1] == ("user", "Two.")


def test_the_same_words_said_twice_and_heard_once_are_filled_in_once():
    messages = said("user", "Yes.", 1, 1.2), said("user", "Yes.", 30, 30.2)
    (first,) = after_report([speech("Yes.", 30.5)], *messages)
    assert first.segment_start == 1.0
    (second,) = after_report([speech("Yes.", 1.5)], *messages)
    assert second.segment_start == 30.0
    assert after_report([speech("Yes.", 1.5), speech("Yes.", 30.5)], *messages) == []


def test_a_hole_between_the_pieces_of_a_turn_is_filled_in_them():
    whole = said("user", "One, two. Three four! Five six.", 10, 16)
    (corrected,) = after_report([speech("One two.", 12), speech("Five six.", 16.2)], whole)
    assert (corrected.segment_id, corrected.content) == ("c0ffee:user:1", "One, two. Three four!")
    (corrected,) = after_report([speech("Three four", 14)], whole)
    assert (corrected.content, corrected.segment_start, corrected.segment_end) == (whole["message"], 10.0, 16.0)
    (corrected,) = after_report([speech("Three four", 14), speech("Five six", 16.2)], whole)
    assert (corrected.content, corrected.segment_end) == ("One, two. Three four!", 14.0)


def test_an_interrupted_answer_is_cut_to_what_was_said_of_it():
    live = [speech("You may come on Tuesday.", 3, role="assistant"), speech("Bring a card too.", 5, role="assistant")]
    (cut,) = after_report(live, said("bot", "You may come on Tuesday. Bring a…", 1, 4))
    assert (cut.segment_id, cut.content) == ("c0ffee:assistant:2", "Bring a…")
    (cut,) = after_report(live[:1], said("bot", "You may come", 1, 2))
    assert (cut.segment_id, cut.content) == ("c0ffee:assistant:1", "You may come")
    assert after_report([speech("You may come on Tuesday.", 3)], said("user", "You may come", 1, 2)) == []


def test_what_was_to_be_said_after_an_interruption_does_not_come_back_with_a_repeat_or_late():
    planned, told = speech("You may come on Tuesday.", 3, role="assistant"), report(said("bot", "You may come", 1, 2))
    assert spoken(hear(vapi, [ANSWER, planned, told, planned])) == [("assistant", "You may come")]
    assert spoken(hear(vapi, [ANSWER, told, planned])) == [("assistant", "You may come")]
    user = [ANSWER, report(said("user", "You may", 1, 2)), speech("You may come", 3)]
    assert spoken(hear(vapi, user)) == [("user", "You may"), ("user", "You may come")]


def test_a_hole_is_filled_beside_an_interrupted_answer_with_the_same_words():
    live = [speech("We open at nine.", 4, role="assistant"), speech("Come at nine or ten.", 12, role="assistant")]
    messages = said("bot", "Hello there. We open at nine.", 1, 4), said("bot", "Come at", 10, 11)
    assert [t.content for t in after_report(live, *messages)] == ["Hello there. We open at nine.", "Come at"]


def test_what_was_heard_in_other_words_stays_as_it_was_heard():
    assert (
        after_report([speech("The total is 84 dollars", 5)], said("user", "The total is eighty-four dollars", 3, 5))
        == []
    )
    both = said("user", "Alpha beta", 1, 3), said("user", "gamma delta", 3, 5)
    assert after_report([speech("Alpha beta gamma", 4), speech("delta", 5)], *both) == []


def test_a_final_that_comes_after_the_report_is_stored_only_if_the_report_has_it_not():
    heard = hear(
        vapi, [ANSWER, report(said("user", "Thanks a lot. Bye!", 50, 52)), speech("Bye", 52.5), speech("Wait", 54)]
    )
    assert spoken(heard) == [("user", "Thanks a lot. Bye!"), ("user", "Wait")]


def test_a_report_that_comes_again_adds_nothing():
    told = report(said("user", "Hello.", 1, 2), said("bot", "Hi.", 3, 4))
    assert len(finals(hear(vapi, [ANSWER, told, told, ENDED, told], restarts=range(5)))) == 2


def test_of_what_is_remembered_no_more_the_report_adds_nothing():
    live = [speech(f"Number {n}.", n) for n in range(1, 401)]
    messages = [said("user", f"Number {n}.", n - 0.5, n - 0.1) for n in range(1, 401)]
    assert after_report(live, *messages) == []
    assert len(after_report(live[:-1], *messages)) == 1


@pytest.mark.parametrize(
    "odd", [None, 1, "x", [], {}, {"role": ["user"], "message": "a"}, {"role": "user", "message": 1}]
)
def test_a_message_that_cannot_be_read_costs_no_other(odd):
    (heard,) = finals(hear(vapi, [report(odd, said("user", "Hi.", 1, 2))]))
    assert (heard.segment_id, heard.content) == ("c0ffee:user:r1", "Hi.")


@pytest.mark.parametrize("artifact", [None, 1, "x", [], {"messages": 1}, {"messages": None}, {"messages": {}}])
def test_a_report_without_messages_still_ends_the_call(artifact):
    assert [event.status for event in only(StatusReported, hear(vapi, [report(artifact=artifact)]))] == ["completed"]


def test_times_that_make_no_sense_are_unknown():
    odd = {"role": "user", "message": "a", "time": -5, "endTime": 1e300, "secondsFromStart": -1, "duration": "long"}
    (heard,) = finals(hear(vapi, [report(odd | {"confidence": 7})]))
    assert (heard.segment_start, heard.segment_end, heard.created_at, heard.confidence) == (None, None, None, None)
    edge = {"role": "user", "message": "a", "time": 4_102_444_799_999, "secondsFromStart": 9, "duration": 9}
    (heard,) = finals(hear(vapi, [report(edge)]))
    assert (heard.segment_end, heard.created_at) == (18.0, 4_102_444_799_999_999)
    edge["time"] = 946_684_800_000
    announced, *_ = hear(vapi, [speech("a", 1, artifact={"messages": [edge]})])
    assert announced.started_at == 946_684_800_000_000
    (heard,) = finals(hear(vapi, [report(said("user", "a", 5, 3))]))
    assert heard.segment_start == heard.segment_end == 5.0


def test_a_turn_ends_at_its_end_time_in_whatever_unit_its_duration_is():
    def end(**fields):
        (heard,) = finals(hear(vapi, [report(said("bot", "a", 1.5) | fields)]))
        return heard.segment_end, heard.created_at - T0 * 1000

    assert end(endTime=T0 + 3350, duration=1850) == end(endTime=T0 + 3350) == (3.35, 3_350_000)
    assert end(duration=1850) == end(duration=1.85) == (3.35, 3_350_000)


def test_what_the_state_keeps_is_made_of_redacted_words():
    def clean(text: str) -> str:
        return text.replace("4242", "[CARD]")

    def heard(body: bytes, state, clean):
        return vapi.normalise(vapi.cleaned(vapi.decode(body, "", {}), clean), state, vapi.Config())

    for body in (speech("It is 4242.", 1), report(said("user", "It is 4242.", 0.5, 1))):
        assert heard(body, None, clean)[1].tracks == heard(body.replace(b"4242", b"[CARD]"), None, str)[1].tracks
    payload = vapi.decode(partial("It is 4242.", 1), "", {})
    assert vapi.cleaned(payload, clean) == payload


WORDS = [f"w{n}" for n in range(40)]
CUTS = st.lists(st.integers(1, 39), max_size=6)


@given(turns=CUTS, pieces=CUTS, seed=st.randoms(), before=st.booleans())
@settings(max_examples=100)
def test_finals_that_are_cut_elsewhere_than_the_turns_are_not_doubled(turns, pieces, seed, before):
    bounds, cuts = sorted({0, 40, *turns}), sorted({0, 40, *pieces})
    messages = [said("user", " ".join(WORDS[a:b]), a, b - 0.1) for a, b in pairwise(bounds)]
    live = [speech(" ".join(WORDS[a:b]), b) for a, b in pairwise(cuts)]
    seed.shuffle(live)
    told = [report(*messages)]
    assert words(hear(vapi, [ANSWER, *(told + live if before else live + told)]), "user") == sorted(WORDS)


@given(turns=CUTS, pieces=CUTS, lost=st.sets(st.integers(0, 8)), at=st.integers(0, 8), seed=st.randoms())
@settings(max_examples=100)
def test_whatever_was_lost_and_whenever_the_report_comes_each_word_is_there_once(turns, pieces, lost, at, seed):
    """Turns of one speaker, 40 words over 40 s; finals that cut them again; some lost, others out of order."""
    bounds = sorted({0, 40, *turns})
    cuts = sorted({*bounds, *pieces})
    messages = [said("user", " ".join(WORDS[a:b]), a, b - 0.1) for a, b in pairwise(bounds)]
    live = [speech(" ".join(WORDS[a:b]), b) for n, (a, b) in enumerate(pairwise(cuts)) if n not in lost]
    seed.shuffle(live)
    live.insert(min(at, len(live)), report(*messages))
    heard = hear(vapi, [ANSWER, *live])
    assert words(heard, "user") == sorted(WORDS)
    assert all(t.segment_start is not None for t in segments(heard))
