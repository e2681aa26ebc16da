"""The shapes of what producers send, with the bounds that msgspec can check; an unknown field is ignored."""

from typing import Annotated, Any, Literal

import msgspec

from events import Speaker
from sources.limits import INT32, LANGUAGE_CHARS, NUMBER_CHARS

_PLAIN = r"\A[^\x00-\x1f\x7f-\x9f]*\Z"  # no control characters; `$` would let a newline through
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128, pattern=_PLAIN)]
_Number = Annotated[str, msgspec.Meta(max_length=NUMBER_CHARS, pattern=_PLAIN)]
_Count = Annotated[int, msgspec.Meta(ge=0, le=INT32)]
_Seconds = Annotated[float, msgspec.Meta(ge=0)]  # msgspec takes neither NaN nor infinity from JSON


class StatusBody(msgspec.Struct):
    status: str
    reason: Annotated[str, msgspec.Meta(max_length=128, pattern=_PLAIN)] | None = None
    duration: _Count | None = None  # whole s


class CallBody(msgspec.Struct):
    assistant: (
        Annotated[int, msgspec.Meta(ge=1, le=INT32)]
        | Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=_PLAIN)]
        | None
    ) = None
    direction: Literal["inbound", "outbound"] | None = None
    from_number: _Number | None = None
    to_number: _Number | None = None
    status: str | None = None
    provider: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=_PLAIN)] | None = None
    started_at: str | None = None
    metadata: dict[str, Any] | None = None
    alias: str | None = None


class CallSidBody(msgspec.Struct):
    call_sid: Any = None


class TranscriptBody(msgspec.Struct):
    content: str
    speaker: Speaker
    is_final: bool = True
    segment_id: _Id | None = None
    revision: _Count | None = None
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    segment_start: _Seconds | None = None
    segment_end: _Seconds | None = None
    language: Annotated[str, msgspec.Meta(max_length=LANGUAGE_CHARS, pattern=_PLAIN)] | None = None
    created_at: str | None = None


class BatchBody(msgspec.Struct):
    transcripts: list[msgspec.Raw] | msgspec.UnsetType = msgspec.UNSET


class Envelope(msgspec.Struct):
    type: Any = None
    id: Any = None
    call_sid: Any = None
    data: msgspec.Raw = msgspec.Raw(b"{}")
    speaker: Any = None  # of a Deepgram message: whose voice its connection carries
    offset: Any = None  # likewise: s from the answer to the connection's first audio


class MetadataBody(msgspec.Struct):
    metadata: dict[str, Any]
