"""Calls and entries to export, written in one go and read back by parsers that are not ours."""

import csv
import html
import io
import re
from typing import Any

import srt
import webvtt

from events import Call, Entry, Transcript
from exports import FORMATS

SECOND = 1_000_000
BEGAN = 1_770_000_000 * SECOND
SPEAKERS = ("user", "assistant")


def a_call(**more: Any) -> Call:
    told = {
        **{"id": 1, "organization_id": 1, "call_sid": "CA1", "assistant_id": 1, "assistant_name": "Front desk"},
        **{"status": "completed", "status_version": 2, "end_reason": None, "direction": "inbound"},
        **{"from_number": "+15550123", "to_number": "+15550100", "provider": None, "metadata": {}, "head_seq": 0},
        **{"transcript_count": 0, "started_at": BEGAN, "ended_at": None, "duration": 60, "terminal_at": None},
        **{"last_entry_at": None, "created_at": BEGAN, "updated_at": BEGAN},
    }
    return Call(**told | more)


def an_entry(seq: int, content: str, start: float | None = None, end: float | None = None, **more: Any) -> Entry:
    told = {"segment_id": f"s{seq}", "speaker": "user", "created_at": BEGAN + seq * SECOND} | more
    said = Transcript(content=content, segment_start=start, segment_end=end, **told)
    return Entry(seq=seq, stored_at=BEGAN + 100 * SECOND, transcript=said)


def written(format_: str, entries: list[Entry], call: Call | None = None) -> str:
    starts = [entry.transcript.segment_start for entry in entries]
    writer = FORMATS[format_].writer(call or a_call(), BEGAN + 3600 * SECOND, starts)
    return writer.begin() + "".join(map(writer.said, entries)) + writer.end()


def csv_rows(text: str | bytes) -> list[dict[str, str]]:
    text = text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def vtt_cues(text: str) -> list[tuple[float, float, str, str]]:
    """(start, end, voice, words) as a reader shows them."""
    found = []
    for caption in webvtt.from_string(text):
        (voice,) = re.findall(r"^<v ([^>]*)>", caption.raw_text)
        words = html.unescape(re.sub(r"^<v [^>]*>|</v>$", "", caption.raw_text))
        assert html.unescape(caption.text) == words, "nothing else in it is a tag"
        found.append((_seconds(caption.start), _seconds(caption.end), html.unescape(voice), words))
    return found


def _seconds(timestamp: str) -> float:
    hours, minutes, seconds = timestamp.split(":")
    return round(int(hours) * 3600 + int(minutes) * 60 + float(seconds), 3)


def srt_cues(text: str) -> list[tuple[float, float, str]]:
    """(start, end, words); the numbers are 1, 2, 3 …"""
    found = list(srt.parse(text))
    assert [cue.index for cue in found] == list(range(1, len(found) + 1))
    return [(cue.start.total_seconds(), cue.end.total_seconds(), cue.content) for cue in found]
