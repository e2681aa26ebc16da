"""JSON: the call, and every field of its segments to the character; a line for each segment."""

from collections.abc import Sequence
from typing import Any

from events import Call, Entry, encode, rfc3339
from exports.plain import Note


class JsonFile:
    """`{"call": {…}, "transcripts": [{…}, …]}`, the names as in REST; and then `"notes": […]` where they are wanted."""

    def __init__(self, call: Call, now: int, starts: Sequence[float | None]):
        self._call, self._now = call, now
        self._separator = "\n"
        self._notes: list[Note] | None = None  # not wanted

    def begin(self) -> str:
        call, now = self._call, self._now
        facts = {
            "call_sid": call.call_sid,
            "assistant_name": call.assistant_name,
            "status": call.status,
            "direction": call.direction,
            "customer_phone": call.customer_number,
            "twilio_phone": call.platform_number,
            "telephony_provider": call.provider,
            "started_at": rfc3339(call.started_at),
            "ended_at": rfc3339(call.ended_at),
            "duration": call.seconds(now),
            "end_reason": call.end_reason,
            "exported_at": rfc3339(now),
        }
        return f'{{"call":{encode(facts).decode()},"transcripts":['

    def said(self, entry: Entry) -> str:
        said = entry.transcript
        fields = {
            "seq": entry.seq,
            "segment_id": said.segment_id,
            "revision": said.revision,
            "speaker": said.speaker,
            "content": said.content,
            "confidence": said.confidence,
            "language": said.language,
            "segment_start": said.segment_start,
            "segment_end": said.segment_end,
            "created_at": rfc3339(said.created_at),
            "timestamp": rfc3339(entry.stored_at),
        }
        separator, self._separator = self._separator, ",\n"
        return separator + encode(fields).decode()

    def noted(self, notes: Sequence[Note]) -> str:
        self._notes = [*(self._notes or ()), *notes]
        return ""

    def end(self) -> str:
        if self._notes is None:
            return "\n]}\n"
        lines = ",\n".join(encode(_fields(note)).decode() for note in self._notes)
        return f'\n],"notes":[\n{lines}\n]}}\n'


def _fields(note: Note) -> dict[str, Any]:
    return {
        "segment_id": note.segment_id,
        "at_seconds": note.at_seconds,
        "text": note.text,
        "author": note.author,
        "created_at": rfc3339(note.created_at),
    }
