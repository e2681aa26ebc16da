"""WebVTT (https://www.w3.org/TR/webvtt1/): a voice for each speaker, and a NOTE before each time that is estimated."""

from collections.abc import Sequence

from events import Call, Entry
from exports.cue_times import CueTimes, timestamp
from exports.plain import Note, about, clock, name_of, note_line, one_line

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})  # and so no `-->`


class WebVttFile:
    """A cue's identifier is its segment's `seq`."""

    def __init__(self, call: Call, now: int, starts: Sequence[float | None]):
        self._call, self._now = call, now
        self._times = CueTimes(call, starts)
        self._names = {speaker: name_of(call, speaker).translate(_ESCAPES) for speaker in ("user", "assistant")}

    def begin(self) -> str:
        facts = "".join(f"{name}: {value.translate(_ESCAPES)}\n" for name, value in about(self._call, self._now))
        return f"WEBVTT\n\nNOTE\n{facts}\n"

    def said(self, entry: Entry) -> str:
        cue, said = self._times.next(entry), entry.transcript
        note = f"NOTE estimated {cue.estimated}\n\n" if cue.estimated else ""
        time = f"{timestamp(cue.start, '.')} --> {timestamp(cue.end, '.')}"
        words = one_line(said.content).translate(_ESCAPES)
        return f"{note}{entry.seq}\n{time}\n<v {self._names[said.speaker]}>{words}</v>\n\n"

    def noted(self, notes: Sequence[Note]) -> str:
        """`NOTE 0:05 Note by ada@example.com: Check it.`, which players don't show."""
        return "".join(f"NOTE {_time(note)}{note_line(note).translate(_ESCAPES)}\n\n" for note in notes)

    def end(self) -> str:
        return ""


def _time(note: Note) -> str:
    return "" if note.at_seconds is None else f"{clock(note.at_seconds)} "
