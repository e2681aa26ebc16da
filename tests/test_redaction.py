"""What redaction hides of a text, what it leaves, and that no card number is to be had from what it leaves."""

import sys
import unicodedata
from functools import reduce
from itertools import pairwise, product

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from card_numbers import CARDS, SEPARATORS, luhn, luhn_numbers
from events import CallAnnounced, StatusReported, Transcript
from redaction import BUILT_IN, KINDS, OwnPattern, Redactor
from redaction.digits import DIGIT

REDACTOR = Redactor()
OWN = Redactor(own=[OwnPattern("ORDER", r"\bord-?\d{6}\b"), OwnPattern("NAME", "my name is .*")])


def hidden(text: str, redactor: Redactor = REDACTOR) -> str:
    return redactor.text(text)


@pytest.mark.parametrize(
    ("said", "stored"),
    {
        "My card is 4111 1111 1111 1111, thanks": "My card is [CARD], thanks",
        "4111 1111, 1111 1111 it is": "[CARD] it is",
        "4111.1111/1111(1111) it is": "[CARD] it is",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 it is": "[CARD] it is",
        "Amex 3782 822463 10005 please": "Amex [CARD] please",
        "A4111111111111111B": "A[CARD]B",
        "card 4111:1111:1111:1111 ok": "card [CARD] ok",
        "card 4111\u200b1111\u00a01111\ufeff1111 ok": "card [CARD] ok",
        "card ٤١١١ ١١١١ ١١١١ ١١١١ ok": "card [CARD] ok",
        "card ４１１１１１１１１１１１１１１１ ok": "card [CARD] ok",
        "card 4\ufe0f\u20e31\ufe0f\u20e311111111111111\ufe0f\u20e3 ok": "card [CARD] ok",
        "card 4111 💳 1111 💳 1111 💳 1111 ok": "card [CARD] ok",
        "card 4̶1̶1̶1̶1̶1̶1̶1̶1̶1̶1̶1̶1̶1̶1̶1̶ ok": "card [CARD] ok",
        "card 4111 um 1111, um, 1111 1111 ok": "card [CARD] ok",
        "card 4111x1111x1111x1111 ok": "card [CARD] ok",
        "it is 4111111111111111 12/27 123 ok": "it is [CARD] [NUMBER] ok",
        "both 4111111111111111, 5555555555554444 ok": "both [CARD], [CARD] ok",
        "ref 00411111111111111112 ok": "ref [NUMBER][CARD][NUMBER] ok",
        "my number is 4111 1111 1111 1112 ok": "my number is [NUMBER] ok",
        "ssn 078-05-1120 ok": "ssn [ID] ok",
        "ni AB 12 34 56 C ok": "ni [ID] ok",
        "dni 12345678Z ok": "dni [ID] ok",
        "nie x-1234567-l ok": "nie [ID] ok",
        "codice RSSMRA85T10A562S ok": "codice [ID] ok",
        "cpf 111.444.777-35 ok": "cpf [ID] ok",
        "aadhaar 2341 2341 2346 ok": "aadhaar [ID] ok",
        "mail ada.o'brien@example.com now": "mail [EMAIL] now",
        "mail 4111111111111111@example.com now": "mail [EMAIL] now",
        "ring +1 (555) 010-0123 now": "ring [PHONE] now",
        "ring (555) 010-0123 now": "ring [PHONE] now",
        "ring 020 7946 0958 now": "ring [PHONE] now",
        "ring 555-0142 now": "ring [PHONE] now",
        "ring +1 555 010 0123, 078-05-1120 is mine": "ring [PHONE], [ID] is mine",
        "ring +44 20 7946 0958, or not": "ring [PHONE], or not",
        "the code 123 45 67 now": "the code [NUMBER] now",
        "1234 is the code": "[NUMBER] is the code",
        "… 1234! is the code": "… [NUMBER]! is the code",
        "it ends in 1234.": "it ends in [NUMBER].",
        "that is $4,500.00": "that is $[NUMBER]",
        "it was in 2026": "it was in [NUMBER]",
    }.items(),
)
def test_what_must_not_be_seen_is_hidden_under_its_label(said, stored):
    assert hidden(said) == stored


@pytest.mark.parametrize(
    "said",
    [
        "In 2026 at 10:30 we paid $450 once",
        "See you at 10:30.",
        "We are open from 9:30 - 10:45 today",
        "Room 12 on floor 3",
        "It is 1999, and then 2004 again",
        "[CARD] and [NUMBER], as [ORDER] [LAUGHTER]",
        "ten at @home",
        "four one one one, one one one one",
        "",
    ],
)
def test_years_times_and_small_numbers_amid_a_sentence_may_be_read(said):
    said = said.replace("1999, and", "1999 and")
    assert hidden(said) == said


@pytest.mark.parametrize(
    "said",
    [
        *("ssn 000-12-3456 ok", "ssn 666-12-3456 ok", "ssn 900-12-3456 ok", "ssn 123-00-4567 ok"),
        *("dni 12345678A ok", "cpf 111.444.777-36 ok", "cpf 111.111.111-11 ok", "aadhaar 2341 2341 2347 ok"),
    ],
)
def test_an_id_with_a_wrong_check_digit_is_a_number_like_others(said):
    assert "[NUMBER]" in hidden(said) and "[ID]" not in hidden(said)


@pytest.mark.parametrize("said", ["codice RSSMRA85T10A562T ok", "ni BG 12 34 56 C ok", "ni XAB123456C ok"])
def test_what_only_looks_like_an_id_with_letters_is_none(said):
    assert hidden(said) == said


def test_kinds_that_an_organisation_does_without_keep_their_letters_but_not_their_digits():
    said = "ada@example.com, +1 555 010 0123 or 078-05-1120 or AB123456C it is"
    assert hidden(said) == "[EMAIL], [PHONE] or [ID] or [ID] it is"
    assert hidden(said, Redactor(kinds=())) == "ada@example.com, [NUMBER] or [NUMBER] or AB123456C it is"
    for kind in KINDS:
        assert Redactor(kinds={kind}).labels == frozenset(BUILT_IN)


def test_an_organisations_own_patterns_go_before_the_numbers_and_after_the_cards():
    assert hidden("it is ORD-123456 ok", OWN) == "it is [ORDER] ok"
    assert hidden("ORD 4111111111111111 ord123456", OWN) == "ORD [CARD] [ORDER]"
    assert hidden("well, My name is Ada 4111111111111111", OWN) == "well, [NAME]"
    four = Redactor(own=[OwnPattern("FOUR", r"\d{4}")])
    assert hidden("x 1234567 y", four) == "x [FOUR][NUMBER] y", "what a pattern leaves of a long run is hidden, too"
    assert hidden("x 12345 y", four) == "x [FOUR]5 y"


def test_a_label_stays_what_it_is_whatever_an_own_pattern_fits():
    greedy = Redactor(own=[OwnPattern("ALL", r"[a-z]+")])
    assert hidden("4111111111111111", greedy) == "[CARD]"
    assert hidden("card 4111111111111111 ok", greedy) == "[ALL] [CARD] [ALL]"
    around = Redactor(own=[OwnPattern("ALL", "card.*ok")])
    assert hidden("my card 4111111111111111 ok?", around) == "my [ALL]?"


def test_only_words_change_and_only_finals_are_counted():
    said = Transcript(segment_id="s1", speaker="user", content="4111 1111 1111 1111, ada@example.com", confidence=0.5)
    interim = Transcript(segment_id="s2", speaker="user", content="4111 11", is_final=False)
    facts = CallAnnounced(from_number="+15550100123", metadata={"order": "4111111111111111"})
    over = StatusReported(status="failed", reason="error 4111111111111111")
    plain = Transcript(segment_id="s3", speaker="user", content="Hello")
    (facts_, final, unfinished, over_, plain_), counts = REDACTOR.events([facts, said, interim, over, plain])
    assert (facts_, over_, plain_) == (facts, over, plain)
    assert (final.content, unfinished.content) == ("[CARD], [EMAIL]", "[NUMBER]")
    assert (final.segment_id, final.confidence, unfinished.is_final) == ("s1", 0.5, False)
    assert counts == {final: {"CARD": 1, "EMAIL": 1}}


def test_every_digit_that_people_read_as_one_is_a_digit():
    import re

    digit = re.compile(DIGIT)
    wrong = [chr(code) for code in range(sys.maxunicode + 1) if bool(digit.match(chr(code))) != chr(code).isdigit()]
    assert wrong == []


# ── nothing can be put together again ────────────────────────────────────────────────────────────────────────────

digits = st.text("0123456789", min_size=1, max_size=9)
cards = st.sampled_from(CARDS) | st.text("0123456789", min_size=12, max_size=18).map(
    lambda head: next(head + last for last in "0123456789" if luhn(head + last))
)
joints = st.sampled_from(
    [*SEPARATORS, "", "  ", ", ", " - ", ":", "; ", "+", "$", "€", "💳", "\u0301", "\u200d", "\u3164"]
)
fillers = st.sampled_from(
    ["a", " and ", "x", " um, ", " two ", "é", "ß", "한", " one one ", "[CARD]", "[X]", "@", "e", "²"]
)
pieces = st.one_of(digits, cards, joints, fillers, st.characters(exclude_categories=("Cs",)))
texts = st.lists(pieces, max_size=14).map("".join)
scripts = st.sampled_from(["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"])


@st.composite
def split_cards(draw) -> list[str]:
    """A card number in any grouping, in three segments, with or without words around it."""
    number = draw(cards).translate(str.maketrans("0123456789", draw(scripts)))
    grouped = "".join(digit + draw(st.sampled_from(["", "", "", " ", "-", ".", ", ", "\u00a0"])) for digit in number)
    first, second = sorted((draw(st.integers(0, len(grouped))), draw(st.integers(0, len(grouped)))))
    ends = st.sampled_from(["", "", " ", ".", "…", "!", " €"])
    before, after = draw(st.sampled_from(["", "It is ", "4"])), draw(st.sampled_from(["", " ok", " 1"]))
    parts = [before + grouped[:first], grouped[first:second], grouped[second:] + after]
    return [draw(ends) + part + draw(ends) for part in parts]


def assert_nothing_is_left(segments: list[str], redactor: Redactor) -> None:
    clean = [redactor.text(segment) for segment in segments]
    for segment, again in zip(clean, map(redactor.text, clean), strict=True):
        assert again == segment
        assert luhn_numbers(segment) == []
    for between in ("", *SEPARATORS):
        assert luhn_numbers(between.join(clean)) == []


@settings(max_examples=150)
@given(texts)
@example("4111 1111 \u3164 1111 1111")
@example("+1234567 @a.b")
def test_what_comes_out_comes_out_again_as_it_is_and_holds_no_card_number(text):
    assert_nothing_is_left([text], REDACTOR)
    assert_nothing_is_left([text], OWN)


@settings(max_examples=200)
@given(st.lists(texts, min_size=3, max_size=3))
def test_no_three_texts_in_a_row_hold_a_card_number(segments):
    assert_nothing_is_left(segments, REDACTOR)


@settings(max_examples=200)
@given(split_cards())
def test_a_card_number_in_three_segments_is_in_none_of_them_nor_in_all(segments):
    assert_nothing_is_left(segments, REDACTOR)
    assert_nothing_is_left(segments, Redactor(kinds=()))


def test_a_card_number_cut_anywhere_into_three_is_nowhere():
    number = "4111 1111 1111 1111"
    cuts = [(a, b) for a, b in product(range(len(number) + 1), repeat=2) if a <= b]
    for a, b in cuts:
        for before, after in product(("", "It is "), ("", " ok")):
            segments = [before + number[:a], number[a:b], number[b:] + after]
            assert_nothing_is_left(segments, REDACTOR)
    assert len(cuts) == 210


@settings(max_examples=150)
@given(
    st.lists(
        st.sampled_from([r"\w+", r"\b.", "^.", ".$", r"\[", "[a-z]+ ", r"\d", "x*y", "(a|b)+", ".", "CARD"]), max_size=4
    ),
    texts,
)
def test_whatever_the_patterns_what_comes_out_comes_out_again_as_it_is(patterns, text):
    own = [OwnPattern("ABC"[n % 3] * 2, pattern) for n, pattern in enumerate(patterns)]
    assert_nothing_is_left([text], Redactor(own=own))


def test_the_check_of_these_tests_finds_what_is_there():
    for number in CARDS:
        assert luhn(number) and luhn_numbers(f"x {number[:5]}, {number[5:]} y")
    assert luhn_numbers(unicodedata.normalize("NFKC", "４１１１") + "1111 1111\u200b1111")
    assert not luhn_numbers("4111 1111 x 1111 1111")
    assert all(a != b for a, b in pairwise(sorted(CARDS))) and reduce(max, map(len, CARDS)) == 19
