"""The rules of one organisation, ready to be held against what is said."""

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple

from events import Refused, Transcript
from rules.folding import folded, original, places
from rules.pattern import LOOKED_AT, MOST_SPANS, Span, compiled, sieve
from rules.rule import Rule

log = logging.getLogger(__name__)


class Finding(NamedTuple):
    rule: Rule
    spans: list[Span] | None  # what fits, [start, end) in characters of the content; None: no words in particular


class _Said:
    """A transcript, and what is made of its text once a rule has asked for it."""

    __slots__ = ("_folded", "_passed", "transcript")

    def __init__(self, transcript: Transcript):
        self.transcript = transcript
        self._folded: str | None = None
        self._passed: bool | None = None

    def passes(self, sieve: Callable[[str], object]) -> bool:
        if self._passed is None:
            self._passed = bool(sieve(_encodable(self.transcript.content[:LOOKED_AT])))
        return self._passed

    @property
    def folded(self) -> str:
        if self._folded is None:
            self._folded = folded(self.transcript.content)
        return self._folded


_Test = Callable[[_Said], "list[Span] | bool"]  # what fits; True: it fits as a whole; False or []: it does not


class Rulebook:
    """Compiled once; a rule that cannot be compiled any more is left out, and the log says so."""

    def __init__(self, rules: Iterable[Rule]):
        self.rules = tuple(rules)
        self.silences = tuple(rule for rule in self.rules if rule.kind == "silence")
        patterns = sieve([rule.text for rule in self.rules if rule.kind == "pattern"])
        self._finals = [(rule, test) for rule in self.rules if (test := _test(rule, patterns))]
        self._interims = [(rule, test) for rule, test in self._finals if rule.on_interims]

    @property
    def is_for_interims(self) -> bool:
        """Whether they matter here: to a rule, or because they end a silence."""
        return bool(self._interims or self.silences)

    def judge(self, said: Transcript, assistant_id: int) -> list[Finding]:
        """What fits these words, in the order of the rules. Costs some µs for each rule; never raises."""
        if not said.content:
            return []
        about, found = _Said(said), []
        for rule, test in self._finals if said.is_final else self._interims:
            if rule.speaker in (None, said.speaker) and rule.is_for(assistant_id) and (fits := test(about)):
                found.append(Finding(rule, None if fits is True else fits))
        return found


def _test(rule: Rule, patterns: Callable[[str], object]) -> _Test | None:
    if rule.kind == "phrase":
        return _phrase_test(rule.phrases)
    if rule.kind == "confidence":
        return lambda said: said.transcript.confidence is not None and said.transcript.confidence < rule.threshold
    if rule.kind == "pattern":
        try:
            find = compiled(rule.text)
        except Refused as refused:
            log.warning("alert rule %d is left out: %s", rule.id, refused.message)
            return None
        return lambda said: said.passes(patterns) and find(_encodable(said.transcript.content))
    return None


def _phrase_test(phrases: list[str]) -> _Test:
    wanted = sorted({folded(phrase) for phrase in phrases} - {" "})

    def find(said: _Said) -> list[Span]:
        text = said.folded
        found = [needle for needle in wanted if needle in text]
        return _spans(said.transcript.content, text, found) if found else []

    return find


def _spans(content: str, text: str, needles: list[str]) -> list[Span]:
    where, spans = places(content), []
    for needle in needles:
        at = text.find(needle)
        while at >= 0 and len(spans) < MOST_SPANS:
            spans.append(original(content, where, at + 1, at + len(needle) - 1))
            at = text.find(needle, at + 1)  # also one that begins within it
    return merged(spans)


def merged(spans: Iterable[Span]) -> list[Span]:
    """In order, and none over another."""
    result: list[Span] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def _encodable(text: str) -> str:
    """Half a surrogate pair has no UTF-8; nothing that is stored holds one, but nobody here shall fall over it."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
