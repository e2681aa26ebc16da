"""Segments out of Telnyx's transcription events, which have neither ids, times nor an order of their own.

An interim belongs to the next final of its leg and track, and replaces the interim before it. `occurred_at` is the
order; delivery has none. Segment ids are `{leg}:{track}:{n}`, n counting the track's finals; a final that comes after
a later one is `{leg}:{track}:e{event}`.
"""

import msgspec
from msgspec.structs import replace

from events import Speaker, Transcript
from sources.derived_times import offset, sentence_times
from sources.limits import INT32
from sources.telnyx_payload import Speech


class Utterance(msgspec.Struct, frozen=True):
    """One under way: its interims so far. Lost without harm."""

    first: int  # order
    first_at: int | None  # µs
    last: int
    last_at: int | None
    last_id: str
    revision: int
    start: float | None = None  # s, once a viewer was told: it then stays


class Track(msgspec.Struct, frozen=True):
    """One track of one leg."""

    count: int = 0  # finals that took a number
    last_final: int = -1  # the highest order of a final
    end_at: int | None = None  # µs, the latest end of a final
    open: Utterance | None = None

    def order(self, speech: Speech) -> int:
        """Its place among the results of the track: its time, µs; without one it is the newest."""
        newest = max(self.last_final, self.open.last if self.open else -1)
        return newest + 1 if speech.at is None else speech.at


def interim(
    speech: Speech, track: Track, t0: int | None, base: int, speaker: Speaker
) -> tuple[list[Transcript], Track]:
    """The interim to show, if this is the newest of its utterance. `revision` is ms since `base`, µs, which the call
    keeps: so it grows with the text, over a restart too and whichever node hears it. No end: it isn't over."""
    order, was = track.order(speech), track.open
    if not speech.content or order <= track.last_final:
        return [], track
    revision = max(was.revision + 1 if was else 0, min(max(0, order - base) // 1000, INT32 - 1))
    if was is None:
        now = Utterance(order, speech.at, order, speech.at, speech.event_id, revision)
    elif order < was.first:
        return [], replace(track, open=replace(was, first=order, first_at=speech.at))
    elif order < was.last or speech.event_id == was.last_id or revision > INT32:
        return [], track
    else:
        now = replace(was, last=order, last_at=speech.at, last_id=speech.event_id, revision=revision)
    if now.start is None:
        now = replace(now, start=offset(now.first_at, t0))
    shown = Transcript(
        segment_id=f"{speech.key}:{track.count + 1}",
        speaker=speaker,
        content=speech.content,
        is_final=False,
        revision=revision,
        segment_start=now.start,
        created_at=speech.at,
    )
    return [shown], replace(track, open=now)


def final(speech: Speech, track: Track, t0: int | None, speaker: Speaker) -> tuple[list[Transcript], Track]:
    """The sentence to store, which was not heard before; for an empty one, the withdrawal of the interim on show."""
    order, was = track.order(speech), track.open
    is_late = order < track.last_final
    own = was if was and was.first <= order and not is_late else None  # its interims, if any came
    track = replace(track, last_final=max(order, track.last_final))
    if own:
        # An interim that overtook this final opened the next utterance.
        rest = replace(own, first=own.last, first_at=own.last_at, start=None) if own.last > order else None
        track = replace(track, open=rest)
    if not speech.content:
        # Nothing was said after all. The number stays free: only what is stored may move the counter.
        is_shown = own is not None and track.open is None
        return ([_withdrawn(speech, own, track, speaker)] if own and is_shown else []), track
    start, end = sentence_times(
        speech.content,
        ended_at=speech.at,
        t0=t0,
        start=own.start if own else None,
        begun_at=own.first_at if own else None,
        previous_end_at=None if is_late else track.end_at,
    )
    said = Transcript(
        segment_id=f"{speech.key}:e{speech.event_id}" if is_late else f"{speech.key}:{track.count + 1}",
        speaker=speaker,
        content=speech.content,
        confidence=speech.confidence,
        segment_start=start,
        segment_end=end,
        created_at=speech.at,
    )
    if is_late:
        return [said], track
    ends = [at for at in (track.end_at, speech.at) if at is not None]
    return [said], replace(track, count=track.count + 1, end_at=max(ends, default=None))


def _withdrawn(speech: Speech, own: Utterance, track: Track, speaker: Speaker) -> Transcript:
    return Transcript(
        segment_id=f"{speech.key}:{track.count + 1}",
        speaker=speaker,
        content="",
        is_final=False,
        revision=min(own.revision + 1, INT32),
        created_at=speech.at,
    )
