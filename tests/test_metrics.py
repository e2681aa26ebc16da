"""Counting, and Prometheus' text of it, read back by a parser that is not ours."""

import random

import pytest
from prometheus_client.parser import text_string_to_metric_families

from metrics import Family, Histogram, exposition

HOSTILE = ['quo"te', "back\\slash", "new\nline", "\\n", "", "é✓", "{}", 'le="1"']


def parsed(*values):
    return {family.name: family for family in text_string_to_metric_families(exposition(values).decode())}


def test_a_number_is_one_sample_with_its_help():
    family = parsed((Family("up_now", "gauge", "How \\ it\nis"), 1.5))["up_now"]
    assert (family.type, family.documentation) == ("gauge", "How \\ it\nis")
    assert [(sample.name, sample.labels, sample.value) for sample in family.samples] == [("up_now", {}, 1.5)]


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_a_label(text):
    family = parsed((Family("seen_total", "counter", "Help.", ("a", "b")), {(text, "x"): 3}))["seen"]
    assert [(sample.labels, sample.value) for sample in family.samples] == [({"a": text, "b": "x"}, 3)]


def test_what_is_not_known_has_no_sample():
    told = parsed((Family("size", "gauge", "Help."), None), (Family("seen_total", "counter", "Help.", ("a",)), {}))
    assert [family.samples for family in told.values()] == [[], []]


def test_a_histogram_counts_each_value_once_and_tells_of_all_up_to_each_bound():
    chance, bounds = random.Random(1), (0.001, 0.25, 1.0)
    values = [*bounds, 0.0, *(chance.expovariate(2) for _ in range(500))]
    histogram = Histogram(bounds)
    for value in values:
        histogram.observe(value)
    told = {
        (s.name, s.labels.get("le")): s.value
        for s in parsed((Family("t", "histogram", "Help."), histogram))["t"].samples
    }
    for bound in bounds:
        assert told["t_bucket", str(bound)] == sum(value <= bound for value in values)
    assert told["t_bucket", "+Inf"] == told["t_count", None] == len(values)
    assert told["t_sum", None] == pytest.approx(sum(values))
