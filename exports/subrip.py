"""SRT: numbered subtitles; the format has neither comments nor escapes."""

import re
from collections.abc import Sequence

from events import Call, Entry
from exports.cue_times import CueTimes, timestamp
from exports.plain import Note, name_of, one_line

# Players take `<b>` and `{\an8}` for commands and `-->` for a time: a word joiner, which nobody sees, comes between.
_MEANT = re.compile(r"(?<=<)|(?<=\{)|(?<=--)(?=>)")
JOINER = "\u2060"


class SubRipFile:
    def __init__(self, call: Call, now: int, starts: Sequence[float | None]):
        self._times = CueTimes(call, starts)
        self._names = {speaker: _escaped(name_of(call, speaker)) for speaker in ("user", "assistant")}
        self._number = 0

    def begin(self) -> str:
        return ""

    def said(self, entry: Entry) -> str:
        self._number += 1
        cue, said = self._times.next(entry), entry.transcript
        time = f"{timestamp(cue.start, ',')} --> {timestamp(cue.end, ',')}"
        return f"{self._number}\n{time}\n{self._names[said.speaker]}: {_escaped(one_line(said.content))}\n\n"

    def noted(self, notes: Sequence[Note]) -> str:
        """Nothing: every player would show it as something said."""
        return ""

    def end(self) -> str:
        return ""


def _escaped(text: str) -> str:
    return _MEANT.sub(JOINER, text)
