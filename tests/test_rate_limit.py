"""One limit, beside a model of it: a bucket that holds `burst`, and is filled evenly."""

import tracemalloc
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers import rate_limit
from handlers.rate_limit import RateLimit, TooMany


class Clock:
    """Seconds that only a test makes pass; it begins where a machine is that has been up for months."""

    def __init__(self, at: float = 2.0**24):
        self.at = at

    def __call__(self) -> float:
        return self.at


def taken(limit: RateLimit, subject: object = "a") -> bool:
    try:
        limit.take(subject, "too many")
    except TooMany:
        return False
    return True


@pytest.mark.parametrize("burst, period_s", [(1, 60), (3, 60), (7, 60), (10, 60), (300, 60), (1200, 60), (10_000, 10)])
def test_the_burst_is_exact(burst, period_s):
    limit = RateLimit(burst, period_s, Clock())
    assert sum(taken(limit) for _ in range(burst * 2)) == burst


@pytest.mark.parametrize("burst, period_s", [(1, 64), (4, 64), (16, 64), (512, 64)])
def test_it_refills_evenly_and_never_holds_more_than_the_burst(burst, period_s):
    """Seconds are binary fractions here: the test's own sums are exact."""
    clock = Clock()
    limit = RateLimit(burst, period_s, clock)
    assert all(taken(limit) for _ in range(burst))
    for _ in range(burst):
        clock.at += period_s / burst * 0.875
        assert not taken(limit)
        clock.at += period_s / burst * 0.125
        assert taken(limit) and not taken(limit)
    clock.at += period_s * 1000
    assert sum(taken(limit) for _ in range(burst * 2)) == burst


@pytest.mark.parametrize("burst, period_s", [(1, 60), (7, 60), (300, 60), (1200, 60), (10_000, 10)])
def test_who_waits_as_long_as_told_is_let_in(burst, period_s):
    clock = Clock()
    limit = RateLimit(burst, period_s, clock)
    for _ in range(burst):
        limit.take("a", "too many")
    for _ in range(5):
        with pytest.raises(TooMany, match="too many") as refused:
            limit.take("a", "too many")
        wait = refused.value.retry_after
        assert isinstance(wait, int) and 1 <= wait < period_s / burst + 1
        clock.at += wait
        limit.take("a", "too many")
        while taken(limit):
            pass


def test_what_is_given_back_never_counted():
    limit = RateLimit(3, 60, Clock())
    for _ in range(100):
        assert taken(limit)
        limit.give_back("a")
    assert [taken(limit) for _ in range(4)] == [True, True, True, False]
    limit.give_back("a")
    assert [taken(limit) for _ in range(2)] == [True, False]


def test_more_given_back_than_taken_is_no_credit():
    limit = RateLimit(2, 60, Clock())
    for _ in range(10):
        limit.give_back("a")
    assert [taken(limit) for _ in range(3)] == [True, True, False]
    for _ in range(10):
        limit.give_back("a")
    assert [taken(limit) for _ in range(3)] == [True, True, False]


def test_what_was_refused_does_not_count():
    clock = Clock()
    limit = RateLimit(4, 64, clock)
    for _ in range(1000):
        taken(limit)
    clock.at += 16
    assert taken(limit) and not taken(limit)


def test_check_says_what_take_would_and_counts_nothing():
    limit = RateLimit(2, 60, Clock())
    for _ in range(10):
        limit.check("a", "too many")
    assert taken(limit) and taken(limit)
    with pytest.raises(TooMany, match="too many") as refused:
        limit.check("a", "too many")
    assert refused.value.retry_after == 30


def test_subjects_do_not_touch_each_other():
    limit = RateLimit(2, 60, Clock())
    while taken(limit, "a"):
        pass
    assert [taken(limit, ("b", n)) for n in range(100)] == [True] * 100


def test_a_flood_of_subjects_is_bounded_and_forgets_who_is_longest_unheard_of(monkeypatch):
    monkeypatch.setattr(rate_limit, "REMEMBERED", 100)
    limit = RateLimit(2, 60, Clock())
    while taken(limit, "early"):
        pass
    while taken(limit, "steady"):
        pass
    for n in range(1000):
        assert taken(limit, n)
        if n % 50 == 0:
            assert not taken(limit, "steady"), "who still comes is still remembered"
    assert len(limit._empty_at) == 100
    assert taken(limit, "early")


def test_a_hundred_thousand_subjects_take_some_tens_of_megabytes(monkeypatch):
    monkeypatch.setattr(rate_limit, "REMEMBERED", remembered := rate_limit.REMEMBERED // 50)
    limit = RateLimit(2, 60, Clock())
    tracemalloc.start()
    try:
        for n in range(remembered + 1000):
            limit.take(f"2001:db8:{n >> 16:x}:{n & 0xFFFF:x}::", "too many")
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(limit._empty_at) == remembered
    assert held * 50 < 40 << 20


EIGHTHS = st.integers(0, 200)  # of a second, which a float has exactly


@settings(max_examples=200)
@given(burst=st.sampled_from([1, 2, 4, 8]), steps=st.lists(st.tuples(EIGHTHS, st.integers(1, 6)), max_size=60))
def test_it_is_the_model_and_no_window_has_more_than_burst_and_refill(burst, steps):
    clock = Clock()
    limit = RateLimit(burst, 8, clock)
    water, at = Fraction(0), []
    for eighths, times in steps:
        clock.at += eighths / 8
        water = max(Fraction(0), water - Fraction(eighths * burst, 64))
        for _ in range(times):
            fits = water + 1 <= burst
            water += fits
            assert taken(limit) == fits
            if fits:
                at.append(clock.at)
    for first, start in enumerate(at):
        for last in range(first, len(at)):
            assert last - first + 1 <= burst + (at[last] - start) * burst / 8


@settings(max_examples=200)
@given(calls=st.lists(st.sampled_from(["take", "give back"]), max_size=80), burst=st.integers(1, 9))
def test_while_time_stands_still_it_is_a_counter(calls, burst):
    limit, count = RateLimit(burst, 60, Clock()), 0
    for call in calls:
        if call == "take":
            assert taken(limit) == (count < burst)
            count = min(burst, count + 1)
        else:
            limit.give_back("a")
            count = max(0, count - 1)
