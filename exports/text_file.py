"""TXT: what is known of the call, then a line for each segment."""

from collections.abc import Sequence

from events import Call, Entry
from exports.plain import about, clock, name_of, one_line


class TextFile:
    """`[0:05] Customer: Is my bike ready?`; without the time where it is unknown."""

    def __init__(self, call: Call, now: int, starts: Sequence[float | None]):
        self._call, self._now = call, now
        self._names = {speaker: name_of(call, speaker) for speaker in ("user", "assistant")}

    def begin(self) -> str:
        return "".join(f"{name}: {value}\n" for name, value in about(self._call, self._now)) + "\n"

    def said(self, entry: Entry) -> str:
        said = entry.transcript
        time = "" if said.segment_start is None else f"[{clock(said.segment_start)}] "
        return f"{time}{self._names[said.speaker]}: {one_line(said.content)}\n"

    def end(self) -> str:
        return ""
