"""A text without what must not be seen. The same text always gives the same, and what came out gives itself."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from events import Event, Transcript
from redaction import fillers
from redaction.digits import DIGIT, RUN, Run, Span, digits_in, runs, words_between
from redaction.national_ids import FEWEST_OF_ID, with_letters
from redaction.numbers import LONGEST_AT_AN_END, LONGEST_SHOWN, hidden, labelled
from redaction.own_patterns import Matcher, OwnPattern, sieve

BUILT_IN = ("CARD", "ID", "EMAIL", "PHONE", "NUMBER")
KINDS = ("email", "id", "phone")  # that an organisation may do without; cards and long numbers are always hidden
LABEL = re.compile(r"\[([A-Z][A-Z_-]{1,19})\]")
MOST_DIGITS = 1000  # in a text whose numbers are told apart: with more, which nobody says, every digit is hidden
ROUNDS = 8  # a label may be what a pattern waits for: `\b.` hides one character after the other

_SUSPECT = re.compile(rf"[@＠﹫]|{DIGIT}")
_LOCAL, _DOMAIN = r"[\w.%+'’-]", r"[\w-]++"
_EMAIL = re.compile(
    rf"(?<!{_LOCAL}){_LOCAL}++[@＠﹫](?:{_DOMAIN}(?:\.{_DOMAIN})*+)?+|[@＠﹫]{_DOMAIN}(?:\.{_DOMAIN})++"
)

Label = tuple[int, int, str]  # from, to (characters), which


class Redactor:
    """What one organisation wants hidden. Raises PatternRefused."""

    def __init__(self, kinds: Iterable[str] = KINDS, own: Sequence[OwnPattern] = ()):
        self._kinds = frozenset(kinds)
        self._own = [Matcher(pattern) for pattern in own]
        self._may_fit = sieve(own)
        self.labels = frozenset(BUILT_IN) | {matcher.label for matcher in self._own}

    def text(self, text: str) -> str:
        """`My card is [CARD]`."""
        if _SUSPECT.search(text) is None and not (self._own and self._may_fit(text)):
            return text
        for _ in range(ROUNDS):
            clean = self._once(text)
            if clean == text:
                return text
            text = clean
        return self._own[-1].label.join("[]") if self._own else "[NUMBER]"

    def counts(self, text: str) -> dict[str, int]:
        """How often each label stands in a text that came out."""
        return Counter(label for label in LABEL.findall(text) if label in self.labels) if "[" in text else {}

    def events(self, events: list[Event]) -> tuple[list[Event], dict[Transcript, dict[str, int]]]:
        """The events with their words redacted, and how often which label stands in those finals that have any."""
        clean, labels = [], {}
        for event in events:
            if isinstance(event, Transcript):
                words = self.text(event.content)
                if words != event.content:
                    event = msgspec.structs.replace(event, content=words)
                if event.is_final and (counts := self.counts(words)):
                    labels[event] = counts
            clean.append(event)
        return clean, labels

    def _once(self, text: str) -> str:
        found: list[Run] = []
        if _SUSPECT.search(text) is not None:
            if "email" in self._kinds:
                text = _replaced(text, [(*mail.span(), "EMAIL") for mail in _EMAIL.finditer(text)])
            many = digits_in(text)
            if many > MOST_DIGITS:
                text, many = RUN.sub("[NUMBER]", text), 0
            if many >= FEWEST_OF_ID and "id" in self._kinds:
                text = _replaced(text, [(*span, "ID") for span in with_letters(text)])
            if many > LONGEST_AT_AN_END:
                found = runs(text)
            if many > LONGEST_SHOWN and (labels := self._number_labels(text, found)):
                text = _replaced(text, labels)
                found = runs(text)
        labels = _merged(self._own_labels(text), _hidden_labels(text, found))
        return _replaced(text, [it for it in labels if it[2] != "NUMBER" or digits_in(text[it[0] : it[1]])])

    def _number_labels(self, text: str, found: list[Run]) -> list[Label]:
        labels = fillers.cards(text, found)
        taken = [(start, end) for start, end, _ in labels]
        for run in found:
            if len(run) > LONGEST_SHOWN and not any(start <= run.at[0] < end for start, end in taken):
                labels += [(*run.place(first, end), label) for first, end, label in labelled(run, self._kinds)]
        return sorted(labels)

    def _own_labels(self, text: str) -> list[Label]:
        if not self._own or not self._may_fit(text):
            return []
        there = [found.span() for found in LABEL.finditer(text) if found[1] in self.labels]
        found: list[Label] = []
        for matcher in self._own:
            found = _merged(found, [(*span, matcher.label) for span in self._beyond(text, matcher.spans(text), there)])
        return found

    def _beyond(self, text: str, spans: list[Span], there: list[Span]) -> Iterator[Span]:
        """A label that is there already stays, unless there is more in what a pattern fits; then all of it goes."""
        n = 0
        for start, end in spans:
            while n < len(there) and there[n][1] <= start:
                n += 1
            last = n
            while last < len(there) and there[last][0] < end:
                start, end = min(start, there[last][0]), max(end, there[last][1])
                last += 1
            if last == n or LABEL.sub(self._unless_ours, text[start:end]).strip():
                yield start, end

    def _unless_ours(self, found: re.Match) -> str:
        return "" if found[1] in self.labels else found[0]


def _hidden_labels(text: str, found: list[Run]) -> list[Label]:
    if not found:
        return []
    ends = words_between(text)
    return [(*run.place(*span), "NUMBER") for run in found for span in hidden(run, *ends)]


def _merged(first: list[Label], second: list[Label]) -> list[Label]:
    """In order and apart: of the second, which is in order, what the first leaves of it."""
    if not first or not second:
        return first or second
    merged, n = [*first], 0
    for start, end, label in second:
        while n < len(first) and first[n][1] <= start:
            n += 1
        last = n
        while last < len(first) and first[last][0] < end:
            if start < first[last][0]:
                merged.append((start, first[last][0], label))
            start = max(start, first[last][1])
            last += 1
        if start < end:
            merged.append((start, end, label))
    return sorted(merged)


def _replaced(text: str, labels: Sequence[Label]) -> str:
    if not labels:
        return text
    pieces, at = [], 0
    for start, end, label in labels:
        pieces += (text[at:start], f"[{label}]")
        at = end
    return "".join(pieces) + text[at:]
