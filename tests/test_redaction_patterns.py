"""An organisation's own patterns: what is refused, and that none of them can hold up the others."""

import time

import pytest

from events import CONTENT_BYTES
from redaction import OwnPattern, PatternRefused, Redactor, checked, checked_label
from redaction.own_patterns import LONGEST_PATTERN, MOST_MATCHES, PROGRAM_SIZE, Matcher

HELL = (r"(a+)+$", r"(a|a)*b", r"(a*)*c", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(.*)(.*)(.*)(.*)(.*)[^a]z", r"(x+x+)+y")


def seconds(matcher: Matcher, text: str) -> float:
    """Of the quickest of some runs: what else the machine does only adds to them."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(10):
            matcher.spans(text)
        best = min(best, time.perf_counter() - began)
    return best


@pytest.mark.parametrize("pattern", HELL)
def test_a_pattern_from_hell_takes_twice_as_long_for_a_text_twice_as_long(pattern):
    matcher = Matcher(OwnPattern("HELL", pattern))
    half, whole = ("a" * (length - 1) + "!" for length in (CONTENT_BYTES // 2, CONTENT_BYTES))
    short, plain = seconds(matcher, half), seconds(Matcher(OwnPattern("PLAIN", "z")), whole)
    assert seconds(matcher, whole) < 4 * short + plain
    assert seconds(matcher, whole) < 100 * plain


def test_a_pattern_that_fits_everywhere_hides_the_whole_text_at_once():
    matcher = Matcher(OwnPattern("ANY", "a(?:.*b)?"))
    assert matcher.spans("a" * MOST_MATCHES) == [(n, n + 1) for n in range(MOST_MATCHES)]
    assert matcher.spans("a" * CONTENT_BYTES) == [(0, CONTENT_BYTES)]
    assert Redactor(own=[OwnPattern("ANY", r"\w")]).text("word " * 50) == "[ANY]"


def test_characters_of_several_bytes_are_counted_as_characters():
    own = Redactor(own=[OwnPattern("NAME", "żółć|é")])
    assert own.text("aż ŻÓŁĆ 💳 É z") == "aż [NAME] 💳 [NAME] z"
    assert Matcher(OwnPattern("NAME", "b")).spans("\ud800b") == [(1, 2)]


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("", "A pattern is needed."),
        ("(", "RE2 cannot read this: missing ): (."),
        (r"(a)\1", r"RE2 cannot read this: invalid escape sequence: \1."),
        ("(?=a)", "RE2 cannot read this: invalid perl operator: (?=."),
        ("a*", "This fits where there is nothing: at least one character must be needed."),
        (r"\b", "This fits where there is nothing: at least one character must be needed."),
        ("x" * (LONGEST_PATTERN + 1), "At most 200 characters, and this is 201."),
        ("a{1,1001}", "This is too large: use smaller numbers in {…}, or fewer classes such as \\pL."),
        ("(?:a{1,30}){1,30}", "This is too large: use smaller numbers in {…}, or fewer classes such as \\pL."),
        (r"\pL{1,100}", "This is too large: use smaller numbers in {…}, or fewer classes such as \\pL."),
    ],
)
def test_what_cannot_be_a_pattern_is_refused_in_words(pattern, words):
    with pytest.raises(PatternRefused) as refused:
        checked(OwnPattern("OWN", pattern))
    assert str(refused.value) == words


def test_the_largest_patterns_that_are_taken_are_bounded():
    for pattern in (r"\bord-?\d{6}\b", r"(?:patient|case) (?:no\.?|number) ?[a-z]{2}\d{4,8}", r"[a-zà-ÿ]{3}-\d{4}"):
        assert checked(OwnPattern("OWN", pattern)).pattern == pattern
        assert Matcher(OwnPattern("OWN", pattern))._pattern.programsize <= PROGRAM_SIZE


@pytest.mark.parametrize(("typed", "label"), [("order", "ORDER"), (" [Order-no] ", "ORDER-NO"), ("A_B", "A_B")])
def test_a_label_is_written_in_capitals(typed, label):
    assert checked_label(typed, frozenset({"CARD"})) == label


@pytest.mark.parametrize("typed", ["", "a", "a1", "ORDER 1", "É", "x" * 21, "-A", "card", "[CARD]", "A]B", "<b>"])
def test_what_cannot_be_a_label_is_refused(typed):
    with pytest.raises(PatternRefused):
        checked_label(typed, frozenset({"CARD"}))
