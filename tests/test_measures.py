"""Measures by hand, and against a slow way of counting them, moment by moment; in any order, with corrections."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures import EVERY, Measures, Numbers

NOTHING = Numbers(*[None] * 11, segments_without_times=0)
moments = st.integers(0, 120)  # tenths of a second
segments = st.lists(st.tuples(st.booleans(), moments, st.integers(1, 40)), min_size=1, max_size=14)


def of(*said: tuple, ended: float | None = None) -> Numbers:
    """Of (speaker, start, end), u or a."""
    measures = Measures()
    for n, (who, start, end) in enumerate(said):
        measures.take(f"s{n}", {"u": "user", "a": "assistant"}[who], start, end)
    return measures.numbers(ended)


def test_a_conversation_of_which_everything_is_known():
    found = of(("a", 1, 3), ("u", 3.5, 6.5), ("a", 7.7, 12), ("u", 11, 14), ("u", 14.2, 15), ("a", 23.4, 24), ended=30)
    assert found == Numbers(
        talk_time_user=6.8,
        talk_time_assistant=6.9,
        talk_share_user=0.496,
        talk_share_assistant=0.504,
        silence_time=1 + 0.5 + 1.2 + 0.2 + 8.4 + 6,
        longest_silence=8.4,
        longest_silence_start=15.0,
        interruptions=1,
        interruptions_by_user=1,
        interruptions_by_assistant=0,
        average_response_time=4.8,
        segments_without_times=0,
    )


def test_nothing_is_known_of_nothing():
    assert of() == of(ended=30) == NOTHING


def test_what_would_need_a_missing_time_is_none_and_nothing_else():
    found = of(("u", 1, 2), ("a", None, None), ("u", 5, 6))
    assert found == NOTHING._replace(talk_time_user=2.0, segments_without_times=1)
    for untimed in (("u", 1, None), ("u", None, 2), ("u", 3, 2)):
        assert of(untimed, ended=9) == NOTHING._replace(segments_without_times=1)
        with_another = NOTHING._replace(talk_time_assistant=1.0, segments_without_times=1)
        assert of(untimed, ("a", 3, 4), ended=9) == with_another


def test_one_who_was_never_heard_spoke_for_no_time():
    found = of(("u", 0, 2))
    assert (found.talk_time_user, found.talk_time_assistant, found.talk_share_user) == (2.0, 0.0, 1.0)
    assert found.average_response_time is None and found.longest_silence_start is None
    assert (found.silence_time, found.longest_silence, found.interruptions) == (0.0, 0.0, 0)


@pytest.mark.parametrize(
    ("said", "by_user", "by_assistant"),
    [
        ((("u", 0, 5), ("a", 4, 6)), 0, 1),
        ((("u", 0, 5), ("a", 4.9, 6)), 0, 0),  # they took turns
        ((("u", 0, 5), ("a", 0, 6)), 0, 0),  # both at the same moment
        ((("u", 0, 9), ("a", 3, 4), ("a", 4.9, 6)), 0, 1),  # goes on
        ((("u", 0, 9), ("a", 3, 4), ("a", 5, 6)), 0, 2),
        ((("a", 0, 5), ("u", 4, 8), ("a", 6, 9)), 1, 1),
        ((("u", 0, 2), ("u", 2, 5), ("a", 2, 6)), 0, 1),  # within one stretch
    ],
)
def test_who_begins_while_the_other_goes_on_interrupts(said, by_user, by_assistant):
    found = of(*said)
    assert (found.interruptions_by_user, found.interruptions_by_assistant) == (by_user, by_assistant)
    assert found.interruptions == by_user + by_assistant


def test_only_the_assistants_answers_after_the_customers_last_word_are_responses():
    assert of(("u", 0, 2), ("a", 3, 4), ("a", 5, 6), ("u", 6, 9), ("a", 8, 10)).average_response_time == 1.0
    assert of(("u", 0, 2), ("a", 2, 4)).average_response_time == 0.0
    assert of(("a", 0, 2), ("u", 3, 4)).average_response_time is None


def slowly(said: list[tuple[bool, int, int]], ended: int) -> tuple:
    """Talk of both, silence and the longest, by looking at every tenth of a second."""
    until = max([ended, *(start + length for _, start, length in said)])
    talk, silent = [0, 0], []
    for moment in range(until):
        here = {who for who, start, length in said if start <= moment < start + length}
        for who in here:
            talk[who] += 1
        silent.append(not here)
    longest = max((len(run) for run in "".join(" x"[not it] for it in silent).split("x")), default=0)
    return (*(n / 10 for n in talk), sum(silent) / 10, longest / 10)


@given(segments, moments, st.randoms(use_true_random=False))
def test_the_same_as_counted_moment_by_moment_in_any_order_and_with_corrections(said, ended, chance):
    measures, order = Measures(), list(enumerate(said))
    chance.shuffle(order)
    for n, (who, start, length) in order:
        wrong = chance.choice([None, start / 10 + 1])
        for begun in (wrong, start / 10):  # first wrong, then corrected
            measures.take(f"s{n}", ["user", "assistant"][who], begun, None if begun is None else begun + length / 10)
        measures.take("gone", "user", chance.uniform(0, 9), 12)
        if chance.random() < 0.5:
            measures.numbers()
    measures.withdraw("gone")
    measures.withdraw("never there")
    found = measures.numbers(ended / 10)
    assert (found.talk_time_user, found.talk_time_assistant, found.silence_time, found.longest_silence) == slowly(
        said, ended
    )
    straight = [("ua"[who], start / 10, start / 10 + length / 10) for who, start, length in said]
    assert found == of(*straight, ended=ended / 10)


def test_what_comes_late_in_a_long_call_counts_as_if_it_had_come_in_time():
    chance, measures, kept = random.Random(7), Measures(), {}
    for n in range(6 * EVERY):
        segment_id = f"s{chance.randrange(5 * EVERY)}"
        start = chance.uniform(0, 600)
        kept[segment_id] = (chance.choice("ua"), start, start + chance.uniform(0, 5))
        who, start, end = kept[segment_id]
        measures.take(segment_id, {"u": "user", "a": "assistant"}[who], start, end)
        if n % 10 == 0:
            assert measures.numbers() == of(*kept.values()), n


def test_a_segment_without_length_is_a_moment_at_which_somebody_spoke():
    found = of(("u", 2, 2), ("a", 3, 3), ended=10)
    assert (found.talk_time_user, found.silence_time, found.longest_silence) == (0.0, 10.0, 7.0)
    assert (found.average_response_time, found.talk_share_user) == (1.0, None)


def test_absurd_times_are_taken_for_long_ones():
    found = of(("u", 0, 1e308), ("a", 1e308, 1e308))
    assert found.talk_time_user == 1e9 and found.interruptions == 0


def test_a_segment_of_a_long_call_costs_microseconds():
    """Measured: 40 µs with all numbers asked for each time, on one slow core; the bound is for busy machines."""
    measures = Measures()
    for n in range(5000):
        measures.take(f"s{n}", "user" if n % 2 else "assistant", n * 2.0, n * 2.0 + 1.5)
        measures.numbers()
    began = time.perf_counter()
    for n in range(5000, 5500):
        measures.take(f"s{n}", "user" if n % 2 else "assistant", n * 2.0 - 3, n * 2.0 + 1.5)
        measures.numbers()
    each = (time.perf_counter() - began) / 500
    print(f"{each * 1e6:.1f} µs")
    assert each < 0.002, "all of it again would be more"
