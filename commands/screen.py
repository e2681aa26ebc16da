"""The end of a terminal's scroll-back as a few lines that may change: only what differs is written again."""

import unicodedata
from collections.abc import Callable, Iterable
from typing import TextIO

from commands.transcript_view import Line

INDENT = 19  # of a wrapped line's rest: under its words
DIM, PLAIN = "\x1b[2m", "\x1b[22m"
ERASE_BELOW = "\r\x1b[J"
ERASE_ALL = "\x1b[H\x1b[2J"


class Screen:
    """Shows lines and lets them change. `size()` is (columns, rows)."""

    def __init__(self, out: TextIO, size: Callable[[], tuple[int, int]]):
        self._out, self._size = out, size
        self._shown: list[str] = []
        self._last_size = size()

    def show(self, lines: Iterable[Line]) -> None:
        """Replace what was shown. Where the first difference has scrolled away, all from it on is written once more."""
        columns, height = size = self._size()
        rows = [row for line in lines for row in _rows(line, columns)]
        if size != self._last_size:  # the terminal has wrapped anew: nobody knows what stands where
            self._shown, self._last_size = [], size
            self._out.write(ERASE_ALL)
        same = 0
        while same < min(len(rows), len(self._shown)) and rows[same] == self._shown[same]:
            same += 1
        up = min(len(self._shown) - same, height - 1)
        if up or rows[same:]:
            self._out.write((f"\x1b[{up}A" if up else "") + ERASE_BELOW + "".join(row + "\n" for row in rows[same:]))
            self._out.flush()
        self._shown = rows


def _rows(line: Line, columns: int) -> list[str]:
    """The line cut so that the terminal need not wrap it, which would spoil the counting of rows."""
    width = max(columns - 1, INDENT + 10)
    rows, row, used = [], "", 0
    for word in line.text.replace(" ", " \0").split("\0"):
        cells = _cells(word)
        if used + _cells(word.rstrip()) > width and used > INDENT:
            rows, row, used = [*rows, row.rstrip()], " " * INDENT, INDENT
        while used + _cells(word.rstrip()) > width:  # longer than a row
            head = word[: max(1, (width - used) // 2)]
            rows, row, used = [*rows, row + head], " " * INDENT, INDENT
            word = word[len(head) :]
            cells = _cells(word)
        row, used = row + word, used + cells
    return [text if line.is_final else DIM + text + PLAIN for text in [*rows, row.rstrip()]]


def _cells(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)
