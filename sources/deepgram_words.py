"""What Deepgram's words tell of the text they make up: its times, its voice, how sure it is. Never refuses: a word
that makes no sense is not worth losing the text for."""

from collections import Counter
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from sources.limits import LANGUAGE_CHARS, UNREADABLE

NONE = msgspec.Raw(b"[]")
DIGITS = 6  # of a mean
VOICES = 256  # of one stream; more is no telephone call


class _Word(msgspec.Struct):
    word: Any = None
    punctuated_word: Any = None
    start: float | None = None
    end: float | None = None
    speaker: int | None = None  # with `diarize`
    confidence: float | None = None


class Words(NamedTuple):
    count: int = 0
    first: float | None = None  # s, where the first begins
    last: float | None = None  # s, where the last ends
    voice: int | None = None  # that of most of them
    is_mixed: bool = False  # there are others


class Run(NamedTuple):
    """What one voice says before another does."""

    content: str
    words: Words


_decode = msgspec.json.Decoder(list[_Word]).decode


def said_words(raw: msgspec.Raw, longest_s: float) -> Words:
    return _said(_words(raw), longest_s)


def voice_runs(raw: msgspec.Raw, content: str, longest_s: float) -> tuple[Run, ...]:
    """`content` by who says it; () where the words do not spell it."""
    words = _words(raw)
    if [_spelt(word) for word in words] != content.split():
        return ()
    groups = [list(group) for _, group in groupby(words, key=lambda word: word.speaker)]
    return tuple(Run(" ".join(map(_spelt, group)), _said(group, longest_s)) for group in groups)


def _spelt(word: _Word) -> Any:
    return word.punctuated_word or word.word


def _said(words: list[_Word], longest_s: float) -> Words:
    if not words:
        return Words()
    first, last = words[0].start, words[-1].end
    is_timed = first is not None and last is not None and 0 <= first <= last <= longest_s
    voices = Counter(word.speaker for word in words if word.speaker is not None and 0 <= word.speaker < VOICES)
    return Words(
        count=len(words),
        first=first if is_timed else None,
        last=last if is_timed else None,
        voice=voices.most_common(1)[0][0] if voices else None,
        is_mixed=len(voices) > 1,
    )


def mean_confidence(raw: msgspec.Raw) -> float | None:
    """That of the words: the text as a whole has none in Flux."""
    given = [word.confidence for word in _words(raw)]
    return mean([(confidence, 1) for confidence in given if confidence is not None and 0 <= confidence <= 1])


def _words(raw: msgspec.Raw) -> list[_Word]:
    try:
        return _decode(raw)
    except UNREADABLE:
        return []


def mean(weighted: list[tuple[float, int]]) -> float | None:
    """The mean of values with weights; one alone as it is."""
    total = sum(weight for _, weight in weighted)
    if len(weighted) < 2 or not total:
        return weighted[0][0] if weighted else None
    return min(1.0, round(sum(value * weight for value, weight in weighted) / total, DIGITS))


def language_of(languages: Any, detected: Any) -> str | None:
    """The first of the languages heard, if they are told."""
    given = languages[0] if isinstance(languages, list) and languages else detected
    is_tag = isinstance(given, str) and 0 < len(given) <= LANGUAGE_CHARS and given.isprintable()
    return given if is_tag and given != "multi" else None
