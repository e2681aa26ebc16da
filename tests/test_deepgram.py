"""Deepgram's windows become utterances: joined, corrected by what comes late, and never lost by a restart."""

import pytest

from events import CallAnnounced
from sources import deepgram
from sources.adapter import decode_state, encode_state
from tests import heard_calls
from tests.deepgram_bodies import CALL, SECOND, interim, message, result, stream_end, utterance_end
from tests.heard_calls import finals, interims, log, only

CONFIG = deepgram.Config()


def hear(bodies, **more):
    return heard_calls.hear(deepgram, bodies, **{"query": CALL} | more)


def said(events) -> list[str]:
    return [final.content for final in finals(events)]


def shown(events) -> list[str]:
    return [one.content for one in interims(events)]


def test_an_utterance_is_its_windows_until_speech_final():
    events = hear(
        [interim(0, 1, "a"), result(0, 2, "A b."), interim(2, 3, "c"), result(2, 4, "C d.", last=True, sure=0.6)]
    )
    assert shown(events) == ["a", "A b.", "A b. c"]
    (final,) = finals(events)
    assert (final.content, final.segment_start, final.segment_end) == ("A b. C d.", 0, 4)
    assert final.confidence == 0.75  # two words at 0.9, two at 0.6
    assert {one.segment_id for one in interims(events)} == {final.segment_id} == {"request-1:0:0"}


@pytest.mark.parametrize("end", [utterance_end(1.9), utterance_end(-1), result(2, 3, "", last=True), stream_end(9)])
def test_an_utterance_also_ends_by_a_message_of_its_own(end):
    assert said(hear([result(0, 2, "A b."), end, end, result(3, 4, "C.", last=True)]))[0] == "A b."


def test_what_is_under_way_when_the_connection_breaks_is_complete_and_the_next_goes_on_after_it():
    bodies = [result(1, 3, "A"), interim(3, 4, "a"), result(0.5, 2, "B", last=True, request=SECOND)]
    events = hear(bodies)
    assert [(final.content, final.segment_start, final.segment_end) for final in finals(events)] == [
        ("A", 1.0, 3.0),
        ("B", 3.5, 5.0),
    ]
    for cut in range(len(bodies) + 1):
        assert finals(hear(bodies, restarts={cut})) == finals(events)


def test_connections_without_a_name_follow_each_other_too():
    bodies = [result(0, 2, "A", last=True, request=None), stream_end(3, request=None)]
    events = hear([*bodies, result(0, 2, "B", last=True, request=None), result(2, 3, "C", request=None), *bodies[1:]])
    assert [(f.content, f.segment_start) for f in finals(events)] == [("A", 0.0), ("B", 3.0), ("C", 5.0)]
    assert len({f.segment_id for f in finals(events)}) == 3


def test_the_beginning_of_speech_makes_the_call_and_no_connection():
    began = message("SpeechStarted", channel=[0, 1], timestamp=0.5)
    events, state = deepgram.normalise(deepgram.decode(began, "", CALL), None, CONFIG)
    assert (events, state.connections) == ([CallAnnounced(provider="deepgram")], {})
    assert said(hear([began, result(0, 1, "A", last=True), began, result(2, 3, "B", last=True)])) == ["A", "B"]


def test_a_connection_goes_on_where_it_is_told_to():
    a, b = result(1, 3, "A", last=True), result(0.5, 2, "B", last=True, request=SECOND)
    assert [final.segment_start for final in finals(hear([a, (b, CALL | {"offset": "7.25"})]))] == [1.0, 7.75]
    assert [final.segment_start for final in finals(hear([(a, CALL | {"offset": "2"}), b]))] == [3.0, 5.5]
    assert [final.segment_start for final in finals(hear([a, stream_end(6.5), b]))] == [1.0, 7.0]


def test_the_time_of_creation_tells_where_a_connection_goes_on_where_both_tell_it():
    a = stream_end(3, created="2026-11-05T09:00:00Z")
    b = result(0.5, 2, "B", last=True, request=SECOND, metadata={"created": "2026-11-05T09:00:20.5Z"})
    assert finals(hear([result(1, 3, "A"), a, b]))[1].segment_start == 21.0


def test_one_connection_for_each_speaker_runs_beside_the_other():
    user, assistant = CALL | {"speaker": "user"}, CALL | {"speaker": "assistant"}
    bodies = [
        (result(0, 1, "A", channels=1), user),
        (result(0.5, 2, "B", channels=1, request=SECOND, last=True), assistant),
        (result(1, 2, "C", channels=1, last=True), user),
        (utterance_end(2), assistant),
    ]
    assert [(f.speaker, f.content, f.segment_start) for f in finals(hear(bodies))] == [
        ("assistant", "B", 0.5),
        ("user", "A C", 0.0),
    ]


def test_two_connections_at_once_that_tell_no_speaker_lose_no_words():
    bodies = [body for n in range(6) for body in (result(n, n + 1, f"A{n}"), result(n, n + 1, f"B{n}", request=SECOND))]
    heard = " ".join(final.content for final in log(hear([*bodies, stream_end(6), stream_end(6, request=SECOND)])))
    assert sorted(heard.split()) == sorted(f"{who}{n}" for who in "AB" for n in range(6))


def test_a_window_that_comes_late_corrects_its_utterance():
    events = hear([result(2, 4, "c d.", last=True), result(0, 2, "A b"), result(4, 5, "E", last=True)])
    assert [(f.content, f.revision) for f in finals(events)] == [("c d.", None), ("A b c d.", 2), ("E", None)]
    assert [f.content for f in log(events)] == ["A b c d.", "E"]
    assert len({f.segment_id for f in finals(events)}) == 2


def test_an_end_that_comes_late_divides_what_was_taken_for_one():
    events = hear([result(0, 1, "A"), result(2, 3, "C", last=True), result(1, 2, "B", last=True)])
    assert said(events) == ["A C", "A B", "C"]
    assert [f.content for f in log(events)] == ["A B", "C"]


def test_a_window_is_heard_once_and_an_older_interim_not_at_all():
    bodies = [interim(0, 1, "a"), interim(0, 2, "a b"), interim(0, 1, "a"), interim(0, 2, "a b")]
    assert shown(hear([*bodies, result(0, 3, "A b c", last=True), interim(0, 2.5, "a b"), *bodies])) == ["a", "a b"]
    assert said(hear([result(0, 3, "A"), result(0, 3, "A"), result(0, 3, "A", last=True)])) == ["A"]


def test_interims_grow_in_revision_also_over_a_restart():
    bodies = [interim(0, 1, "a"), interim(0, 2, "a b"), result(0, 3, "a b c"), interim(3, 4, "d"), interim(3, 5, "d e")]
    for cut in range(6):
        revisions = [one.revision for one in interims(hear(bodies, restarts={cut}))]
        assert revisions == sorted(set(revisions)) and len(revisions) == 5


def test_what_turned_out_to_be_nothing_is_withdrawn():
    first, gone = interims(hear([interim(0, 1, "uh"), result(0, 2, "")]))
    assert (gone.segment_id, gone.content, gone.revision > first.revision) == (first.segment_id, "", True)
    assert shown(hear([result(0, 1, "A"), interim(1, 2, "uh"), result(1, 3, "")])) == ["A", "A uh", "A"]
    assert hear([interim(0, 1, ""), result(0, 2, "", last=True), utterance_end(-1)]) == [
        CallAnnounced(provider="deepgram")
    ]


@pytest.mark.parametrize("restarts", [(), range(60)])
def test_without_any_end_an_utterance_is_complete_after_a_while(restarts):
    bodies = [result(n, n + 1, f"{'word ' * 40}{n}") for n in range(50)]
    events = hear(bodies, restarts=restarts)
    assert len(finals(events)) == len(log(events)) == 2
    assert said([*events, *hear([*bodies, stream_end(50)])])[-1].endswith(" 49")
    assert " ".join(f.content for f in log(hear([*bodies, stream_end(50)]))).split() == [
        word for n in range(50) for word in ["word"] * 40 + [f"{n}"]
    ]


def test_a_very_long_window_stands_alone():
    long = "x" * 32_000
    bodies = [result(0, 1, "A"), result(1, 2, long), result(2, 3, long), result(3, 4, "B", last=True)]
    assert [len(final.content) for final in log(hear(bodies))] == [1, 32_000, 32_000, 1]


def test_voices_of_one_channel_are_told_apart_by_most_of_the_words():
    def words(*voices):
        return [{"word": "w", "start": n, "end": n + 1, "speaker": voice} for n, voice in enumerate(voices)]

    bodies = [
        result(0, 3, "a b c", channels=1, words=words(0, 0, 1)),
        result(3, 6, "d e f", channels=1, words=words(1, 1, 0)),
        result(6, 9, "g", channels=1, words=[], last=True),
    ]
    assert [(f.speaker, f.content) for f in finals(hear(bodies))] == [("user", "a b c"), ("assistant", "d e f g")]
    swapped = deepgram.Config(voice_0="assistant", voice_1="user")
    assert [f.speaker for f in finals(hear(bodies, config=swapped))] == ["assistant", "user"]
    several = [result(0, 3, "a", words=words(1, 1), last=True)]
    assert finals(hear(several))[0].speaker == "user", "with several channels the channel tells who speaks"


def test_in_a_window_of_two_voices_each_says_its_own_words():
    def window(*voices, start=0.0, **fields):
        words = [{"word": w, "start": start + n, "end": start + n + 1, "speaker": v} for n, (w, v) in enumerate(voices)]
        text = " ".join(word for word, _ in voices)
        return result(start, start + len(voices), text, channels=1, words=words, **fields)

    bodies = [
        window(("a", 0), ("b", 0)),
        window(("c", 0), ("d", 1), ("e", 1), start=2.0, last=True),
        window(("f", 0), ("g", 0), ("h", 1), start=5.0),
        window(("i", 1), start=8.0, last=True),
    ]
    said = [("user", "a b c", 0, 3), ("assistant", "d e", 3, 5), ("user", "f g", 5, 7), ("assistant", "h i", 7, 9)]
    for order in (bodies, [body for body in bodies for _ in (1, 2)], [bodies[n] for n in (1, 0, 3, 2)]):
        heard = log(hear(order, restarts={1, 3}))
        assert [(one.speaker, one.content, one.segment_start, one.segment_end) for one in heard] == said
    payload = deepgram.decode(bodies[1], "", CALL)
    clean = deepgram.cleaned(payload, lambda text: text.replace("c d", "·"))
    assert [final.content for final in finals(deepgram.normalise(clean, None, CONFIG)[0])] == ["· e"]


def test_the_settings_say_who_is_on_which_channel_and_the_address_goes_before_them():
    bodies = [
        result(0, 1, "A", last=True),
        result(1, 2, "B", channel=1, last=True),
        result(2, 3, "C", channel=2, last=True),
    ]
    assert [f.speaker for f in finals(hear(bodies))] == ["user", "assistant", "user"]
    swapped = deepgram.Config(channel_0="assistant", channel_1="user")
    assert [f.speaker for f in finals(hear(bodies, config=swapped))] == ["assistant", "user", "assistant"]
    told = CALL | {"speaker": "assistant"}
    assert {f.speaker for f in finals(hear(bodies, query=told))} == {"assistant"}


def test_words_without_times_leave_those_of_the_window():
    for words in ([], [{"word": "a"}], [{"start": 3, "end": 1}], [{"start": -1, "end": 1}], "x", [[]], None):
        (final,) = finals(hear([result(1.5, 2.25, "a b", words=words, last=True)]))
        assert (final.segment_start, final.segment_end) == (1.5, 2.25)


def test_an_error_is_noted_and_ends_nothing():
    failed = message("Error", variant="NET-0001", description="No audio.", message="No audio.")
    events = hear([failed, result(0, 1, "A", last=True)])
    assert only(CallAnnounced, events)[1].metadata == {"transcription_error": "NET-0001: No audio."}
    assert said(events) == ["A"]
    assert hear([message("Error", code=7)])[1].metadata == {"transcription_error": "unknown"}


def test_what_a_window_says_is_cleaned_before_it_is_held():
    payload = deepgram.decode(result(0, 1, "four one one one"), "", CALL)
    clean = deepgram.cleaned(payload, lambda text: text.replace("one", "·"))
    _, state = deepgram.normalise(clean, None, CONFIG)
    assert "four · · ·" in encode_state(state) and "four one" not in encode_state(state)
    ended = deepgram.decode(stream_end(3), "", CALL)
    assert deepgram.cleaned(ended, str.upper) is ended


def test_only_words_that_are_held_must_be_stored():
    state, stores = None, []
    for body in (interim(0, 1, "a"), result(0, 2, "A"), result(0, 2, "A"), interim(2, 3, "b"), result(2, 3, "")):
        _, after = deepgram.normalise(deepgram.decode(body, "", CALL), state, CONFIG)
        stores.append(deepgram.must_store(state, after))
        state = after
    assert stores == [False, True, False, False, False]
    assert not deepgram.must_store(None, None)


def test_normalise_changes_neither_its_payload_nor_its_state_and_memory_is_bounded():
    state = None
    for n in range(3000):
        body = result(n, n + 1, f"word {n}", last=n % 3 == 0, channel=n % 2, request=f"request-{n // 500}")
        payload = deepgram.decode(body, "", CALL)
        before = state and encode_state(state)
        events, after = deepgram.normalise(payload, state, CONFIG)
        assert (events, after) == deepgram.normalise(payload, state, CONFIG)
        assert (state and encode_state(state)) == before and decode_state(deepgram, encode_state(after)) == after
        state = after
    assert len(encode_state(state)) < 12_500
