"""The checker of `make crash` can fail: each kind of broken promise, made by hand, is found."""

import pytest

from tests.crash.journal import Journal, Line, Violation, see, violations

LOG = [Line(1, "s1", "one"), Line(2, "s2", "two"), Line(3, "s1", "one, corrected")]


def kept() -> Journal:
    """Three finals were sent; two of them were acknowledged; a viewer saw all."""
    journal = Journal()
    for line in LOG:
        journal.send("CA1", line.content)
    journal.promise("CA1", "one", 1)
    journal.promise("CA1", "two", None)
    page = journal.watch("CA1")
    for line in LOG:
        see("CA1", page, line)
    return journal


def test_a_log_that_keeps_every_promise_is_in_order():
    assert list(violations(kept(), {"CA1": LOG})) == []


@pytest.mark.parametrize(
    ("log", "says"),
    [
        ([], "is lost"),
        (LOG[:1], "'two' was acknowledged as None and is lost"),
        ([LOG[0], LOG[2]], "has a hole"),
        ([LOG[0], Line(2, "s2", "two"), Line(3, "s9", "two"), LOG[2]], "'two' is stored 2 times"),
        ([Line(1, "s2", "two"), Line(2, "s1", "one"), LOG[2]], "acknowledged as 1 and stands at 2"),
        ([*LOG, Line(4, "s4", "interim")], "nobody sent it as a final"),
        ([*LOG[:2], Line(3, "s1", "one, otherwise")], "is not what is stored"),
        (LOG[:2], "is not what is stored"),
    ],
)
def test_a_log_that_was_tampered_with_is_found_out(log, says):
    found = list(violations(kept(), {"CA1": log}))
    assert any(says in violation for violation in found), found


def test_a_viewer_that_lacks_the_last_entry_is_found_out():
    journal = kept()
    journal.seen[0][1].pop()
    assert list(violations(journal, {"CA1": LOG})) == ["CA1: a viewer has 2 entries of 3, or not in order"]


@pytest.mark.parametrize("seq", [2, 5])
def test_a_viewer_that_gets_an_entry_twice_or_not_at_all_is_found_out(seq):
    page = LOG[:2].copy()
    with pytest.raises(Violation, match=f"got seq {seq} where 3 was due"):
        see("CA1", page, Line(seq, "s", "words"))


def test_one_final_acknowledged_at_two_places_is_found_out():
    with pytest.raises(Violation, match="acknowledged as 1, and then as 7"):
        kept().promise("CA1", "one", 7)
