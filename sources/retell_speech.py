"""Segments out of Retell's turns: each message lists all of them, and the place in the list is what identifies one,
with Retell's own id of the call: others may tell of the same call, and so may Retell after a handover, by another id.

The last is still being spoken until another follows or the call is over. Turns are written anew (an interrupted answer
gets shorter), messages overtake each other, and there is no sequence number: how far into the call a list reaches tells
which is the newer. What is remembered of a turn is 32 bits of checksum, no words.
"""

import struct
from collections.abc import Mapping, Sequence
from zlib import crc32

import msgspec
from msgspec.structs import replace

from events import Speaker, Transcript
from sources.retell_payload import ROLES, Item, word_times

CALL_CHARS = 64  # of a call id in segment ids; Retell's have 37
_SEEDS = {role: crc32(role.encode()) for role in ROLES}


class Heard(msgspec.Struct, frozen=True):
    """What one call has said so far."""

    finals: bytes = b""  # a mark for each stored turn, 4 bytes each, in the list's order; 0 for one without words
    authority: int = 0  # of the newest list: while the call runs 0, of its end 1, of its analysis 2
    length: int = 0  # of the newest list
    end: float | None = None  # s, of its last word
    rewrites: int = 0  # lists that changed a stored turn; makes the revisions
    open: int = 0  # the mark of the unfinished turn that viewers see; 0 for none. Lost without harm


def heard(
    call_sid: str,
    items: Sequence[Item],
    known: Heard,
    speakers: Mapping[str, Speaker],
    *,
    authority: int,
    is_over: bool,
) -> tuple[list[Transcript], Heard]:
    """What is new in a list: finals, corrections of finals, and at the end the interim.

    A list that is older than the newest adds what nobody has stored yet and changes nothing. In one that is shorter
    than what is stored, turns were taken out: what merely moved up stays where it is stored, for nothing stored can be
    taken back, and a turn must not be there twice.
    """
    if not items:
        return [], known
    marks = [_mark(item) for item in items]
    end = word_times(items[-1])[1]
    is_newest = _is_newest(known, authority, len(items), end)
    stored = list(struct.unpack(f"<{len(known.finals) // 4}I", known.finals))
    stored_count = len(stored)
    final_count = len(items) if is_over else len(items) - 1
    changed = [n for n in _differing(stored, marks[:final_count]) if marks[n]] if is_newest else []
    if len(items) < stored_count:
        stayed, moved = set(marks), set(stored)
        changed = [n for n in changed if stored[n] not in stayed and marks[n] not in moved]
    rewrites = known.rewrites + bool(changed)
    said, previous_end = [], None
    for n in [*changed, *range(stored_count, final_count)]:
        if marks[n]:
            transcript = _transcript(call_sid, items, n, previous_end, speakers, is_final=True, revision=rewrites + 1)
            said.append(transcript)
            previous_end = transcript.segment_end or transcript.segment_start or previous_end
    for n in changed:
        stored[n] = marks[n]
    stored += marks[stored_count:final_count]
    now = replace(known, finals=struct.pack(f"<{len(stored)}I", *stored), rewrites=rewrites)
    if is_newest:
        now = replace(now, authority=authority, length=len(items), end=end)
    if len(stored) > stored_count:
        now = replace(now, open=0)
    if is_over or not is_newest or len(stored) >= len(items) or marks[-1] == now.open:
        return said, now
    said.append(_transcript(call_sid, items, len(items) - 1, previous_end, speakers, is_final=False))
    return said, replace(now, open=marks[-1])


def _is_newest(known: Heard, authority: int, length: int, end: float | None) -> bool:
    if (authority, length) != (known.authority, known.length):
        return (authority, length) > (known.authority, known.length)
    return end is None or known.end is None or end >= known.end


def _mark(item: Item) -> int:
    content = item.content
    return (crc32(content.encode(), _SEEDS[item.role]) or 1) if content else 0


def _differing(stored: list[int], given: list[int]) -> list[int]:
    if stored[: len(given)] == given[: len(stored)]:
        return []
    return [n for n, (was, now) in enumerate(zip(stored, given, strict=False)) if was != now]


def _transcript(
    call_sid: str,
    items: Sequence[Item],
    n: int,
    previous_end: float | None,
    speakers: Mapping[str, Speaker],
    *,
    is_final: bool,
    revision: int | None = None,
) -> Transcript:
    """A turn as its segment. Without words of its own it begins where the one before it ended."""
    start, end = word_times(items[n])
    if start is None:
        start = (word_times(items[n - 1])[1] if n else None) or previous_end
        end = None if end is None or start is None else max(start, end)
    return Transcript(
        segment_id=f"{call_sid[-CALL_CHARS:]}:{n + 1}",
        speaker=speakers[items[n].role],
        content=items[n].content,
        is_final=is_final,
        revision=revision,
        segment_start=start,
        segment_end=end if is_final else None,
    )
