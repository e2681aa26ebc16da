"""Card numbers in a run of digits: ISO/IEC 7812, 13 to 19 digits of which the last is a check digit. Pure."""

from collections.abc import Iterator, Sequence

from redaction.digits import Run, Span

LENGTHS = (16, 15, 19, 14, 13, 18, 17)  # the likelier first
FEWEST_OF_CARD = min(LENGTHS)
MOST_DIGITS = 64  # of a run that is looked into: a longer one is hidden all the same, under another name
LONGEST_PHONE = 15  # digits after a +, E.164: those are no card number
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def is_luhn(digits: Sequence[int]) -> bool:
    """Whether the last of these is the check digit of those before it. Zeros alone are no number."""
    total = sum(digits[-1::-2]) + sum(_DOUBLED[digit] for digit in digits[-2::-2])
    return total % 10 == 0 and any(digits)


def cards(run: Run) -> list[Span]:
    """Spans of digits, in order: all of the run where that is a number; else those numbers in it that begin as an
    issuer's do and are as long, first of all those that are written as groups of their own."""
    if not FEWEST_OF_CARD <= len(run) <= MOST_DIGITS or (run.has_plus and len(run) <= LONGEST_PHONE):
        return []
    if len(run) in LENGTHS and is_luhn(run.values):
        return [(0, len(run))]
    begins, ends = {first for first, _ in run.groups}, {end for _, end in run.groups}
    found = _search(run, 0, len(run), lambda first, end: first in begins and end in ends)
    return found or _search(run, 0, len(run), lambda first, end: True)


def fits_issuer(digits: Sequence[int]) -> bool:
    """Whether some large issuer's numbers begin and are as long as this one."""
    length, four = len(digits), int("".join(map(str, digits[:4])))
    two = four // 100
    if digits[0] == 4:
        return length in (13, 16, 19)
    if two in (34, 37):
        return length == 15
    if two in (30, 36, 38, 39):
        return 14 <= length <= 19
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return length == 16
    return length >= 16 and (two == 35 or two == 50 or 56 <= two <= 69 or two == 81)


def _search(run: Run, first: int, end: int, may_be) -> list[Span]:
    for at, stop in _windows(first, end):
        if may_be(at, stop) and fits_issuer(run.values[at:stop]) and is_luhn(run.values[at:stop]):
            return [*_search(run, first, at, may_be), (at, stop), *_search(run, stop, end, may_be)]
    return []


def _windows(first: int, end: int) -> Iterator[Span]:
    for length in LENGTHS:
        for at in range(first, end - length + 1):
            yield at, at + length
