"""Segments out of Twilio's speech results, which have neither ids nor times of their own.

A partial belongs to the next final of its track, and replaces the partial before it. SequenceId is ordered within a
track only, and even there a final may come late or twice. Segment ids are `{TranscriptionSid}:{Track}:{n}`, n counting
the track's finals; a final that comes after a later one is `{TranscriptionSid}:{Track}:s{SequenceId}`.
"""

import msgspec
from msgspec.structs import replace

from events import Speaker, Transcript
from sources.derived_times import offset, sentence_times
from sources.twilio_payload import Speech

REMEMBERED = 256  # finals per track, against repeats: half an hour of talk, about 1.5 KB of state


class Utterance(msgspec.Struct, frozen=True):
    """One under way: its partials so far. Lost without harm."""

    first: int  # SequenceId
    first_at: int | None  # µs
    last: int
    last_at: int | None
    start: float | None = None  # s, once a viewer was told: it then stays


class Track(msgspec.Struct, frozen=True):
    """One track of one transcription."""

    count: int = 0  # finals that took a number
    last_final: int = -1  # the highest SequenceId of a final
    end_at: int | None = None  # µs, the latest end of a final
    finals: tuple[int, ...] = ()  # SequenceIds, ascending, the highest REMEMBERED
    open: Utterance | None = None


def partial(speech: Speech, track: Track, t0: int | None, speaker: Speaker) -> tuple[list[Transcript], Track]:
    """The interim to show, if this is the newest of its utterance. `revision` is the SequenceId, which grows with the
    text, over a restart too and whichever node hears it. No end: it isn't over."""
    sequence, was = speech.sequence, track.open
    if not speech.content or sequence <= track.last_final:
        return [], track
    if was is None:
        now = Utterance(sequence, speech.at, sequence, speech.at)
    elif sequence < was.first:
        return [], replace(track, open=replace(was, first=sequence, first_at=speech.at))
    elif sequence <= was.last:
        return [], track
    else:
        now = replace(was, last=sequence, last_at=speech.at)
    if now.start is None:
        now = replace(now, start=offset(now.first_at, t0))
    interim = Transcript(
        segment_id=f"{speech.key}:{track.count + 1}",
        speaker=speaker,
        content=speech.content,
        is_final=False,
        revision=sequence,
        segment_start=now.start,
        language=speech.language,
        created_at=speech.at,
    )
    return [interim], replace(track, open=now)


def final(speech: Speech, track: Track, t0: int | None, speaker: Speaker) -> tuple[list[Transcript], Track]:
    """The sentence to store, unless it is a repeat; for an empty one, the withdrawal of the interim on show."""
    sequence, was = speech.sequence, track.open
    finals = tuple(sorted({*track.finals, sequence})[-REMEMBERED:])
    if sequence in track.finals or sequence not in finals:  # the latter: older than all remembered, so a replay
        return [], track
    is_late = sequence < track.last_final
    own = was if was and was.first < sequence and not is_late else None  # its partials, if any came
    track = replace(track, finals=finals, last_final=max(sequence, track.last_final))
    if own:
        # A partial that overtook this final opened the next utterance.
        rest = Utterance(own.last, own.last_at, own.last, own.last_at) if own.last > sequence else None
        track = replace(track, open=rest)
    if not speech.content:
        # Nothing was said after all. The number stays free: only what is stored may move the counter.
        is_shown = own is not None and track.open is None
        return ([_withdrawn(speech, f"{speech.key}:{track.count + 1}", speaker)] if is_shown else []), track
    start, end = _times(speech, own, None if is_late else track.end_at, t0)
    transcript = Transcript(
        segment_id=f"{speech.key}:s{sequence}" if is_late else f"{speech.key}:{track.count + 1}",
        speaker=speaker,
        content=speech.content,
        confidence=speech.confidence,
        segment_start=start,
        segment_end=end,
        language=speech.language,
        created_at=speech.at,
    )
    if is_late:
        return [transcript], track
    ends = [at for at in (track.end_at, speech.spoken[1] if speech.spoken else speech.at) if at is not None]
    return [transcript], replace(track, count=track.count + 1, end_at=max(ends, default=None))


def _withdrawn(speech: Speech, segment_id: str, speaker: Speaker) -> Transcript:
    return Transcript(
        segment_id=segment_id,
        speaker=speaker,
        content="",
        is_final=False,
        revision=speech.sequence,
        created_at=speech.at,
    )


def _times(
    speech: Speech, own: Utterance | None, previous_end_at: int | None, t0: int | None
) -> tuple[float | None, float | None]:
    """Exact with the provider's data. What a viewer was told of the start stays."""
    begun_at, ended_at = speech.spoken or (None, speech.at)
    start = None
    if begun_at is None and own:
        start, begun_at = own.start, own.first_at
    return sentence_times(
        speech.content, ended_at=ended_at, t0=t0, start=start, begun_at=begun_at, previous_end_at=previous_end_at
    )
