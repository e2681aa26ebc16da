"""Recorded calls: files of JSON lines, each one message of the producer socket and the time to send it.

    {"at": 0, "type": "call", "call_sid": "CA1", "data": {"direction": "inbound", "status": "in-progress"}}
    {"at": 1.7, "type": "transcript", "call_sid": "CA1", "data": {"segment_id": "1", "speaker": "user", …}}
    {"at": 9.2, "type": "call_status", "call_sid": "CA1", "data": {"status": "completed"}}

`at` is seconds from the start of the recording. What `data` says is the server's to judge.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from settings import SettingError

LONGEST_S = 7 * 24 * 3600.0


class _Line(msgspec.Struct):
    at: float
    type: str
    call_sid: str
    data: dict[str, Any] = {}  # msgspec copies the default


class Recorded(NamedTuple):
    at: float  # s from the start
    where: str  # `calls/a.jsonl:7`
    call_sid: str
    message: dict[str, Any]  # as the socket takes it, but for its `id`


def read_recordings(paths: Iterable[str]) -> list[Recorded]:
    """What all the files hold, in the order to send it. Raises SettingError, with the file and line."""
    found = []
    for path in paths:
        try:
            lines = Path(path).read_bytes().splitlines()
        except (OSError, ValueError) as error:
            raise SettingError(f"FILE: cannot read {path!r}: {getattr(error, 'strerror', error)}") from None
        found += [_recorded(f"{path}:{n}", line) for n, line in enumerate(lines, 1) if line.strip()]
    return sorted(found, key=lambda recorded: recorded.at)  # which keeps the files' order where times are equal


def _recorded(where: str, text: bytes) -> Recorded:
    try:
        line = msgspec.json.decode(text, type=_Line)
    except (ValueError, RecursionError) as error:
        raise SettingError(f"FILE: {where}: {error}") from None
    if not 0 <= line.at <= LONGEST_S:
        raise SettingError(f"FILE: {where}: at must be seconds from the start, 0 to {LONGEST_S:.0f}")
    return Recorded(line.at, where, line.call_sid, {"type": line.type, "call_sid": line.call_sid, "data": line.data})
