"""Transcripts in, files out: TXT, JSON, CSV, SRT, WebVTT. Pure, and piece by piece: no call is held in memory whole.

A writer has a method for each kind of thing that its file can hold: one that holds more gets one more method.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from events import Call, Entry
from exports.csv_file import CsvFile
from exports.json_file import JsonFile
from exports.plain import Note
from exports.subrip import SubRipFile
from exports.text_file import TextFile
from exports.webvtt_file import WebVttFile


class Writer(Protocol):
    """Made of the call, the time of day (µs), and the start (s, or None) of every entry that it will be told of."""

    def begin(self) -> str: ...

    def said(self, entry: Entry) -> str:
        """The next one, in speaking order, as last corrected."""

    def noted(self, notes: Sequence[Note]) -> str:
        """The notes that come next, in order of time. Where notes are wanted this is told first, of those before all
        that is said, also if there are none."""

    def end(self) -> str: ...


class Format(NamedTuple):
    media_type: str
    writer: Callable[[Call, int, Sequence[float | None]], Writer]


FORMATS = {  # by what the file's name ends in
    "txt": Format("text/plain; charset=utf-8", TextFile),
    "json": Format("application/json; charset=utf-8", JsonFile),
    "csv": Format("text/csv; charset=utf-8", CsvFile),
    "srt": Format("application/x-subrip; charset=utf-8", SubRipFile),
    "vtt": Format("text/vtt; charset=utf-8", WebVttFile),
}


def file_name(call_sid: str, format_: str, speaker: str | None = None) -> str:
    """`call-CA0001.vtt`, `call-CA0001-user.vtt`: safe in a header as it is, and in a folder of any system."""
    about = f"{call_sid}-{speaker}" if speaker else call_sid
    return f"call-{about.replace(':', '_')}.{format_}"


__all__ = ["FORMATS", "Format", "Note", "Writer", "file_name"]
