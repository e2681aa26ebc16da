"""Digits in a text: the runs that they make, whatever writing they are of and whatever stands between them."""

import re
import unicodedata
from functools import lru_cache

# Digits that are no decimal digits of a writing: superscripts, subscripts, circled, in brackets, with a full stop …
_OTHER_DIGITS = (
    "\u00b2\u00b3\u00b9\u1369-\u1371\u19da\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2468\u2474-\u247c\u2488-\u2490\u24ea"
    "\u24f5-\u24fd\u24ff\u2776-\u277e\u2780-\u2788\u278a-\u2792\U00010a40-\U00010a43\U00010e60-\U00010e68"
    "\U00011052-\U0001105a\U0001f100-\U0001f10a"
)
_FILLERS = "\u115f\u1160\u3164\uffa0"  # letters by their class, and never to be seen
DIGIT = rf"[\d{_OTHER_DIGITS}]"
_BETWEEN = rf"[\W_{_FILLERS}]"
RUN = re.compile(rf"{DIGIT}(?:{_BETWEEN}*+{DIGIT})*+")
_DIGIT = re.compile(DIGIT)
_WORDS = re.compile(rf"[^\W_{_FILLERS}]")

_JOINING = frozenset("./,()_·•'’‘´`⁄∕．／，（）。、٫٬−" + _FILLERS)
_JOINING_CLASSES = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf", "Mn", "Me", "Mc", "Pd"})  # blanks, what is unseen, dashes

LONGEST_KNOWN = 8  # characters between digits that are remembered

Span = tuple[int, int]  # from, to: of a text's characters, or of a run's digits


class Run:
    """Digits between which there is no letter. `groups` are those with nothing between them at all; `parts` those with
    only what a number is written with: blanks, dashes, dots, slashes, commas, brackets and what cannot be seen, but
    not the `:` of a time. Both are spans of digits."""

    __slots__ = ("at", "groups", "parts", "text", "values")

    def __init__(self, text: str, at: list[int]):
        self.text, self.at = text, at  # the place of each digit in the text
        self.values = [unicodedata.digit(text[place]) for place in at]
        self.groups: list[Span] = []
        self.parts: list[Span] = []
        group = part = 0
        for n in range(1, len(at)):
            if at[n] == at[n - 1] + 1:
                continue
            self.groups.append((group, n))
            group = n
            between = text[at[n - 1] + 1 : at[n]]
            if not (_joins(between) if len(between) < LONGEST_KNOWN else all(map(_joins, between))):
                self.parts.append((part, n))
                part = n
        self.groups.append((group, len(at)))
        self.parts.append((part, len(at)))

    def __len__(self) -> int:
        return len(self.at)

    @property
    def has_plus(self) -> bool:
        return has_plus(self.text, self.at[0])

    def place(self, first: int, end: int) -> Span:
        """Where the digits from `first` until `end` stand, with the sign and bracket that belong to them."""
        text, start, stop = self.text, self.at[first], self.at[end - 1] + 1
        while stop < len(text) and (unicodedata.combining(text[stop]) or text[stop] in "\ufe0f\u20e3"):
            stop += 1
        if text[start - 1 : start] == "(" and ")" in text[start:stop]:
            start -= 1
        elif text[stop : stop + 1] == ")" and "(" in text[start:stop]:
            stop += 1
        if text[start - 1 : start] == "+":
            start -= 1
        return start, stop


def digits_in(text: str) -> int:
    return len(_DIGIT.findall(text))


def runs(text: str) -> list[Run]:
    """In their order."""
    return [Run(text, [digit.start() for digit in _DIGIT.finditer(text, *run.span())]) for run in RUN.finditer(text)]


def has_plus(text: str, at: int) -> bool:
    """Whether a + stands before what is there, at most with a blank or a bracket between."""
    return text[max(0, at - 3) : at].rstrip(" (\u00a0").endswith("+")


def words_between(text: str) -> Span:
    """The places of the first letter or digit and of the last one; (-1, -1) where there is none."""
    first = _WORDS.search(text)
    if first is None:
        return -1, -1
    last = len(text) - 1
    while not _WORDS.match(text, last):
        last -= 1
    return first.start(), last


@lru_cache(1024)
def _joins(between: str) -> bool:
    return all(sign in _JOINING or unicodedata.category(sign) in _JOINING_CLASSES for sign in between)
