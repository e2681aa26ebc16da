"""What of a turn stands in which of the pieces in which it was heard, and how those are to be corrected. Pure text."""

from sources.vapi_artifact import Message
from sources.vapi_words import after, place_of

Correction = tuple[int, str, int]  # which piece, what it said, and where that stands among the turn's words (bytes)


def corrections(message: Message, words: bytes, pieces: list[bytes]) -> list[Correction]:
    """Of the pieces (marks, in order) of this turn those that miss something, or in which the assistant was interrupted
    before the end; none where they are not pieces of it. What was not heard belongs to the piece before it, at the
    turn's beginning to the first."""
    places, end = [], 0
    for piece in pieces:
        place = place_of(piece, words, end)
        if place < 0:
            return _interrupted(message, words, pieces)
        places.append(place)
        end = place + len(piece)
    starts = [0, *places[1:]]
    ends = [*starts[1:], len(words)]
    return [
        (n, _between(message.content, starts[n], ends[n]), starts[n])
        for n, piece in enumerate(pieces)
        if ends[n] - starts[n] != len(piece)
    ]


def _interrupted(message: Message, words: bytes, pieces: list[bytes]) -> list[Correction]:
    """Pieces behind the one in which it happened stay: nobody can take them back."""
    if message.speaker != "assistant":
        return []
    at = 0
    for n, piece in enumerate(pieces):
        rest = words[at:]
        if rest and len(rest) < len(piece) and piece.startswith(rest):
            return [(n, _between(message.content, at, len(words)), at)]
        if not words.startswith(piece, at):
            return []
        at += len(piece)
    return []


def _between(content: str, start: int, end: int) -> str:
    """The words between two places, as they are written."""
    begun, rest = after(content, start // 2) if start else content, after(content, end // 2)
    return begun[: len(begun) - len(rest)].strip()
