"""Segments out of Vapi's transcripts, which have neither ids nor an order of their own, only the time they were made.

Several finals may come in one turn: each is a fragment and a segment. A partial belongs to the next final of its
speaker. Segment ids are `{call id}:{speaker}:{n}`, n counting the speaker's finals: of a call that others tell of, too,
under their ids, no other has the same. A final older than one already stored is `…:late-{n}`, so that the utterance
under way keeps its number. (`vapi_report` adds `…:r{n}`.)
"""

import msgspec
from msgspec.structs import replace

from events import SECOND, Speaker, Transcript
from sources.derived_times import offset, sentence_times
from sources.limits import INT32
from sources.vapi_payload import Speech, Turn
from sources.vapi_words import after, begins_with, marks, place_of

CALL_CHARS = 64  # of a call id in segment ids; Vapi's have 36
REMEMBERED = 256  # finals per speaker, against repeats and for the report; half an hour of talk
REMEMBERED_BYTES = 12_000  # of their marks: 6,000 words
CUT_WITHIN = 60 * SECOND  # how far from its end the transcript of an interrupted turn may have been made


class Said(msgspec.Struct, frozen=True, array_like=True):
    """A stored final, as far as repeats and the report need it: no words, but marks of them."""

    name: str  # the end of its segment id
    at: int | None  # µs, when it was made
    marks: bytes
    is_reported: bool = False  # its words are the report's: what comes later of the same is a piece of it


class Utterance(msgspec.Struct, frozen=True):
    """One under way: its partials so far. Lost without harm."""

    first_at: int | None  # µs
    last_at: int | None
    start: float | None = None  # s, once a viewer was told: it then stays


class Track(msgspec.Struct, frozen=True):
    """One speaker."""

    count: int = 0  # finals that took a number
    late: int = 0
    last_at: int | None = None  # µs, the newest final
    end_at: int | None = None  # the latest end of a final
    said: tuple[Said, ...] = ()
    forgotten: int = 0  # finals that are remembered no more
    begun_at: int | None = None  # speech that no final has come of yet; lost without harm, as all below
    stopped_at: int | None = None
    open: Utterance | None = None


def turn(payload: Turn, track: Track) -> Track:
    """With when its speaker began or stopped, by which starts and ends are exact."""
    at = payload.at
    if at is None or (track.last_at is not None and at <= track.last_at):
        return track
    if payload.is_begun:
        return track if track.begun_at is not None and track.begun_at <= at else replace(track, begun_at=at)
    return replace(track, stopped_at=at)


def partial(speech: Speech, track: Track, t0: int | None) -> tuple[list[Transcript], Track]:
    """The interim to show, if this is the newest of its utterance. Where it repeats the fragment before, which has its
    own segment, only what is new. `revision` is Vapi's clock, whichever node hears it; it starts anew every 24 days,
    which may cost an interim."""
    at, was = speech.at, track.open
    content = _unsaid(speech.content, track)
    if not content or (at is not None and track.last_at is not None and at <= track.last_at):
        return [], track
    if was is None:
        now = Utterance(at, at)
    elif at is None or was.last_at is None or was.first_at is None:
        now = replace(was, last_at=at or was.last_at, first_at=was.first_at or at)
    elif at < was.first_at:
        return [], replace(track, open=replace(was, first_at=at))
    elif at <= was.last_at:
        return [], track
    else:
        now = replace(was, last_at=at)
    if now.start is None:
        now = replace(now, start=offset(now.first_at if track.begun_at is None else track.begun_at, t0))
    interim = Transcript(
        segment_id=segment_id(speech.call_sid, speech.speaker, track.count + 1),
        speaker=speech.speaker,
        content=content,
        is_final=False,
        revision=_revision(at),
        segment_start=now.start,
        created_at=at,
    )
    return [interim], replace(track, open=now)


def final(speech: Speech, track: Track, t0: int | None) -> tuple[list[Transcript], Track]:
    """The sentence to store, unless it is a repeat; for an empty one, the withdrawal of the interim on show."""
    at, was, words = speech.at, track.open, marks(speech.content)
    if _is_repeat(speech, track, words):
        return [], track
    is_late = at is not None and track.last_at is not None and at < track.last_at
    own = was if was and not is_late and (at is None or was.first_at is None or was.first_at < at) else None
    if own:
        has_next = at is not None and own.last_at is not None and own.last_at > at  # a partial overtook this final
        track = replace(track, open=Utterance(own.last_at, own.last_at) if has_next else None)
    if not speech.content:
        # Nothing was said after all. The number stays free: only what is stored may move the counter.
        is_shown = own is not None and track.open is None
        return ([_withdrawn(speech, track)] if is_shown else []), track
    name = f"late-{track.late + 1}" if is_late else str(track.count + 1)
    start, end, ended_at = _times(speech, own, track, t0, is_late)
    transcript = Transcript(
        segment_id=segment_id(speech.call_sid, speech.speaker, name),
        speaker=speech.speaker,
        content=speech.content,
        confidence=speech.confidence,
        segment_start=start,
        segment_end=end,
        created_at=at,
    )
    track = remembering(track, Said(name, at, words))
    if is_late:
        return [transcript], replace(track, late=track.late + 1)
    is_begun = track.begun_at is not None and at is not None and track.begun_at >= at  # already the next turn
    return [transcript], replace(
        track,
        count=track.count + 1,
        last_at=_latest(track.last_at, at),
        end_at=_latest(track.end_at, ended_at),
        begun_at=track.begun_at if is_begun else None,
    )


def remembering(track: Track, *said: Said) -> Track:
    """With these among what was said, and no more of it than is bounded."""
    kept = [*track.said, *said]
    size, first = sum(len(one.marks) for one in kept), 0
    while len(kept) - first > REMEMBERED or (size > REMEMBERED_BYTES and len(kept) - first > 1):
        size -= len(kept[first].marks)
        first += 1
    return replace(track, said=tuple(kept[first:]), forgotten=track.forgotten + first)


def remembered_since(track: Track) -> int | None:
    """Of what was made before it (µs), some is forgotten; None where nothing is."""
    return min((said.at for said in track.said if said.at is not None), default=None) if track.forgotten else None


def _is_repeat(speech: Speech, track: Track, words: bytes) -> bool:
    at, since = speech.at, remembered_since(track)
    if at is not None and since is not None and at < since:
        return True  # older than all remembered, so a replay
    if any(said.at == at and said.marks == words for said in track.said):
        return True
    reported = [said for said in track.said if said.is_reported]
    if words and place_of(words, b"".join(said.marks for said in reported)) >= 0:
        return True
    return speech.speaker == "assistant" and any(_is_cut(speech, words, said) for said in reported)


def _is_cut(speech: Speech, words: bytes, said: Said) -> bool:
    """Whether the report has the assistant interrupted in this: of what it was going to say no more was heard."""
    if speech.at is None or said.at is None or not said.marks:
        return False
    return words.startswith(said.marks) and abs(speech.at - said.at) <= CUT_WITHIN


def _unsaid(content: str, track: Track) -> str:
    """What a partial adds to the final before it, where it begins with that whole fragment again and no new turn has
    begun. Of a single word it can't be told: people do say it twice."""
    last = track.said[-1].marks if track.said and track.begun_at is None else b""
    if len(last) < 4 or not begins_with(content, last):
        return content
    return after(content, len(last) // 2)


def _times(
    speech: Speech, own: Utterance | None, track: Track, t0: int | None, is_late: bool
) -> tuple[float | None, float | None, int | None]:
    """Start and end, s from the answer, and the end in µs: by when the speaker began and stopped where Vapi told it
    (`speech-update`), else by when transcripts were made. What a viewer was told of the start stays."""
    at = speech.at
    if is_late:
        return *sentence_times(speech.content, ended_at=at, t0=t0), at
    begun_at = track.begun_at if track.begun_at is not None and at is not None and track.begun_at < at else None
    if begun_at is None and own:
        begun_at = own.first_at
    since, stopped_at = begun_at or track.end_at or t0, track.stopped_at
    has_stopped = stopped_at is not None and since is not None and at is not None and since < stopped_at <= at
    ended_at = stopped_at if has_stopped else at
    start, end = sentence_times(
        speech.content,
        ended_at=ended_at,
        t0=t0,
        start=own.start if own else None,
        begun_at=begun_at,
        previous_end_at=track.end_at,
    )
    return start, end, ended_at


def _withdrawn(speech: Speech, track: Track) -> Transcript:
    return Transcript(
        segment_id=segment_id(speech.call_sid, speech.speaker, track.count + 1),
        speaker=speech.speaker,
        content="",
        is_final=False,
        revision=_revision(speech.at),
        created_at=speech.at,
    )


def segment_id(call_sid: str, speaker: Speaker, name: int | str) -> str:
    return f"{call_sid[-CALL_CHARS:]}:{speaker}:{name}"


def _revision(at: int | None) -> int | None:
    return None if at is None else at // 1000 % INT32


def _latest(one: int | None, other: int | None) -> int | None:
    return one if other is None else other if one is None else max(one, other)
