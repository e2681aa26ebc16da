"""Segments out of the windows of one channel: a final for each complete utterance, and again where a late window
changed it; interims of the one under way, all that it says so far."""

from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from events import Speaker, Transcript
from sources.deepgram_payload import Result
from sources.deepgram_windows import Shown, Utterance, Window, Windows, settled, utterances, with_break, with_window
from sources.deepgram_words import mean
from sources.limits import INT32

Said = tuple[list[Transcript], Windows]  # what to tell, and what is now kept


class Line(NamedTuple):
    """One channel of one connection."""

    name: str  # of which segment ids begin
    offset: float  # s from the answer to its first audio
    speaker_of: Callable[[int | None], Speaker]  # by the voice that `diarize` found

    def segment_id(self, start: int) -> str:
        return f"{self.name}:{start}"


def interim(result: Result, was: Windows, line: Line) -> Said:
    """What is said so far, if it reaches further than what was heard. Its revision is how far, ms, which grows over a
    restart too. No end: it isn't over."""
    start, end = _ms(result.start), _ms(result.end)
    if not result.content or end <= was.done or (was.shown and end <= was.shown.end):
        return [], was
    open_ = _open(utterances(was))
    before = [window for window in open_.windows if window.start < start] if open_ else []
    said = Utterance((*before, _window(result)), False)
    events, now = _withdrawn(was, line) if was.shown and was.shown.name != said.name else ([], was)
    shown, now = _shown(said, now, line, end)
    return [*events, shown], now


def final(result: Result, was: Windows, line: Line) -> Said:
    """What a closed window completes."""
    now, alone, windows = was, [], _windows(result)
    for window in windows:
        now, lone = with_window(now, window, is_last=result.speech_final and window is windows[-1])
        alone += [_final(lone, line)] if lone else []
    events, now = _told(was, now, line)
    return [*alone, *events], now


def utterance_ended(was: Windows, line: Line, last_word_end: float | None) -> Said:
    """What is complete when the utterance ended there; None: with all that was heard."""
    return _told(was, with_break(was, None if last_word_end is None else _ms(last_word_end)), line)


def stream_ended(was: Windows, line: Line) -> Said:
    """What was held, and the end of what is on show."""
    events, now = _told(was, replace(was, is_over=True), line)
    gone, now = _withdrawn(now, line)
    return [*events, *gone], now


def _told(was: Windows, now: Windows, line: Line) -> Said:
    """The finals that `now` has more than `was`, or other than it, and what becomes of the interim on show."""
    after = utterances(now)
    if was.kept == now.kept and was.breaks == now.breaks and was.is_over == now.is_over:
        return _renewed(now, line, _open(after), is_new=False)
    events: list[Transcript] = []
    before = utterances(was)
    stored = {utterance.name: utterance.windows for utterance in before if utterance.is_complete}
    complete = [utterance for utterance in after if utterance.is_complete]
    now = settled(now, complete)
    for utterance in complete:
        if stored.get(utterance.name) != utterance.windows:
            # Without a revision, what it said once before would count as a repeat.
            now = replace(now, corrected=now.corrected + utterance.is_stored)
            revision = now.corrected if utterance.is_stored else None
            events.append(replace(_final(utterance, line), revision=revision))
        if now.shown and now.shown.name == utterance.name:
            now = replace(now, shown=None)  # the final takes its place
    open_, was_open = _open(after), _open(before)
    is_new = open_ is not None and (was_open is None or was_open.windows != open_.windows)
    interims, now = _renewed(now, line, open_, is_new=is_new)
    return [*events, *interims], now


def _renewed(now: Windows, line: Line, open_: Utterance | None, *, is_new: bool) -> Said:
    """The interim on show after a change: the open utterance so far, unless what is shown goes further; or taken back,
    where its audio turned out to say nothing."""
    on_show = now.shown
    if open_ is None:
        return _withdrawn(now, line) if on_show and on_show.end <= now.done else ([], now)
    end = open_.windows[-1].end
    is_other = on_show is not None and on_show.name != open_.name
    is_stale = on_show is not None and end < on_show.end <= now.done
    if not is_other and not is_stale and not (is_new and (on_show is None or on_show.end <= now.done)):
        return [], now
    gone, now = _withdrawn(now, line) if is_other else ([], now)
    shown, now = _shown(open_, now, line, end)
    return [*gone, shown], now


def _open(all_: list[Utterance]) -> Utterance | None:
    return all_[-1] if all_ and not all_[-1].is_complete else None


def _shown(said: Utterance, windows: Windows, line: Line, end: int) -> tuple[Transcript, Windows]:
    revision = min(max(windows.revision + 1, end), INT32)
    shown = replace(_final(said, line), is_final=False, revision=revision, confidence=None, segment_end=None)
    return shown, replace(windows, shown=Shown(said.name, end), revision=revision)


def _withdrawn(windows: Windows, line: Line) -> Said:
    """Nothing on show any more; what was is taken back."""
    if windows.shown is None:
        return [], windows
    revision = min(windows.revision + 1, INT32)
    gone = Transcript(
        segment_id=line.segment_id(windows.shown.name),
        speaker=line.speaker_of(None),
        content="",
        is_final=False,
        revision=revision,
    )
    return [gone], replace(windows, shown=None, revision=revision)


def _final(said: Utterance, line: Line) -> Transcript:
    first, last = said.windows[0], said.windows[-1]
    start = first.start / 1000 if first.first is None else first.first
    end = max(start, last.end / 1000 if last.last is None else last.last)
    if line.offset:
        start, end = round(start + line.offset, 3), round(end + line.offset, 3)
    sure = [(window.confidence, window.words) for window in said.windows if window.confidence is not None]
    return Transcript(
        segment_id=line.segment_id(said.name),
        speaker=line.speaker_of(next((w.voice for w in said.windows if w.voice is not None), None)),
        content=said.content,
        confidence=mean(sure),
        segment_start=start,
        segment_end=end,
        language=next((w.language for w in said.windows if w.language is not None), None),
    )


def _window(result: Result) -> Window:
    return Window(
        start=_ms(result.start),
        end=_ms(result.end),
        content=result.content,
        words=result.words,
        confidence=result.confidence,
        first=result.first,
        last=result.last,
        voice=result.voice if result.channels == 1 else None,
        language=result.language,
    )


def _windows(result: Result) -> list[Window]:
    """The window; where several voices speak in it, one for each of their runs, if the words' times divide it."""
    whole = _window(result)
    starts = [whole.start, *(_ms(run.words.first) for run in result.runs[1:] if run.words.first is not None)]
    edges = [*starts, whole.end]
    if len(starts) != len(result.runs) or edges != sorted(set(edges)):
        return [whole]
    return [
        replace(
            whole,
            start=start,
            end=end,
            content=content,
            words=words.count,
            first=words.first,
            last=words.last,
            voice=words.voice,
        )
        for (content, words), start, end in zip(result.runs, starts, edges[1:], strict=True)
    ]


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
