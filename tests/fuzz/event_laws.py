"""What must be true of every event, whatever it was made of; and of the log, once such events are stored in it."""

import json
import math
import tempfile
from functools import cache
from pathlib import Path
from zlib import crc32

import msgspec

from events import (
    CALL_SID,
    CONTENT_BYTES,
    TERMINAL,
    CallAnnounced,
    Entry,
    Refused,
    StatusReported,
    Transcript,
    TranscriptionStopped,
    encode,
    entry_message,
    interim_message,
    microseconds,
    status_message,
)
from handlers.representations import call_json, transcript_json
from models import accounts, calls, entries
from models.aliases import OtherIds
from models.database import migrate, open_database, write_transaction
from models.record import Heard, record
from sources.limits import INT32, METADATA_BYTES

NOW = 1_793_869_200_000_000
FIRST, LAST = microseconds("2000-01-01"), microseconds("2100-01-01")
STORED_ONE_IN = 40  # inputs: storing takes much longer than all else


class _Undone(Exception):
    pass


def check_refusal(refused: Refused, codes: set[str]) -> str:
    """It can be told to programs and people, and it does not give a long input back."""
    assert refused.code in codes, refused.code
    assert 0 < len(refused.message) < 400, len(refused.message)
    encode([refused.code, refused.message, refused.field])
    return f"{refused.code} {refused.field}"


def check_event(event) -> str:
    match event:
        case Transcript():
            _check_transcript(event)
            return "final" if event.is_final else "interim" if event.content else "withdrawal"
        case CallAnnounced(assistant=assistant):
            assert assistant is None or (type(assistant) in (int, str) and assistant)
            assert not isinstance(assistant, int) or 1 <= assistant <= INT32
            _check_text(assistant if isinstance(assistant, str) else None, 255)
            _check_text(event.from_number, 64)
            _check_text(event.to_number, 64)
            _check_text(event.provider, 64)
            assert event.direction in (None, "inbound", "outbound")
            assert event.alias is None or CALL_SID.match(event.alias)
            _check_time(event.started_at)
            if event.metadata is not None:
                written = encode(event.metadata)
                assert len(written) <= METADATA_BYTES and b"\\u0000" not in written.replace(b"\\\\", b"")
                assert _read(written) is not None
            return "announced"
        case StatusReported():
            assert event.status in TERMINAL | {"in-progress"}
            _check_text(event.reason, 128)
            _check_time(event.at)
            assert event.duration is None or (type(event.duration) is int and 0 <= event.duration <= INT32)
            return event.status
        case TranscriptionStopped():
            _check_time(event.at)
            return "stopped"
    raise AssertionError(type(event))


def is_asked_of_a_database(data: bytes) -> bool:
    return crc32(data) % STORED_ONE_IN == 0


def check_stored(data: bytes, call_sid: str, events: list) -> None:
    """For some of the inputs: the log takes the events (not interims, which pass through), and gives every final back
    as it was said."""
    events = [event for event in events if not isinstance(event, Transcript) or event.is_final]
    if not events or not is_asked_of_a_database(data):
        return
    db, organization_id = board()
    try:
        with write_transaction(db):
            heard = Heard(organization_id=organization_id, call_sid=call_sid, events=events)
            try:
                recorded = record(db, lambda: NOW, heard)
            except Refused as refused:
                check_refusal(refused, {"unknown_assistant"})
                raise _Undone from None
            call = calls.by_sid(db, organization_id, call_sid)
            assert call == recorded.call
            _read(status_message(call, NOW)), _read(encode(call_json(call, NOW, OtherIds())))
            assert call.duration is None or call.duration >= 0
            said = {(e.segment_id, e.content) for e in events if isinstance(e, Transcript)}
            log = entries.after(db, call.id, 0, None)
            assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
            assert {(e.transcript.segment_id, e.transcript.content) for e in log} <= said
            for entry in log:
                _check_transcript(entry.transcript)
                _read(encode(transcript_json(call.id, entry)))
            raise _Undone
    except _Undone:
        pass


def _check_transcript(said: Transcript) -> None:
    assert said.segment_id and len(said.segment_id) <= 128
    _check_text(said.segment_id, 128)
    assert said.speaker in ("user", "assistant") and type(said.is_final) is bool
    assert "\x00" not in said.content and len(said.content.encode()) <= CONTENT_BYTES
    assert said.revision is None or (type(said.revision) is int and 0 <= said.revision <= INT32)
    assert said.confidence is None or 0 <= said.confidence <= 1
    for at in (said.segment_start, said.segment_end):
        assert at is None or (at >= 0 and math.isfinite(at))
    _check_text(said.language, 35)
    _check_time(said.created_at)
    if said.is_final:
        message = _read(entry_message("CA1", Entry(seq=1, stored_at=NOW, transcript=said), replayed=True))
    else:
        message = _read(interim_message("CA1", said, NOW))
    assert message["data"]["content"] == said.content
    assert message["data"]["segment_id"] == said.segment_id


def _check_text(text: str | None, chars: int) -> None:
    if text is not None:
        assert 0 < len(text) <= chars and text.isprintable() | (
            not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in text)
        )
        text.encode()


def _check_time(at: int | None) -> None:
    assert at is None or (type(at) is int and FIRST <= at < LAST), at


def _read(written: bytes):
    """As any reader would: JSON to the letter."""
    value = json.loads(written.decode(), parse_constant=_no_constant)
    assert value == msgspec.json.decode(written)
    return value


def _no_constant(name: str):
    raise AssertionError(f"{name} is not JSON")


@cache
def board():
    """A database of its own for the run: what is stored is undone at once."""
    folder = tempfile.TemporaryDirectory(prefix="fuzz-")
    db = open_database(f"sqlite:///{Path(folder.name)}/board.db")
    db.fuzz_folder = folder  # lives as long
    db.connect()
    migrate(db)
    return db, accounts.create_organization(db, NOW, "Larkspur Cycles")
