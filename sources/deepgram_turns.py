"""Segments out of Flux's turns: interims while one goes on, a final at its `EndOfTurn`. A segment is a turn."""

import msgspec
from msgspec.structs import replace

from events import Speaker, Transcript
from sources.deepgram_payload import Turn

REMEMBERED = 64  # turns that ended, against repeats


class Turns(msgspec.Struct, frozen=True):
    """What one connection has seen."""

    sequence: int = -1  # the highest of an interim
    ended: tuple[int, ...] = ()  # turn_index, ascending, the highest REMEMBERED
    shown: int | None = None  # turn_index of the interim on show


def hear(turn: Turn, turns: Turns, name: str, offset: float, speaker: Speaker) -> tuple[list[Transcript], Turns]:
    """`EagerEndOfTurn` is an interim like any other, as `TurnResumed` may take it back. The revision of an interim is
    the `sequence_id`; its confidence is unknown until the end."""
    transcript = Transcript(
        segment_id=f"{name}:t{turn.index}",
        speaker=speaker,
        content=turn.content,
        is_final=turn.is_final,
        revision=None if turn.is_final else turn.sequence,
        confidence=turn.confidence if turn.is_final else None,
        segment_start=round(turn.start + offset, 3) if offset else turn.start,
        segment_end=None if not turn.is_final else round(turn.end + offset, 3) if offset else turn.end,
        language=turn.language,
    )
    newest = turns.ended[-1] if turns.ended else -1
    if not turn.is_final:
        if turn.index <= newest or turn.sequence <= turns.sequence:
            return [], turns
        is_shown = bool(turn.content)
        now = replace(turns, sequence=turn.sequence, shown=turn.index if is_shown else turns.shown)
        return ([transcript] if is_shown else []), now
    if turn.index in turns.ended or (len(turns.ended) == REMEMBERED and turn.index < turns.ended[0]):
        return [], turns
    ended = tuple(sorted((*turns.ended, turn.index))[-REMEMBERED:])
    now = replace(turns, ended=ended, sequence=max(turns.sequence, turn.sequence))
    if turns.shown == turn.index:
        now = replace(now, shown=None)
        if not turn.content:  # nothing was said after all
            gone = replace(transcript, is_final=False, revision=turn.sequence, confidence=None, segment_end=None)
            return [gone], now
    return ([transcript] if turn.content else []), now
