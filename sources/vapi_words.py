"""Marks of words: two bytes for each, to tell whether texts agree where one is whole and the other in pieces.

Case and punctuation do not count: the same sentence comes with other commas while it is spoken and when it is reported.
"""

import re
from zlib import crc32

_WORD = re.compile(r"[^\W\u0e00-\u0eff\u2e80-\U0010ffff]+|\w")  # of scripts without blanks each character


def marks(text: str) -> bytes:
    return b"".join([_mark(word) for word in _WORD.findall(text)])


def begins_with(text: str, beginning: bytes) -> bool:
    """Whether the first words of `text` have these marks."""
    at = 0
    for found in _WORD.finditer(text):
        if at >= len(beginning):
            break
        if _mark(found[0]) != beginning[at : at + 2]:
            return False
        at += 2
    return at >= len(beginning)


def after(text: str, words: int) -> str:
    """`text` from behind its first `words` words, as it is written; "" where there is no more."""
    for n, found in enumerate(_WORD.finditer(text)):
        if n == words:
            return text[found.start() :]
    return ""


def place_of(part: bytes, whole: bytes, start: int = 0) -> int:
    """Where the words of `part` stand in `whole` in one piece, from byte `start` on, in bytes; -1 where nowhere."""
    at = whole.find(part, start)
    while at % 2 and at >= 0:  # the second half of one mark and the first of the next
        at = whole.find(part, at + 1)
    return at


def _mark(word: str) -> bytes:
    return (crc32(word.casefold().encode()) & 0xFFFF).to_bytes(2, "little")
