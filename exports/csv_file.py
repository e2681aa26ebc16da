"""CSV for spreadsheets (RFC 4180): UTF-8 with a byte order mark, CRLF, and no cell that could run as a formula."""

import csv
import re
from collections.abc import Sequence

from events import Call, Entry, rfc3339
from exports.plain import Note, name_of, one_line

COLUMNS = (
    *("call_sid", "seq", "segment_id", "speaker", "name", "segment_start", "segment_end", "content"),
    *("confidence", "language", "created_at"),
)
# A cell that begins so, in either width, is computed; what cannot be seen may stand before it. After a semicolon, too:
# where that parts the cells, a spreadsheet takes no notice of the quotes around the commas' ones.
_FORMULA = re.compile(r"(\A|;)(?=[\s\u00ad\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹢﹣﹦﹫])")


class CsvFile:
    """A row for each segment; times in seconds, empty where unknown."""

    def __init__(self, call: Call, now: int, starts: Sequence[float | None]):
        self._call_sid = _cell(call.call_sid)
        self._names = {speaker: _cell(name_of(call, speaker)) for speaker in ("user", "assistant")}
        self._row = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow

    def begin(self) -> str:
        return "\ufeff" + self._row(COLUMNS)

    def said(self, entry: Entry) -> str:
        said = entry.transcript
        return self._row(
            (
                *(self._call_sid, entry.seq, _cell(said.segment_id), said.speaker, self._names[said.speaker]),
                *(_seconds(said.segment_start), _seconds(said.segment_end), _cell(said.content)),
                *("" if said.confidence is None else said.confidence, _cell(said.language or "")),
                rfc3339(said.created_at),
            )
        )

    def noted(self, notes: Sequence[Note]) -> str:
        """A row for each, whose `speaker` is `note` or `mark` and whose `name` is its author's."""
        return "".join(map(self._note, notes))

    def _note(self, note: Note) -> str:
        kind = "note" if note.text else "mark"
        return self._row(
            (
                *(self._call_sid, "", _cell(note.segment_id or ""), kind, _cell(note.author)),
                *(_seconds(note.at_seconds), "", _cell(note.text), "", "", rfc3339(note.created_at)),
            )
        )

    def end(self) -> str:
        return ""


class _Echo:
    """A file that hands back what is written, as `writerow` then does."""

    @staticmethod
    def write(text: str) -> str:
        return text


def _cell(text: str) -> str:
    """One line, with an apostrophe before whatever would make a formula of it."""
    return _FORMULA.sub(r"\1'", one_line(text))


def _seconds(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f}"
