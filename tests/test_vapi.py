"""Vapi: segments by the time of each message, and one end for each call."""

import pytest

from events import CallAnnounced, StatusReported, Transcript
from sources import vapi
from sources.adapter import encode_state
from tests import heard_calls
from tests.heard_calls import finals, only
from tests.vapi_bodies import CALL, T0, message, partial, report, said, speech, status, turn

ANSWER = status("in-progress", 0)


def hear(bodies, **more):
    return heard_calls.hear(vapi, bodies, **more)


@pytest.mark.parametrize("word", ["scheduled", "queued", "ringing", "not-found", "deletion-failed", "", None, 7])
def test_words_before_the_answer_create_nothing(word):
    assert hear([status(word, 1)]) == []


@pytest.mark.parametrize("kind", ["hang", "model-output", "tool-calls", "voice-input", "assistant.speechStarted", "x["])
def test_messages_that_are_not_read_create_nothing_even_without_a_call(kind):
    assert hear([message(kind, 1), message(kind, call=None), message(kind, call={"id": 7})]) == []


def test_the_first_words_prove_the_answer_and_it_is_told_once():
    events = hear([speech("Hi", 2), ANSWER, status("in-progress", 1), speech("Hello", 3), status("forwarding", 4)])
    assert [type(event).__name__ for event in events] == [
        *("CallAnnounced", "StatusReported", "Transcript", "CallAnnounced", "Transcript")
    ]
    assert only(CallAnnounced, events)[1].started_at == T0 * 1000


def test_forwarding_proves_the_answer_too():
    announced, report = hear([status("forwarding", 5)])
    assert (announced.started_at, report.status) == (None, "in-progress")


def test_numbers_and_direction_are_those_of_the_phone_call():
    sides = {"customer": {"number": "+15550123"}, "phoneNumber": {"number": "+15550100"}}
    (out, _), (inward, _), (web, _) = (
        hear([message("status-update", 0, status="in-progress", call=CALL | {"type": kind}, **sides)])
        for kind in ("outboundPhoneCall", "inboundPhoneCall", "webCall")
    )
    assert (out.direction, out.from_number, out.to_number) == ("outbound", "+15550100", "+15550123")
    assert (inward.direction, inward.from_number, inward.to_number) == ("inbound", "+15550123", "+15550100")
    assert web.direction is None


def test_the_telephony_providers_id_is_an_alias_told_once_whenever_it_comes():
    named = CALL | {"phoneCallProviderId": "CA1"}
    events = hear([ANSWER, speech("Hi", 1, call=named), speech("Ho", 2, call=named)])
    assert [call.alias for call in only(CallAnnounced, events)] == [None, "CA1"]
    for odd in ("not an id", CALL["id"], 7, ""):
        events = hear([message("status-update", 0, status="in-progress", call=CALL | {"phoneCallProviderId": odd})])
        assert events[0].alias is None


def test_several_finals_in_one_turn_are_segments_of_their_own():
    turns = [turn("started", 1, "assistant"), speech("A.", 3, role="assistant"), speech("B.", 5, role="bot")]
    events = hear([ANSWER, *turns, turn("stopped", 5.5, "assistant"), speech("C.", 6, role="assistant")])
    assert [(t.segment_id, t.speaker, t.segment_start, t.segment_end) for t in finals(events)] == [
        ("c0ffee:assistant:1", "assistant", 1.0, 3.0),
        ("c0ffee:assistant:2", "assistant", 4.6, 5.0),
        ("c0ffee:assistant:3", "assistant", 5.1, 5.5),
    ]


def test_the_start_is_when_the_speaker_began_else_the_first_partial_and_never_moves():
    begun = hear([ANSWER, turn("started", 1), partial("A", 2), partial("A b", 3), speech("A b.", 4)])
    late = hear([ANSWER, partial("A", 2), turn("started", 1), partial("A b", 3), speech("A b.", 4)])
    assert {t.segment_start for t in only(Transcript, begun)} == {1.0}
    assert {t.segment_start for t in only(Transcript, late)} == {2.0}
    stopped = hear([ANSWER, turn("started", 1), turn("stopped", 3.5), speech("A b.", 4)])
    assert (finals(stopped)[0].segment_start, finals(stopped)[0].segment_end) == (1.0, 3.5)


def test_of_a_turn_that_ended_before_only_newer_news_count():
    events = hear([ANSWER, speech("A.", 4), turn("started", 3), turn("stopped", 3.5), speech("B.", 6)])
    assert finals(events)[1].segment_start == 5.6


def test_a_partial_older_than_the_last_final_or_a_newer_partial_is_dropped():
    events = hear([ANSWER, speech("B.", 5), partial("B", 4), partial("B", 5), partial("C c", 7), partial("C", 6)])
    assert [t.content for t in only(Transcript, events)] == ["B.", "C c"]


def test_a_partial_that_overtakes_a_final_begins_the_next_utterance():
    events = finals(hear([ANSWER, partial("A", 2), partial("B", 4), speech("A.", 3), speech("B.", 5)]))
    assert [(t.segment_id, t.segment_start, t.segment_end) for t in events] == [
        ("c0ffee:user:1", 2.0, 3.0),
        ("c0ffee:user:2", 4.0, 5.0),
    ]


def test_a_late_final_leaves_the_open_utterance_its_number():
    events = only(Transcript, hear([ANSWER, speech("B", 5), partial("C", 6), speech("A", 3), speech("C.", 7)]))
    assert [t.segment_id for t in events] == ["c0ffee:user:1", "c0ffee:user:2", "c0ffee:user:late-1", "c0ffee:user:2"]


def test_a_partial_shows_only_what_the_fragment_before_it_did_not_say():
    events = hear([ANSWER, speech("We open at nine.", 3), partial("We open at nine, and", 4), partial("We open", 5)])
    assert [t.content for t in only(Transcript, events)] == ["We open at nine.", "and", "We open"]
    again = hear([ANSWER, speech("We open at nine.", 3), partial("We open at nine.", 4)])
    assert len(only(Transcript, again)) == 1
    anew = [ANSWER, speech("We open at nine.", 3), turn("started", 3.5), partial("We open at nine", 4)]
    assert only(Transcript, hear(anew))[-1].content == "We open at nine"
    assert only(Transcript, hear([ANSWER, speech("Yes.", 3), partial("Yes yes", 4)]))[-1].content == "Yes yes"


def test_an_empty_final_withdraws_the_interim_and_frees_its_number():
    shown, withdrawn, stored = only(Transcript, hear([partial("Uh", 1), speech(" ", 2), speech("Yes", 3)]))
    assert (withdrawn.content, withdrawn.is_final) == ("", False)
    assert withdrawn.revision > shown.revision
    assert shown.segment_id == withdrawn.segment_id == stored.segment_id
    assert only(Transcript, hear([speech("", 2), partial("", 3)])) == []


def test_the_same_words_at_another_time_are_said_again():
    assert len(finals(hear([speech("Yes.", 1), speech("Yes.", 2), speech("Yes.", 1), speech("Yes.", 2)]))) == 2


def test_the_filtered_text_is_taken_and_roles_without_a_voice_are_not():
    events = hear([speech("I am [x].", 1, isFiltered=True, originalTranscript="I am secret.", role="assistant")])
    assert [t.content for t in finals(events)] == ["I am [x]."]
    assert hear([speech("a", 1, role=role) for role in ("system", "tool", "tool_calls", "")]) == []


def test_a_final_may_be_known_by_the_name_of_its_message_alone():
    for name, is_final in (
        ('transcript[transcriptType="final"]', True),
        ("transcript[transcriptType='partial']", False),
    ):
        (heard,) = only(Transcript, hear([message(name, 1, role="user", transcript="Hi")]))
        assert heard.is_final is is_final


@pytest.mark.parametrize("odd", [None, 4e15, -1, "soon", True, [], 0, 1_793_869_200])
def test_a_time_that_cannot_be_costs_the_time_and_not_the_words(odd):
    interim, final = only(Transcript, hear([ANSWER, partial("H", timestamp=odd), speech("Hi", timestamp=odd)]))
    assert (final.content, final.segment_start, final.segment_end, final.created_at) == ("Hi", None, None, None)
    assert (interim.content, interim.revision) == ("H", None)
    assert len(finals(hear([speech("Hi", timestamp=odd)] * 2))) == 1


def test_without_a_status_the_answer_is_told_by_what_was_said_so_far():
    sofar = {"artifact": {"messages": [{"role": "system"}, said("bot", "Hi", 1.5, 2)]}}
    announced, _, first = hear([speech("Hi", 2.5, role="assistant", **sofar)])
    assert (announced.started_at, first.segment_end) == (T0 * 1000, 2.5)
    assert only(CallAnnounced, hear([speech("Hi", 2.5), speech("Ho", 3, **sofar)]))[1].started_at == T0 * 1000


@pytest.mark.parametrize(
    ("reason", "unanswered", "answered"),
    [
        ("customer-ended-call", "completed", "completed"),
        ("assistant-ended-call-after-message-spoken", "completed", "completed"),
        ("silence-timed-out", "completed", "completed"),
        ("exceeded-max-duration", "completed", "completed"),
        ("voicemail", "completed", "completed"),
        ("customer-did-not-answer", "failed", "failed"),
        ("customer-busy", "failed", "failed"),
        ("twilio-failed-to-connect-call", "failed", "failed"),
        ("vonage-failed-to-connect-call", "failed", "failed"),
        ("customer-did-not-give-microphone-permission", "failed", "failed"),
        ("pipeline-error-openai-llm-failed", "failed", "failed"),
        ("call.start.error-get-phone-number", "failed", "failed"),
        ("call.in-progress.error-providerfault-outbound", "failed", "failed"),
        ("some-vapifault", "failed", "failed"),
        ("assistant-not-found", "failed", "failed"),
        ("Assistant-Not-Found", "failed", "failed"),
        ("by-default-handler", "failed", "completed"),
        ("something-of-next-year", "failed", "completed"),
        ("manually-canceled", "failed", "completed"),
        (None, "failed", "completed"),
        ({}, "failed", "completed"),
    ],
)
def test_how_it_ended_is_told_by_the_reason(reason, unanswered, answered):
    ended = status("ended", 9, endedReason=reason)
    assert hear([ended])[-1].status == unanswered
    assert hear([ANSWER, ended])[-1].status == hear([speech("Hi", 1), ended])[-1].status == answered
    assert hear([ended])[-1].reason == (reason if isinstance(reason, str) else None)


def test_a_call_ends_once_whichever_end_comes_first():
    ended, told = status("ended", 50), report(durationSeconds=49.7, endedAt="2026-11-05T09:00:50Z")
    for bodies in ([ANSWER, ended, told], [ANSWER, told, ended], [ANSWER, told, told, ended, ANSWER]):
        assert [event.status for event in only(StatusReported, hear(bodies))] == ["in-progress", "completed"]
    assert hear([ANSWER, told])[-1] == StatusReported(
        status="completed", reason="customer-ended-call", at=(T0 + 50_000) * 1000, duration=49
    )
    assert len(finals(hear([ANSWER, ended, speech("Bye", 49)]))) == 1


def test_a_call_that_never_was_has_no_start():
    announced, ended = hear([report(reason="customer-busy", startedAt="2026-11-05T09:00:00Z")])
    assert (announced.started_at, ended.status, ended.reason) == (None, "failed", "customer-busy")


def test_memory_is_bounded_and_what_is_older_than_it_counts_as_a_repeat():
    bodies = [speech(f"number {n}", n) for n in range(1, 601)]
    events, state = [], None
    for body in bodies + bodies:
        heard, state = vapi.normalise(vapi.decode(body, "", {}), state, vapi.Config())
        events += finals(heard)
    assert len(events) == 600
    assert len(encode_state(state)) < 256 * 50
    long = [speech("word " * 3000, n) for n in range(1, 20)]
    for body in long:
        _, state = vapi.normalise(vapi.decode(body, "", {}), state, vapi.Config())
    assert len(encode_state(state)) < 24_000


def test_a_restart_forgets_no_sentence_though_it_forgets_who_had_begun():
    bodies = [ANSWER, turn("started", 1), partial("A", 2), speech("A b.", 4), speech("A b.", 4)]
    (final,) = finals(hear(bodies, restarts=range(5)))
    assert (final.segment_id, final.segment_end) == ("c0ffee:user:1", 4.0)


def test_normalise_changes_neither_its_payload_nor_its_state():
    _, state = vapi.normalise(vapi.decode(partial("A", 1), "", {}), None, vapi.Config())
    payload, before = vapi.decode(report(said("user", "B", 1, 2)), "", {}), encode_state(state)
    assert vapi.normalise(payload, state, vapi.Config()) == vapi.normalise(payload, state, vapi.Config())
    assert encode_state(state) == before
