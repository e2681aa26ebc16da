"""The shared sample of a Deepgram stream: whatever the order, the repeats and the restarts, the same sentences."""

from random import Random

import pytest

from events import CallAnnounced, StatusReported, TranscriptionStopped
from sources import deepgram
from tests.adapter_calls import sample as shared_sample
from tests.heard_calls import finals, hear, interims, log, only, spoken

COUNT = 37
CALL = {"call_sid": "CA0"}


@pytest.fixture(scope="module")
def sample():
    bodies, told = shared_sample("deepgram")
    assert len(bodies) == COUNT
    return bodies, told


def played(bodies, **more):
    return hear(deepgram, bodies, query=CALL, **more)


def expected(sample) -> list[tuple]:
    return [(said["speaker"], said["content"], said["confidence"]) for said in sample[1]["finals"]]


def test_the_sample_call_is_heard_as_expected(sample):
    bodies, told = sample
    said = played(bodies)
    assert spoken(said) == expected(sample) and len(finals(said)) == 8
    for final, wanted in zip(finals(said), told["finals"], strict=True):
        assert final.segment_start == wanted["segment_start"]
        assert final.segment_end == pytest.approx(wanted["segment_end"], abs=0.05)  # its last word ends before it
    assert [report.status for report in only(StatusReported, said)] == told["statuses"] == []
    assert only(CallAnnounced, said) == [CallAnnounced(provider="deepgram")] == said[:1]
    assert only(TranscriptionStopped, said) == said[-1:], (
        "not the end of the call, but after five quiet minutes taken as one"
    )


def test_each_interim_is_the_beginning_of_the_final_of_its_segment(sample):
    said = played(sample[0])
    revisions = {}
    ids = {final.segment_id for final in finals(said)}
    assert len(interims(said)) == 18
    for interim in interims(said):
        assert interim.segment_id in ids and interim.content and interim.confidence is None
        assert interim.revision > revisions.get(interim.segment_id, -1)
        revisions[interim.segment_id] = interim.revision
    joined = [interim.content for interim in interims(said) if interim.segment_id.endswith(":1:7940")]
    assert joined[-1] == "Your gravel bike is ready. The rear wheel was trued and both brake"


@pytest.mark.parametrize("cut", range(COUNT + 1))
def test_a_restart_anywhere_changes_no_sentence_and_no_id(sample, cut):
    said = played(sample[0], restarts={cut})
    assert spoken(said) == expected(sample)
    assert [final.segment_id for final in finals(said)] == [final.segment_id for final in finals(played(sample[0]))]


@pytest.mark.parametrize("times", [1, 2])
def test_a_restart_before_every_message_changes_no_sentence(sample, times):
    bodies = [body for body in sample[0] for _ in range(times)]
    said = played(bodies, restarts=range(len(bodies)))
    assert spoken(said) == expected(sample) and len(finals(said)) == 8


def test_every_message_twice_is_heard_once(sample):
    assert played([body for body in sample[0] for _ in (1, 2)]) == played(sample[0])


def test_the_whole_stream_sent_again_adds_nothing(sample):
    assert played(sample[0] + sample[0]) == played(sample[0])


@pytest.mark.parametrize("n", range(COUNT - 1))
@pytest.mark.parametrize("restarts", [(), range(COUNT)])
def test_neighbours_that_change_places_change_no_sentence(sample, n, restarts):
    bodies = sample[0]
    swapped = [*bodies[:n], bodies[n + 1], bodies[n], *bodies[n + 2 :]]
    assert spoken(played(swapped, restarts=restarts)) == expected(sample)


@pytest.mark.parametrize("seed", range(40))
def test_any_order_gives_the_same_sentences(sample, seed):
    bodies = list(sample[0])
    Random(seed).shuffle(bodies)
    said = played(bodies, restarts={seed % COUNT})
    assert [said[:2] for said in spoken(said)] == [wanted[:2] for wanted in expected(sample)]
    assert len(log(said)) == 8
