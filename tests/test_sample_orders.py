"""The shared sample calls of Vapi and Retell: whatever the order, the repeats and the restarts, the same words."""

from itertools import pairwise
from random import Random

import pytest

from events import CallAnnounced, StatusReported, Transcript
from sources import retell, vapi
from tests.adapter_calls import sample, segments, spoken, words
from tests.heard_calls import hear, is_interim, only

ADAPTERS = {"vapi": vapi, "retell": retell}
LENGTHS = {"vapi": 47, "retell": 14}
CUTS = [(kind, n) for kind, length in LENGTHS.items() for n in range(length)]


def joined(said: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Fragments of one turn as one."""
    turns: list[tuple[str, str]] = []
    for speaker, content in said:
        if turns and turns[-1][0] == speaker:
            turns[-1] = (speaker, f"{turns[-1][1]} {content}")
        else:
            turns.append((speaker, content))
    return turns


def turns_of(expected: dict) -> list[tuple[str, str]]:
    return [(final["speaker"], final["content"]) for final in expected["finals"]]


@pytest.mark.parametrize("kind", ADAPTERS)
def test_the_sample_call_is_heard_as_expected(kind):
    bodies, expected = sample(kind)
    assert len(bodies) == LENGTHS[kind]
    said = hear(ADAPTERS[kind], bodies)
    assert joined(spoken(said)) == turns_of(expected)
    assert [report.status for report in only(StatusReported, said)] == expected["statuses"]
    assert {call.alias for call in only(CallAnnounced, said)} == {"CA8d0bd73048a772f7bec94b45dbaba195"}
    confidences = {final["content"]: final.get("confidence") for final in expected["finals"]}
    assert all(final.confidence == confidences.get(final.content) for final in segments(said))
    for final in expected["finals"]:
        if "segment_start" in final:
            (own,) = [segment for segment in segments(said) if segment.content == final["content"]]
            assert own.segment_start == pytest.approx(final["segment_start"], abs=0.05)
            assert own.segment_end == pytest.approx(final["segment_end"], abs=0.05)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_each_interim_has_the_id_of_the_next_final_of_its_speaker(kind):
    said = only(Transcript, hear(ADAPTERS[kind], sample(kind)[0]))
    assert any(is_interim(transcript) for transcript in said)
    for n, interim in enumerate(said):
        if is_interim(interim):
            final = next(t for t in said[n:] if t.is_final and t.speaker == interim.speaker)
            assert (interim.segment_id, interim.segment_start) == (final.segment_id, final.segment_start)
            assert interim.confidence is None
    for one, other in pairwise(t for t in said if is_interim(t) and t.revision is not None):
        assert one.revision < other.revision


@pytest.mark.parametrize(("kind", "cut"), CUTS)
def test_a_restart_anywhere_changes_no_sentence_and_no_id(kind, cut):
    bodies, _ = sample(kind)
    said, whole = hear(ADAPTERS[kind], bodies, restarts={cut}), hear(ADAPTERS[kind], bodies)
    assert spoken(said) == spoken(whole)
    assert [s.segment_id for s in segments(said)] == [s.segment_id for s in segments(whole)]


@pytest.mark.parametrize("kind", ADAPTERS)
def test_a_restart_before_every_message_changes_no_sentence(kind):
    bodies, expected = sample(kind)
    assert joined(spoken(hear(ADAPTERS[kind], bodies, restarts=range(100)))) == turns_of(expected)


@pytest.mark.parametrize("kind", ADAPTERS)
def test_every_message_twice_and_the_whole_call_again_are_heard_once(kind):
    bodies, _ = sample(kind)
    whole = hear(ADAPTERS[kind], bodies)
    assert hear(ADAPTERS[kind], [body for body in bodies for _ in (1, 2)]) == whole
    assert hear(ADAPTERS[kind], bodies + bodies) == whole
    assert spoken(hear(ADAPTERS[kind], bodies + bodies, restarts=range(200))) == spoken(whole)


@pytest.mark.parametrize(("kind", "n"), [(kind, n) for kind, n in CUTS if n + 1 < LENGTHS[kind]])
@pytest.mark.parametrize("restarts", [(), range(100)])
def test_neighbours_that_change_places_change_no_sentence(kind, n, restarts):
    bodies, _ = sample(kind)
    swapped = [*bodies[:n], bodies[n + 1], bodies[n], *bodies[n + 2 :]]
    said = hear(ADAPTERS[kind], swapped, restarts=restarts)
    assert spoken(said) == spoken(hear(ADAPTERS[kind], bodies))
    assert only(StatusReported, said)[-1].status == "completed"


@pytest.mark.parametrize(("kind", "lost"), CUTS)
def test_a_lost_message_costs_no_word_and_doubles_none(kind, lost):
    """What came before it and after it tells enough: the list that follows, or the report."""
    bodies, _ = sample(kind)
    said, whole = hear(ADAPTERS[kind], bodies[:lost] + bodies[lost + 1 :]), hear(ADAPTERS[kind], bodies)
    if (kind, lost) == ("vapi", 46):  # the report itself
        assert said == whole
    for speaker in ("user", "assistant"):
        assert words(said, speaker) == words(whole, speaker)


@pytest.mark.parametrize("kind", ADAPTERS)
@pytest.mark.parametrize("seed", range(60))
def test_in_any_order_each_word_is_there_once(kind, seed):
    bodies, _ = sample(kind)
    whole = hear(ADAPTERS[kind], bodies)
    chance = Random(seed)
    chance.shuffle(bodies)
    said = hear(ADAPTERS[kind], bodies, restarts=[n for n in range(len(bodies)) if chance.random() < 0.3])
    for speaker in ("user", "assistant"):
        assert words(said, speaker) == words(whole, speaker)
    assert len({report.status for report in only(StatusReported, said)} - {"in-progress"}) == 1
