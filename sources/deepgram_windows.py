"""The windows of one channel of one Deepgram stream, and the utterances they make up, in whatever order they come.

A final `Results` closes a *window*; an utterance is all windows up to one with `speech_final`, or up to where an
`UtteranceEnd` says. So windows are kept, ordered by their start, and with them the *breaks* between utterances: what is
complete, and what it says, follows from both, and a window that comes late is put where it belongs. Nothing that was
told apart is ever joined again: every window, every break only divides further.

An utterance is named by the start of the window that was its first when it was first stored.
"""

from bisect import bisect_right, insort

import msgspec
from msgspec.structs import replace

SEEN = 64  # windows with words, against repeats: some minutes of one voice, half a KB of state
KEPT = 4  # utterances that are complete and may yet get a late window
LIMIT_CHARS, LIMIT_WINDOWS = 4000, 24  # of one utterance: without endpointing nothing else would end one
BREAKS = 32


class Window(msgspec.Struct, frozen=True, array_like=True):
    start: int  # ms from the stream's beginning, and its identity
    end: int
    content: str
    words: int
    confidence: float | None = None
    first: float | None = None  # s, where the first word begins
    last: float | None = None  # s, where the last one ends
    voice: int | None = None
    language: str | None = None
    is_head: bool = False  # it names a stored utterance


class Shown(msgspec.Struct, frozen=True):
    """The interim on show. Lost without harm."""

    name: int
    end: int  # ms, as far as it goes


class Windows(msgspec.Struct, frozen=True, omit_defaults=True):
    kept: tuple[Window, ...] = ()  # with words, by start; those of complete utterances only for a while
    breaks: tuple[int, ...] = ()  # ms, ascending: between windows that start before it and those at or after it
    floor: int = 0  # ms: whatever starts before it was forgotten
    seen: tuple[int, ...] = ()  # starts of final windows with words, ascending, the highest SEEN
    done: int = -1  # ms: so far reach final windows, with words or without
    shown: Shown | None = None
    revision: int = 0  # of the last interim
    corrected: int = 1  # the revision of the last correction; a first final is revision 1
    is_over: bool = False  # nothing more is waited for: whatever is there is complete


class Utterance(msgspec.Struct, frozen=True):
    windows: tuple[Window, ...]
    is_complete: bool

    @property
    def name(self) -> int:
        return next((window.start for window in self.windows if window.is_head), self.windows[0].start)

    @property
    def is_stored(self) -> bool:
        return any(window.is_head for window in self.windows)

    @property
    def content(self) -> str:
        return " ".join(window.content for window in self.windows)


def utterances(windows: Windows) -> list[Utterance]:
    """What is kept, divided; all but the last are complete."""
    groups: list[list[Window]] = []
    before, chars, voice = -1, 0, None
    for window in windows.kept:
        chars += len(window.content)
        is_other_voice = None not in (voice, window.voice) and voice != window.voice
        is_full = bool(groups) and (chars > LIMIT_CHARS or len(groups[-1]) >= LIMIT_WINDOWS)
        if not groups or is_other_voice or is_full or _is_between(windows.breaks, before, window.start):
            groups.append([])
            chars, voice = len(window.content), None
        groups[-1].append(window)
        before, voice = window.start, window.voice if voice is None else voice
    last = len(groups) - 1
    end = windows.breaks[-1] if windows.breaks else -1
    is_end = [n < last or windows.is_over or group[-1].start < end for n, group in enumerate(groups)]
    return [Utterance(tuple(group), is_complete) for group, is_complete in zip(groups, is_end, strict=True)]


def with_window(windows: Windows, window: Window, *, is_last: bool) -> tuple[Windows, Utterance | None]:
    """With a final window; `is_last` of its utterance. Where it is so late that those around it are forgotten, it is an
    utterance of its own, the second result."""
    lone, start = None, window.start
    if is_last:
        windows = with_break(windows, start + 1)
    if window.content and not _is_heard(windows, start):
        seen = list(windows.seen)
        insort(seen, start)
        windows = replace(windows, seen=tuple(seen[-SEEN:]))
        if start < windows.floor:
            lone = Utterance((window,), True)
        else:
            kept = list(windows.kept)
            insort(kept, window, key=lambda one: one.start)
            windows = replace(windows, kept=tuple(kept))
    return replace(windows, done=max(windows.done, window.end)), lone


def with_break(windows: Windows, at: int | None) -> Windows:
    """With the end of an utterance at `at`, ms; None: after all that was heard."""
    if at is None:
        if not windows.kept:
            return windows
        at = windows.kept[-1].start + 1
    if at <= windows.floor or at in windows.breaks:
        return windows
    breaks = tuple(sorted((*windows.breaks, at)))
    if len(breaks) <= BREAKS:
        return replace(windows, breaks=breaks)
    return _forgotten(replace(windows, breaks=breaks), breaks[-BREAKS])


def settled(windows: Windows, complete: list[Utterance]) -> Windows:
    """With what is complete marked as stored, and forgotten but for the newest."""
    if not complete:
        return windows
    heads = {utterance.name for utterance in complete}
    kept = tuple(replace(w, is_head=True) if w.start in heads and not w.is_head else w for w in windows.kept)
    windows = replace(windows, kept=kept)
    size, remembered = 0, 0
    for utterance in reversed(complete[-KEPT:]):
        size += len(utterance.content)
        if size > LIMIT_CHARS:
            break
        remembered += 1
    if remembered == len(complete):
        return windows
    return _forgotten(windows, complete[len(complete) - remembered - 1].windows[-1].start + 1)


def _forgotten(windows: Windows, floor: int) -> Windows:
    """Without what starts before `floor`, ms, which must be complete."""
    return replace(
        windows,
        kept=tuple(window for window in windows.kept if window.start >= floor),
        breaks=tuple(at for at in windows.breaks if at > floor),
        floor=max(floor, windows.floor),
    )


def _is_heard(windows: Windows, start: int) -> bool:
    """A repeat; as is what is older than all that are remembered."""
    seen = windows.seen
    return start in seen or (len(seen) == SEEN and start < seen[0])


def _is_between(breaks: tuple[int, ...], before: int, start: int) -> bool:
    """Whether a break lies after `before` and not after `start`."""
    at = bisect_right(breaks, before)
    return at < len(breaks) and breaks[at] <= start
