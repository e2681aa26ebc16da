"""Measures by hand (measures_cases.json, as tests/js/measures.test.mjs has them), against a slow way of counting them,
moment by moment, in any order, with corrections; and as a page that is live measures."""

import json
import random
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from measures import EVERY, Measures, Numbers

CASES = json.loads((Path(__file__).parent / "measures_cases.json").read_text())
READER = Path(__file__).parent / "js" / "measured.mjs"
moments = st.integers(0, 120)  # tenths of a second
segments = st.lists(st.tuples(st.booleans(), moments, st.integers(1, 40)), min_size=1, max_size=14)


def of(*said: tuple, ended: float | None = None) -> Numbers:
    """Of (speaker, start, end), u or a."""
    measures = Measures()
    for n, (who, start, end) in enumerate(said):
        measures.take(f"s{n}", {"u": "user", "a": "assistant"}[who], start, end)
    return measures.numbers(ended)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_what_is_measured_by_hand(case):
    found = of(*case["said"], ended=case.get("ended"))._asdict()
    assert {name: found[name] for name in case["expected"]} == case["expected"]


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


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_page_measures_the_same():
    """A few hundred calls, of every kind of time that a producer may send, in one process of node."""
    chance, calls = random.Random(20260119), []
    for n in range(400):
        unknown = chance.choice([0, 0, 0, 0.1])
        said = [_moment(chance, 10 ** chance.randint(0, 3), unknown) for _ in range(chance.randrange(n % 40 + 1))]
        calls.append((said, chance.choice([None, round(chance.uniform(0, 900))])))
    told = subprocess.run(["node", READER], input=json.dumps(calls), capture_output=True, text=True, check=True)
    for (said, ended), found in zip(calls, json.loads(told.stdout), strict=True):
        assert found == of(*said, ended=ended)._asdict(), (said, ended)


def _moment(chance: random.Random, within: int, unknown: float) -> tuple:
    digits = chance.choice([0, 1, 4, 15])  # many at the same moment, and some between two ms
    start = round(chance.uniform(-0.1, 1) * within, digits)
    end = round(start + chance.choice([-0.01, 0, 1, 1]) * chance.uniform(0, 5), digits)
    return (chance.choice("ua"), *(None if chance.random() < unknown else time for time in (start, end)))


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
