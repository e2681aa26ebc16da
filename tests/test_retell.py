"""Retell: segments out of lists that repeat the whole call, and one end for each call."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import CallAnnounced, StatusReported, Transcript
from sources import retell
from sources.adapter import encode_state
from tests import heard_calls
from tests.adapter_calls import segments, spoken
from tests.heard_calls import finals, interims, only
from tests.retell_bodies import T0, analyzed, body, ended, item, started, turns, update

ABC = turns("a", "b", "c")


def hear(bodies, **more):
    return heard_calls.hear(retell, bodies, **more)


def contents(events) -> list[str]:
    return [content for _, content in spoken(events)]


def test_all_turns_but_the_last_are_final_and_all_are_when_the_call_is_over():
    events = only(Transcript, hear([started(), update(ABC[:1]), update(ABC[:2]), ended(ABC)]))
    assert [(t.segment_id[-1], t.content, t.is_final) for t in events] == [
        ("1", "a", False),
        ("1", "a", True),
        ("2", "b", False),
        ("2", "b", True),
        ("3", "c", True),
    ]
    assert contents(hear([update(ABC, call_status="ended")])) == ["a", "b", "c"]


def test_lists_may_skip_turns_and_a_call_may_be_heard_of_when_it_is_over():
    assert contents(hear([started(), update(ABC)])) == ["a", "b"]
    announced, *said, end = hear([ended(ABC)])
    assert (announced.started_at, [t.content for t in said]) == (T0 * 1000, ["a", "b", "c"])
    assert end == StatusReported(status="completed", reason="user_hangup", at=(T0 + 60_500) * 1000, duration=60)


def test_the_last_turn_is_shown_as_it_grows_and_again_only_if_it_changed():
    grown = [turns("a", "b"), turns("a", "b c"), turns("a", "b c"), turns("a", "b c d")]
    assert [t.content for t in interims(hear([update(items) for items in grown]))] == ["b", "b c", "b c d"]
    gone = [t.content for t in interims(hear([update(grown[0]), update(turns("a", " ")), update(turns("a", ""))]))]
    assert gone == ["b", ""]


def test_a_turn_that_is_rewritten_is_corrected_also_back_to_what_it_was():
    events = hear([update(ABC), update(turns("A!", "b", "c")), update(ABC), ended(ABC)])
    own = [t for t in finals(events) if t.segment_id.endswith(":1")]
    assert [(t.content, t.revision) for t in own] == [("a", 1), ("A!", 2), ("a", 3)]
    other_speaker = [item("user", "a", 0, 1), *ABC[1:]]
    assert spoken(hear([update(ABC), ended(other_speaker)]))[0] == ("user", "a")


def test_other_times_of_the_same_words_correct_nothing():
    moved = [item("agent", "a", 0.5, 0.7), *ABC[1:]]
    assert len(finals(hear([update(ABC), update(moved), ended(moved)]))) == 3


def test_an_older_list_changes_nothing_and_hides_nothing():
    older, newer = turns("a", "b"), turns("a", "b, as it was", "c", "d")
    for late in (older, turns("a", "B"), turns("x"), turns("a", "b", "C")):
        events = hear([update(newer), update(late)])
        assert contents(events) == ["a", "b, as it was", "c"]
        assert [t.content for t in interims(events)] == ["d"]
    same_length = [update(turns("a", "b c d")), update([ABC[0], item("user", "b c", 2, 2.5)])]
    assert [t.content for t in interims(hear(same_length))] == ["b c d"]


def test_the_list_of_the_end_stands_whatever_comes_after_it_and_that_of_the_analysis_above_it():
    later = [update(turns("x", "y", "z")), update(turns("a", "b", "c", "d", "e"))]
    assert contents(hear([ended(ABC), *later])) == ["a", "b", "c", "d", "e"]
    assert contents(hear([ended(ABC), analyzed(turns("a", "b", "C!"))])) == ["a", "b", "C!"]
    assert contents(hear([analyzed(turns("a", "b", "C!")), ended(ABC)])) == ["a", "b", "C!"]
    assert contents(hear([ended(ABC), analyzed(turns("a", "b", "c", "d"))])) == ["a", "b", "c", "d"]
    assert contents(hear([update(ABC), ended(), ended([]), analyzed()])) == ["a", "b"]


def test_in_a_list_that_got_shorter_nothing_that_moved_up_is_there_twice():
    four = turns("a", "b", "c", "d")
    assert contents(hear([ended(four), analyzed([four[0], *four[2:]])])) == ["a", "b", "c", "d"]
    joined = [four[0], item("user", "b c", 2, 5), four[3]]
    assert contents(hear([ended(four), analyzed(joined)])) == ["a", "b c", "c", "d"]


def test_only_speech_has_a_place():
    mixed = [ABC[0], {"role": "tool_call_invocation", "name": "x", "arguments": "{}"}, ABC[1]]
    mixed += [{"role": "tool_call_result", "content": "no speech"}, {"role": "dtmf", "digit": "1"}, {"role": "user"}]
    mixed += [{"role": "node_transition", "content": "x"}, {"role": "agent", "content": None}, ABC[2]]
    events = hear([update(ABC), body("call_ended", transcript_with_tool_calls=mixed, call_status="ended")])
    assert contents(events) == ["a", "b", "c"]
    assert len(finals(events)) == 3


def test_who_got_the_call_passed_on_is_a_setting():
    passed_on = [item("agent", "a", 0, 1), item("transfer_target", "b", 2, 3)]
    assert [speaker for speaker, _ in spoken(hear([ended(passed_on)]))] == ["assistant", "user"]
    config = retell.Config(transfer_target="assistant")
    assert [speaker for speaker, _ in spoken(hear([ended(passed_on)], config=config))] == ["assistant", "assistant"]


def test_times_are_those_of_the_words_and_without_words_the_end_of_the_turn_before():
    items = [item("agent", "a b", 1, 2), item("user", "c"), item("agent", "d"), item("user", "e", 5, 6)]
    said = segments(hear([ended(items)]))
    assert [(t.segment_start, t.segment_end) for t in said] == [(1.0, 2.0), (2.0, None), (2.0, None), (5.0, 6.0)]
    assert [(t.segment_start, t.segment_end) for t in finals(hear([ended([item("user", "a")])]))] == [(None, None)]
    assert finals(hear([update(items[:2]), update(items[:3])]))[1].segment_start == 2.0


@pytest.mark.parametrize(
    "words",
    [
        *(None, 1, "x", {}, [None], [1], [{}], [{"start": "1", "end": None}], [{"start": -1, "end": -1}]),
        *([{"start": 1e300, "end": 1e300}], [{"start": True, "end": []}], [{"start": 604801, "end": 604802}]),
    ],
)
def test_words_that_make_no_sense_are_as_good_as_none(words):
    (said,) = finals(hear([ended([item("user", "a") | {"words": words}])]))
    assert (said.content, said.segment_start, said.segment_end) == ("a", None, None)


def test_a_word_without_a_time_and_an_end_before_the_start_are_made_good():
    words = [{"word": "a"}, {"start": 2, "end": 3}, {"start": 4, "end": 1}, {"word": "b"}]
    (said,) = finals(hear([ended([item("user", "a") | {"words": words}])]))
    assert (said.segment_start, said.segment_end) == (2.0, 2.0)


@pytest.mark.parametrize("odd", [None, 1, "x", [], {"role": ["user"], "content": "x"}, {"role": "user", "content": 1}])
def test_an_item_that_cannot_be_read_costs_no_other(odd):
    assert contents(hear([ended([ABC[0], odd, ABC[1]])])) == ["a", "b"]


@pytest.mark.parametrize("odd", [None, 1, "x", {}, True])
def test_a_list_that_is_none_leaves_the_rest_to_be_read(odd):
    assert [type(event) for event in hear([ended(odd)])] == [CallAnnounced, StatusReported]
    assert contents(hear([ended(odd, transcript_with_tool_calls=ABC)])) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("reason", "state", "status"),
    [
        *((reason, "ended", "completed") for reason in ("user_hangup", "agent_hangup", "call_transfer", "inactivity")),
        *(
            (reason, "ended", "completed")
            for reason in ("voicemail_reached", "max_duration_reached", "new_reason", None)
        ),
        *((reason, "not_connected", "failed") for reason in ("dial_busy", "dial_failed", "dial_no_answer", "dial_new")),
        *((reason, "ended", "failed") for reason in ("invalid_destination", "registered_call_timeout", "error_llm")),
        *(
            (reason, "ended", "failed")
            for reason in ("scam_detected", "no_valid_payment", "error_unknown", "user_declined")
        ),
        ("user_hangup", "error", "failed"),
        (None, "not_connected", "failed"),
        (None, "error", "failed"),
        (["x"], "ended", "completed"),
    ],
)
def test_how_it_ended_is_told_by_the_reason_and_the_state(reason, state, status):
    announced, end = hear([ended(reason=reason, call_status=state)])
    assert (end.status, end.reason) == (status, reason if isinstance(reason, str) else None)
    assert announced.started_at == (T0 * 1000 if status == "completed" else None)  # else nobody ever answered
    assert hear([started(), ended(reason=reason, call_status=state)])[-1].status == status


def test_a_call_ends_once_and_the_analysis_ends_it_only_where_the_end_was_lost():
    for bodies in (
        [started(), ended(ABC), ended(ABC), analyzed(ABC), started()],
        [analyzed(ABC), ended(ABC), started()],
    ):
        events = hear(bodies)
        assert [event.status for event in only(StatusReported, events)][-1] == "completed"
        assert len([event for event in only(StatusReported, events) if event.status == "completed"]) == 1
        assert contents(events) == ["a", "b", "c"]


def test_words_prove_the_answer_and_it_is_told_once():
    events = hear([update(ABC), started(), update(ABC), ended(ABC)])
    assert [event.status for event in only(StatusReported, events)] == ["in-progress", "completed"]
    assert len(only(CallAnnounced, events)) == 2
    assert hear([update([], call_status="registered")]) == []
    named = {"telephony_identifier": {"twilio_call_sid": "CA1"}}
    later = hear([started(start_timestamp=None), update(ABC[:1], **named), update(ABC[:2], **named)])
    assert [(call.alias, call.started_at) for call in only(CallAnnounced, later)] == [(None, None), ("CA1", T0 * 1000)]


@pytest.mark.parametrize("odd", [None, 1, "x", [], {}, {"twilio_call_sid": 1}, {"twilio_call_sid": "not an id"}])
def test_an_alias_that_is_none_is_none(odd):
    assert hear([started(telephony_identifier=odd)])[0].alias is None


@pytest.mark.parametrize("event", ["transfer_started", "transfer_bridged", "chat_started", "agent_hired", ""])
def test_events_that_are_not_read_create_nothing_even_without_a_call(event):
    assert hear([body(event, ABC), b'{"event":"%s","chat":{"chat_id":"c"}}' % event.encode()]) == []


def test_the_state_keeps_no_words_and_four_bytes_a_turn():
    long = turns(*(f"This is sentence number {n}" for n in range(1000)))
    _, state = retell.normalise(retell.decode(ended(long), "", {}), None, retell.Config())
    written = encode_state(state)
    assert "sentence" not in written and len(written) < 4 * 1000 * 4 / 3 + 300


def test_of_a_list_without_end_no_more_than_the_bound_is_heard():
    assert len(finals(hear([ended([{"role": "user", "content": "a"}] * 6000)]))) == 5000


def test_a_thousand_turns_that_are_known_give_nothing_again():
    long = turns(*(f"This is sentence number {n} of a call that goes on and on" for n in range(1000)))
    given, config = update(long), retell.Config()
    _, state = retell.normalise(retell.decode(given, "", {}), None, config)
    for _ in range(10):
        events, state = retell.normalise(retell.decode(given, "", {}), state, config)
        assert events == []


def test_normalise_changes_neither_its_payload_nor_its_state():
    _, state = retell.normalise(retell.decode(update(ABC), "", {}), None, retell.Config())
    payload, before = retell.decode(ended(turns("a", "B", "c")), "", {}), encode_state(state)
    assert retell.normalise(payload, state, retell.Config()) == retell.normalise(payload, state, retell.Config())
    assert encode_state(state) == before
    assert not retell.must_store(None, state)


def test_what_the_state_keeps_a_checksum_of_is_redacted_before():
    body = update(turns("My number is 4111", "thanks"))
    payload = retell.cleaned(retell.decode(body, "", {}), lambda text: text.replace("4111", "[NUMBER]"))
    assert [item.content for item in payload.items] == ["My number is [NUMBER]", "thanks"]
    assert payload.items[0].words == retell.decode(body, "", {}).items[0].words


LISTS = st.lists(st.lists(st.sampled_from(["a", "b", "c d", "", "e"]), max_size=6), max_size=8)


@given(
    lists=LISTS,
    last=st.lists(st.sampled_from(["a", "b", "x"]), min_size=6, max_size=8),
    restarts=st.sets(st.integers(0, 9)),
)
@settings(max_examples=100)
def test_whatever_the_lists_were_the_call_is_as_its_end_tells(lists, last, restarts):
    """Lists of any length in any order, rewritten as they please, none longer than the last."""
    bodies = [update(turns(*contents)) for contents in lists]
    assert contents(hear([*bodies, ended(turns(*last)), analyzed(turns(*last))], restarts=restarts)) == last
