"""The judgement of `make soak` can go either way: growth, and what is left over, is found; restlessness is not."""

import pytest

from tests.soak.figures import GROWTH_MB_PER_HOUR, Sample, after_warm_up, left_over, per_hour, too_much_memory


def sampled(hours: float, memory_mb) -> list[Sample]:
    """Every five seconds; `memory_mb` by the time in hours."""
    nothing = Sample(*[0] * len(Sample._fields))
    return [nothing._replace(at_s=at, memory_mb=memory_mb(at / 3600)) for at in range(0, int(hours * 3600), 5)]


@pytest.mark.parametrize("slope", [-3.0, 0.0, 7.5])
def test_the_slope_is_by_the_hour(slope):
    assert per_hour(sampled(1, lambda hour: 60 + slope * hour), "memory_mb") == pytest.approx(slope, abs=1e-9)


def test_one_sample_or_none_has_no_slope():
    assert per_hour([], "memory_mb") == per_hour(sampled(0.001, lambda hour: 60.0), "memory_mb") == 0
    assert too_much_memory([]) is None


def test_steady_growth_is_found_and_half_an_hour_of_warming_up_is_not_growth():
    found = too_much_memory(sampled(4, lambda hour: 60 + 2 * GROWTH_MB_PER_HOUR * hour))
    assert found == "memory grew by 28.0 MB in the 210 minutes after the warm-up"
    assert too_much_memory(sampled(4, lambda hour: 60 + 2 * GROWTH_MB_PER_HOUR * min(hour, 0.5))) is None
    assert after_warm_up(sampled(4, lambda hour: 60.0))[0].at_s == 1800


def test_a_peak_is_no_growth_and_a_short_run_says_nothing():
    assert too_much_memory(sampled(2, lambda hour: 180.0 if 1.9 < hour < 1.91 else 60.0)) is None
    assert too_much_memory(sampled(0.2, lambda hour: 60 + 100 * hour)) is None


def test_what_is_left_over_is_named_but_for_what_pools_keep():
    before = {"sockets": 0, "tasks": 1, "threads": 5, "memory_mb": 50.0}
    assert left_over(before, {"sockets": 0, "tasks": 1, "threads": 7, "memory_mb": 90.0}) == []
    assert left_over(before, {"sockets": 2, "tasks": 1, "threads": 7, "memory_mb": 50.0}) == [
        "2 sockets, 0 before anyone came"
    ]
