"""A call as CSV: for spreadsheets."""

from collections.abc import Sequence

from events import Call, Entry, rfc3339
from exports.csv_cells import cell, first_row, row, seconds
from exports.plain import Note, name_of

COLUMNS = (
    *("call_sid", "seq", "segment_id", "speaker", "name", "segment_start", "segment_end", "content"),
    *("confidence", "language", "created_at"),
)


class CsvFile:
    """A row for each segment; times in seconds, empty where unknown."""

    def __init__(self, call: Call, now: int, starts: Sequence[float | None]):
        self._call_sid = cell(call.call_sid)
        self._names = {speaker: cell(name_of(call, speaker)) for speaker in ("user", "assistant")}

    def begin(self) -> str:
        return first_row(COLUMNS)

    def said(self, entry: Entry) -> str:
        said = entry.transcript
        return row(
            (
                *(self._call_sid, entry.seq, cell(said.segment_id), said.speaker, self._names[said.speaker]),
                *(seconds(said.segment_start), seconds(said.segment_end), cell(said.content)),
                *("" if said.confidence is None else said.confidence, cell(said.language or "")),
                rfc3339(said.created_at),
            )
        )

    def noted(self, notes: Sequence[Note]) -> str:
        """A row for each, whose `speaker` is `note` or `mark` and whose `name` is its author's."""
        return "".join(map(self._note, notes))

    def _note(self, note: Note) -> str:
        kind = "note" if note.text else "mark"
        return row(
            (
                *(self._call_sid, "", cell(note.segment_id or ""), kind, cell(note.author)),
                *(seconds(note.at_seconds), "", cell(note.text), "", "", rfc3339(note.created_at)),
            )
        )

    def end(self) -> str:
        return ""
