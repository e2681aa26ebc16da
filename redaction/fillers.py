"""Card numbers with a word between their groups, as they are said: `4111, um, 1111 1111 then 1111`. Pure."""

import re
from collections.abc import Iterator, Sequence

from redaction.cards import FEWEST_OF_CARD, LENGTHS, fits_issuer, is_luhn
from redaction.digits import Run

LONGEST_FILLER = 5  # letters
FEWEST_DIGITS = 2  # of each group: the digits of `3f2b8c1d` are no number
_APART = r"(?:[^\w\[\]]|_)*+"  # a label is no filler
_FILLER = re.compile(rf"{_APART}[^\W\d_]{{1,{LONGEST_FILLER}}}{_APART}\Z")

Label = tuple[int, int, str]
Group = tuple[Run, int, int]  # digits from, to


def cards(text: str, found: Sequence[Run]) -> list[Label]:
    """Spans of characters, in order: each number from its first digit to its last, with the words between, and what is
    left of the runs that it begins and ends in."""
    labels: list[Label] = []
    if sum(map(len, found)) < FEWEST_OF_CARD:
        return labels
    for chain in _chains(text, found):
        groups = [(run, first, end) for run in chain for first, end in run.groups]
        at = 0
        while at < len(groups):
            end = _end_of_card(groups, at)
            if end:
                labels += _labels(groups, at, end)
            at = end or at + 1
    return labels


def _chains(text: str, found: Sequence[Run]) -> Iterator[list[Run]]:
    """Runs with a filler between each and the next, none of which is long enough by itself."""
    chain: list[Run] = []
    for run in found:
        is_short = len(run) < FEWEST_OF_CARD
        if chain and not (is_short and _FILLER.match(text, chain[-1].at[-1] + 1, run.at[0])):
            yield chain
            chain = []
        if is_short:
            chain.append(run)
    if chain:
        yield chain


def _end_of_card(groups: list[Group], at: int) -> int:
    """The group after the card number that begins with this one; 0 for none. In one run, `numbers` finds it."""
    digits: list[int] = []
    for end, (run, first, last) in enumerate(groups[at:], at + 1):
        digits += run.values[first:last]
        if last - first < FEWEST_DIGITS or len(digits) > max(LENGTHS):
            return 0
        if len(digits) in LENGTHS and run is not groups[at][0] and fits_issuer(digits) and is_luhn(digits):
            return end
    return 0


def _labels(groups: list[Group], at: int, end: int) -> Iterator[Label]:
    (first_run, first, _), (last_run, _, last) = groups[at], groups[end - 1]
    if first > 0:
        yield (*first_run.place(0, first), "NUMBER")
    yield first_run.place(first, len(first_run))[0], last_run.place(0, last)[1], "CARD"
    if last < len(last_run):
        yield (*last_run.place(last, len(last_run)), "NUMBER")
