"""Flux: a turn is a segment, and final only at its end."""

import pytest

from events import CallAnnounced, Transcript
from sources import deepgram
from tests import heard_calls
from tests.deepgram_bodies import CALL, SECOND, interim, message, result, turn
from tests.heard_calls import finals, interims, log, only

CONNECTED = message("Connected", request_id="request-1", sequence_id=0)


def hear(bodies, **more):
    return heard_calls.hear(deepgram, bodies, **{"query": CALL} | more)


TURN = [
    turn(1, "Update", 0, ""),
    turn(2, "StartOfTurn", 0, "is"),
    turn(3, "EagerEndOfTurn", 0, "is it"),
    turn(4, "TurnResumed", 0, "is it ready"),
    turn(5, "EndOfTurn", 0, "Is it ready?"),
]


def test_a_turn_is_shown_as_it_grows_and_stored_at_its_end_only():
    events = hear([CONNECTED, *TURN])
    assert events[0] == CallAnnounced(provider="deepgram")
    assert [(one.content, one.revision, one.confidence) for one in interims(events)] == [
        ("is", 2, None),
        ("is it", 3, None),
        ("is it ready", 4, None),
    ]
    (final,) = finals(events)
    assert (final.content, final.confidence, final.segment_id) == ("Is it ready?", 0.8, "request-1:t0")
    assert (final.segment_start, final.segment_end, final.speaker) == (0.0, 1.25, "user")


def test_every_message_is_heard_once_and_older_ones_not_at_all():
    twice = [body for body in TURN for _ in (1, 2)]
    assert hear(twice) == hear(TURN) == hear([*TURN, *TURN[:4]])
    assert len(finals(hear(TURN + TURN, restarts={5}))) == 1
    late = [turn(7, "EndOfTurn", 1, "B"), turn(6, "Update", 1, "b"), turn(4, "Update", 0, "a"), TURN[4]]
    assert [one.content for one in only(Transcript, hear(late))] == ["B", "Is it ready?"]


def test_its_numbers_may_be_written_as_doubles():
    assert hear([turn(2.0, "EndOfTurn", 0.0, "a")]) == hear([turn(2, "EndOfTurn", 0, "a")])


@pytest.mark.parametrize("n", range(4))
def test_neighbours_that_change_places_change_no_sentence(n):
    bodies = [*TURN[:n], TURN[n + 1], TURN[n], *TURN[n + 2 :]]
    assert [final.content for final in finals(hear(bodies, restarts={n}))] == ["Is it ready?"]


def test_a_turn_of_nothing_is_withdrawn():
    first, gone = interims(hear([turn(1, "Update", 0, "uh"), turn(2, "EndOfTurn", 0, "")]))
    assert (gone.segment_id, gone.content, gone.revision) == (first.segment_id, "", 2)
    assert only(Transcript, hear([turn(1, "EndOfTurn", 0, " ")])) == []


def test_the_next_connection_goes_on_after_the_last_and_takes_back_what_was_on_show():
    events = hear([*TURN, turn(6, "Update", 1, "and"), turn(1, "EndOfTurn", 0, "Yes.", request=SECOND)])
    assert [(final.content, final.segment_start) for final in finals(events)] == [("Is it ready?", 0.0), ("Yes.", 1.25)]
    assert interims(events)[-1].content == "" and interims(events)[-1].segment_id == "request-1:t1"
    assert interims(events)[-1].revision > interims(events)[-2].revision


def test_each_speaker_has_a_connection_of_its_own():
    other = turn(1, "EndOfTurn", 0, "No.", request=SECOND)
    bodies = [(TURN[1], CALL | {"speaker": "assistant"}), (other, CALL | {"speaker": "user"})]
    events = hear([*bodies, (TURN[4], CALL | {"speaker": "assistant"})])
    assert [(final.speaker, final.segment_start) for final in log(events)] == [("assistant", 0.0), ("user", 0.0)]
    assert hear([TURN[4]], config=deepgram.Config(channel_0="assistant"))[1].speaker == "assistant"


def test_languages_are_told_where_the_model_finds_them():
    assert finals(hear([turn(1, "EndOfTurn", 0, "Sí.", languages=["es", "en"])]))[0].language == "es"
    said = result(0, 1, "Oui.", last=True, words=[])
    assert finals(hear([said.replace(b'"confidence"', b'"languages": ["fr"], "confidence"', 1)]))[0].language == "fr"
    assert finals(hear([turn(1, "EndOfTurn", 0, "Hm.", languages="es")]))[0].language is None


def test_memory_of_turns_is_bounded():
    state = None
    for n in range(1000):
        payload = deepgram.decode(turn(n, "EndOfTurn", n, f"{n}"), "", CALL)
        events, state = deepgram.normalise(payload, state, deepgram.Config())
        assert len(finals(events)) == 1 and finals(deepgram.normalise(payload, state, deepgram.Config())[0]) == []
    assert len(heard_calls.encode_state(state)) < 1500
    assert hear([interim(0, 1, "a")])[1].content == "a"
