"""The shared sample calls: whatever the order, the repeats and the restarts, the same sentences."""

import json
import os
from itertools import pairwise
from pathlib import Path

import pytest

from events import CallAnnounced, StatusReported, Transcript, TranscriptionStopped
from tests.twilio_calls import finals, hear, is_interim, only, spoken

SHARED = Path(os.environ.get("CALLBOARD_SHARED") or Path(__file__).parents[2] / "shared") / "samples"


@pytest.fixture(scope="module")
def sample():
    if not (SHARED / "twilio").exists():
        pytest.skip("samples/twilio is not there: set CALLBOARD_SHARED to the folder with the shared samples")
    expected = json.loads((SHARED / "twilio/expected.json").read_text())
    bodies = [path.read_bytes() for path in sorted((SHARED / "twilio").glob("*.form"))]
    assert len(bodies) == 32
    return bodies, [(f["speaker"], f["content"], f["confidence"]) for f in expected["finals"]], expected["statuses"]


def test_the_sample_call_is_heard_as_expected(sample):
    bodies, expected, statuses = sample
    said = hear(bodies)
    assert spoken(said) == expected
    assert [report.status for report in only(StatusReported, said)] == statuses
    assert only(StatusReported, said)[-1].duration == 27
    assert len(only(TranscriptionStopped, said)) == 1
    assert {call.from_number for call in only(CallAnnounced, said)} == {"+12025550188"}


def test_each_interim_has_the_id_of_the_next_final_of_its_speaker(sample):
    said = only(Transcript, hear(sample[0]))
    for n, interim in enumerate(said):
        if is_interim(interim):
            final = next(t for t in said[n:] if t.is_final and t.speaker == interim.speaker)
            assert (interim.segment_id, interim.segment_start) == (final.segment_id, final.segment_start)
            assert interim.confidence is None
    for one, other in pairwise(t for t in said if is_interim(t)):
        assert one.segment_id != other.segment_id or one.revision < other.revision


@pytest.mark.parametrize("cut", range(33))
def test_a_restart_anywhere_changes_no_sentence_and_no_id(sample, cut):
    bodies, expected, _ = sample
    said = hear(bodies, restarts={cut})
    assert spoken(said) == expected
    assert [f.segment_id for f in finals(said)] == [f.segment_id for f in finals(hear(bodies))]


def test_a_restart_before_every_message_changes_no_sentence(sample):
    bodies, expected, _ = sample
    assert spoken(hear(bodies, restarts=range(32))) == expected


@pytest.mark.parametrize("restarts", [(), range(64)])
def test_every_message_twice_is_heard_once(sample, restarts):
    bodies, expected, _ = sample
    said = hear([body for body in bodies for _ in (1, 2)], restarts=restarts)
    assert spoken(said) == expected
    if not restarts:  # a restart forgets which interims were shown
        assert only(Transcript, said) == only(Transcript, hear(bodies))


def test_the_whole_call_sent_again_adds_no_sentence(sample):
    bodies, expected, _ = sample
    assert spoken(hear(bodies + bodies)) == expected


@pytest.mark.parametrize("n", range(31))
@pytest.mark.parametrize("restarts", [(), range(32)])
def test_neighbours_that_change_places_change_no_sentence(sample, n, restarts):
    bodies, expected, _ = sample
    assert spoken(hear([*bodies[:n], bodies[n + 1], bodies[n], *bodies[n + 2 :]], restarts=restarts)) == expected


@pytest.mark.parametrize("odd", [0, 1])
def test_all_neighbours_changing_places_change_no_sentence(sample, odd):
    bodies, expected, _ = sample
    pairs = [bodies[n : n + 2][::-1] for n in range(odd, 32, 2)]
    assert spoken(hear(bodies[:odd] + [body for pair in pairs for body in pair])) == expected


def test_the_error_samples_end_calls_only_by_their_status():
    if not (SHARED / "twilio-error").exists():
        pytest.skip("samples/twilio-error is not there: set CALLBOARD_SHARED to the folder with the shared samples")
    bodies = [path.read_bytes() for path in sorted((SHARED / "twilio-error").glob("*.form"))]
    said = hear(bodies[:2])
    assert [report.status for report in only(StatusReported, said)] == ["in-progress"]
    assert only(TranscriptionStopped, said) == []
    assert said[-1].metadata == {"transcription_error": "32655: Speech provider not reachable (sample)"}
    for body, reason in zip(bodies[2:], ("failed", "no-answer", "busy", "canceled"), strict=True):
        announced, report = hear([body])
        assert (announced.direction, announced.to_number, announced.started_at) == ("outbound", "+12025550143", None)
        assert (report.status, report.reason, report.duration) == ("failed", reason, 0)
