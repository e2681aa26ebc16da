"""What the report at a call's end adds to what was heard live: it has what was really said, with its times.

Vapi does not send again what we could not take, and tells live what the assistant is going to say, not where it was
interrupted. So of the report's turns

- one that was heard live, in one piece or several, changes nothing: its words stand already, under good times;
- one of which nothing was heard becomes a final of its own, `…:r{place in the report}`;
- one of which pieces were heard and others were not corrects the pieces beside the holes, so that nothing is missing;
- one of the assistant's that ends before what was heard live corrects the piece in which it was interrupted;
- one that was heard in other words stays as it was heard.

Nothing stored can be taken back, and what is there once must not be there twice: where it is not sure, nothing is done.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec.structs import replace

from events import Transcript
from sources.vapi_artifact import Message
from sources.vapi_heard import FAR, NEAR, PIECES, Heard, Reach
from sources.vapi_pieces import Correction, corrections
from sources.vapi_speech import Said, Track, remembered_since, remembering, segment_id
from sources.vapi_words import marks, place_of

Turns = list[tuple[Message, bytes]]  # with the marks of their words


def filled_in(call_sid: str, messages: Sequence[Message], track: Track) -> tuple[list[tuple[int, Transcript]], Track]:
    """Of one speaker: what the report adds and corrects, each with its place in the report, and the track with it."""
    heard = Heard(track.said)
    left: Turns = [(message, words) for message in messages if (words := marks(message.content))]
    for reach in (NEAR, FAR):
        left = list(_unmatched(left, heard, reach))
    told: dict[int, list[Transcript]] = {}  # by place
    said = {one.name: one for one in track.said}
    for message, words in [*left, *left]:  # what one turn explains may make another sure
        if message.place in told:
            continue
        near = list(islice(heard.unexplained(message, words, NEAR), PIECES + 1))
        made = corrections(message, words, [heard.said[n].marks for n in near]) if len(near) <= PIECES else []
        missed = _missed(made, near, heard)
        if not made or any(n not in near for n in heard.unexplained(message, missed, FAR)):
            continue  # what seems to be missing is at the edge of another final
        for index, text, place in made:
            was = heard.said[near[index]]
            corrected = marks(text)
            share = place / len(words), (place + len(corrected)) / len(words)
            told.setdefault(message.place, []).append(_segment(call_sid, message, was.name, text, share))
            said[was.name] = replace(was, marks=corrected, is_reported=True)
        heard.explain(near)
    added, since = [], remembered_since(track)
    for message, words in left:
        if message.place in told or heard.may_have(message, words) or _may_be_forgotten(message, since):
            continue
        name = f"r{message.place}"
        told[message.place] = [_segment(call_sid, message, name, message.content, (0, 1))]
        added.append(Said(name, message.ended_at or message.begun_at, words, True))
    track = remembering(replace(track, said=tuple(said.values())), *added)
    return [(place, transcript) for place, transcripts in told.items() for transcript in transcripts], track


def _unmatched(turns: Turns, heard: Heard, reach: Reach) -> Iterator[tuple[Message, bytes]]:
    """The turns that no final or run of finals has word for word, nor a final together with the turns after it. What is
    found is explained, and of no other turn."""
    n = 0
    while n < len(turns):
        if pieces := heard.run(*turns[n], reach):
            heard.explain(pieces)
            n += 1
        elif holder := heard.holder(turns[n : n + PIECES], reach):
            heard.explain(holder[:1])
            n += holder[1]
        else:
            yield turns[n]
            n += 1


def _missed(made: list[Correction], near: list[int], heard: Heard) -> bytes:
    """The words that corrections add."""
    found = b""
    for index, text, _ in made:
        whole, piece = marks(text), heard.said[near[index]].marks
        at = place_of(piece, whole)
        found += whole[:at] + whole[at + len(piece) :] if at >= 0 else b""
    return found


def _may_be_forgotten(message: Message, since: int | None) -> bool:
    return since is not None and (message.begun_at is None or message.begun_at < since)


def _segment(call_sid: str, message: Message, name: str, content: str, share: tuple[float, float]) -> Transcript:
    """A segment as the report has it; a part of a turn has its share of the turn's time."""
    start, end = message.start, message.end
    if start is not None and end is not None:
        start, end = (round(start + (end - start) * part, 3) for part in share)
    return Transcript(
        segment_id=segment_id(call_sid, message.speaker, name),
        speaker=message.speaker,
        content=content,
        confidence=message.confidence,
        segment_start=start,
        segment_end=end,
        created_at=message.ended_at or message.begun_at,
    )
