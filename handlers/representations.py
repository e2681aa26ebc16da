"""Calls and transcripts as REST shows them."""

from typing import Any

from events import Call, Entry, rfc3339
from models.aliases import OtherIds


def call_json(call: Call, now: int, others: OtherIds) -> dict[str, Any]:
    """A Call; `duration` of a running one is what it has lasted at `now` (µs)."""
    return {
        "id": call.id,
        "call_sid": call.call_sid,
        "organization_id": call.organization_id,
        "assistant_id": call.assistant_id,
        "assistant_name": call.assistant_name,
        "status": call.status,
        "direction": call.direction,
        "customer_phone": call.customer_number,
        "twilio_phone": call.platform_number,
        "telephony_provider": call.provider,
        "duration": call.seconds(now),
        "started_at": rfc3339(call.started_at),
        "ended_at": rfc3339(call.ended_at),
        "created_at": rfc3339(call.created_at),
        "updated_at": rfc3339(call.updated_at),
        "metadata": call.metadata,
        "end_reason": call.end_reason,
        "transcript_count": call.transcript_count,
        "aliases": others.aliases,
        "linked": others.linked,
    }


def transcript_json(call_id: int, entry: Entry) -> dict[str, Any]:
    """A Transcript; `timestamp` is when it was stored, `created_at` when its provider made it."""
    said = entry.transcript
    return {
        "id": entry.id,
        "call_id": call_id,
        "seq": entry.seq,
        "segment_id": said.segment_id,
        "revision": said.revision,
        "speaker": said.speaker,
        "content": said.content,
        "timestamp": rfc3339(entry.stored_at),
        "is_final": True,
        "confidence": said.confidence,
        "language": said.language,
        "segment_start": said.segment_start,
        "segment_end": said.segment_end,
        "created_at": rfc3339(said.created_at),
    }
