"""TXT: what is known of the call, then a line for each segment."""

from collections.abc import Sequence

from events import Call, Entry
from exports.plain import Note, about, clock, name_of, note_line, one_line


class TextFile:
    """`[0:05] Customer: Is my bike ready?`; without the time where it is unknown."""

    def __init__(self, call: Call, now: int, starts: Sequence[float | None]):
        self._call, self._now = call, now
        self._names = {speaker: name_of(call, speaker) for speaker in ("user", "assistant")}

    def begin(self) -> str:
        return "".join(f"{name}: {value}\n" for name, value in about(self._call, self._now)) + "\n"

    def said(self, entry: Entry) -> str:
        said = entry.transcript
        return f"{_time(said.segment_start)}{self._names[said.speaker]}: {one_line(said.content)}\n"

    def noted(self, notes: Sequence[Note]) -> str:
        """`[0:05] Note by ada@example.com: Check it.`"""
        return "".join(f"{_time(note.at_seconds)}{note_line(note)}\n" for note in notes)

    def end(self) -> str:
        return ""


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"[{clock(seconds)}] "
