"""The shared sample call of Telnyx: whatever the order, the repeats and the restarts, the same sentences."""

from random import Random

import pytest

from events import CallAnnounced, StatusReported
from sources import telnyx
from tests import heard_calls
from tests.adapter_calls import sample as shared_sample
from tests.heard_calls import finals, interims, only

COUNT = 26


@pytest.fixture(scope="module")
def sample():
    bodies, expected = shared_sample("telnyx")
    assert len(bodies) == COUNT
    # What has no track, which the sample's note speaks of, is the user's by default.
    wanted = [(said["speaker"], said["content"], said["confidence"]) for said in expected["finals"]]
    return bodies, [*wanted, ("user", "Thanks.", None)], expected["statuses"]


def hear(bodies, **more):
    return heard_calls.hear(telnyx, bodies, **more)


def spoken(events) -> list[tuple]:
    """In the order in which it was said; ids are given out once."""
    heard = finals(events)
    assert len({final.segment_id for final in heard}) == len(heard)
    return [(said.speaker, said.content, said.confidence) for said in sorted(heard, key=lambda said: said.created_at)]


def test_the_sample_call_is_heard_as_expected(sample):
    bodies, wanted, statuses = sample
    said = hear(bodies)
    assert spoken(said) == wanted
    assert [report.status for report in only(StatusReported, said)] == statuses
    first = only(CallAnnounced, said)[0]
    assert (first.direction, first.from_number, first.to_number) == ("outbound", "+12025550188", "+12025550143")
    assert all(0 <= final.segment_start <= final.segment_end <= 27 for final in finals(said))
    assert finals(said)[0].segment_start == 1.9  # of its first interim


def test_each_interim_has_the_id_of_the_next_final_of_its_speaker(sample):
    said = [one for one in hear(sample[0]) if hasattr(one, "is_final")]
    assert len(interims(said)) == 13
    for n, shown in enumerate(said):
        if not shown.is_final:
            final = next(one for one in said[n:] if one.is_final and one.speaker == shown.speaker)
            assert (shown.segment_id, shown.segment_start) == (final.segment_id, final.segment_start)
            assert shown.confidence is None


@pytest.mark.parametrize("cut", range(COUNT + 1))
def test_a_restart_anywhere_changes_no_sentence_and_no_id(sample, cut):
    bodies, wanted, _ = sample
    said = hear(bodies, restarts={cut})
    assert spoken(said) == wanted
    assert [final.segment_id for final in finals(said)] == [final.segment_id for final in finals(hear(bodies))]


@pytest.mark.parametrize("restarts", [(), range(2 * COUNT)])
def test_every_message_twice_is_heard_once(sample, restarts):
    bodies, wanted, _ = sample
    assert spoken(hear([body for body in bodies for _ in (1, 2)], restarts=restarts)) == wanted


def test_the_whole_call_sent_again_adds_no_sentence(sample):
    bodies, wanted, _ = sample
    assert spoken(hear(bodies + bodies, restarts={COUNT})) == wanted


@pytest.mark.parametrize("n", range(COUNT - 1))
@pytest.mark.parametrize("restarts", [(), range(COUNT)])
def test_neighbours_that_change_places_change_no_sentence(sample, n, restarts):
    bodies, wanted, _ = sample
    said = hear([*bodies[:n], bodies[n + 1], bodies[n], *bodies[n + 2 :]], restarts=restarts)
    assert spoken(said) == wanted
    assert only(StatusReported, said)[-1].status == "completed"


@pytest.mark.parametrize("seed", range(40))
def test_any_order_gives_the_same_sentences_and_ends_the_call(sample, seed):
    bodies, wanted, _ = sample
    shuffled = [*bodies, *bodies[:5]]
    Random(seed).shuffle(shuffled)
    said = hear(shuffled, restarts={seed % COUNT})
    assert spoken(said) == wanted
    assert {report.status for report in only(StatusReported, said)} & {"completed", "failed"}
