"""Text as phrases are compared: words without capitals, accents and punctuation, one blank around each.

What is between words counts as a blank, apostrophes too: `l'avocat` is two words, as it is in speech. Writing without
blanks (Han, kana, Hangul, Thai …) is taken letter by letter, so that phrases are found in it at all.
"""

import re
import unicodedata

MOST_KNOWN = 20_000  # characters whose folding is kept: more than any language has in use
_DROPPED = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]")  # accents, points
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]"
)
_WITHOUT_STROKE = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}


class _Foldings(dict):
    """For `str.translate`: what each character becomes."""

    def __missing__(self, code: int) -> str:
        became = _fold(chr(code))
        if len(self) < MOST_KNOWN:
            self[code] = became
        return became


def _fold(char: str) -> str:
    if "\uac00" <= char <= "\ud7a3":  # a Hangul syllable is one letter here; decomposed it would be three
        return f" {char} "
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", char).casefold())
    became = "".join(map(_fold_part, parts))
    return f" {became} " if _UNSPACED.match(char) and unicodedata.category(char)[0] != "M" else became


def _fold_part(part: str) -> str:
    category = unicodedata.category(part)
    if _DROPPED.match(part) or category == "Cf":
        return ""
    return _WITHOUT_STROKE.get(part, part) if category[0] in "LMN" else " "


_FOLDINGS = _Foldings()


def folded(text: str) -> str:
    """` i want to cancel `: blanks at both ends too, so that whole words are found by a plain search."""
    words = text.translate(_FOLDINGS).split()
    return f" {' '.join(words)} " if words else " "


def places(text: str, end: int | None = None) -> list[int]:
    """For each character of `folded(text)`, or of the first `end`, the index in `text` that it comes from."""
    found, was_blank = [0], True
    for at, char in enumerate(text):
        if end is not None and len(found) >= end:
            return found
        for became in _FOLDINGS[ord(char)]:
            is_blank = became.isspace()
            if not (is_blank and was_blank):
                found.append(at)
            was_blank = is_blank
    if not was_blank:
        found.append(len(text))
    return found


def original(text: str, where: list[int], start: int, end: int) -> tuple[int, int]:
    """The part of `text` whose folded words are `folded(text)[start:end]`; `where` is `places(text)`."""
    last = where[end - 1] + 1
    while last < len(text) and not _FOLDINGS[ord(text[last])]:
        last += 1  # an accent that stands behind its letter
    return where[start], last
