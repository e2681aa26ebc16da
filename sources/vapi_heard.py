"""What was heard live of one speaker, to be asked what of it a reported turn may be. Bounded work for any input."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice

from events import SECOND
from sources.vapi_artifact import Message
from sources.vapi_speech import Said

PIECES = 32  # finals that one turn may have come in, or turns that one final may hold
TRIED = 16  # finals that begin with a turn's first word
Reach = tuple[int, int]
NEAR: Reach = (-5 * SECOND, 10 * SECOND)  # when the transcript of a turn is made, from its begin and from its end, µs
FAR: Reach = (-60 * SECOND, 60 * SECOND)  # the same where the words agree


class Heard:
    """Its finals with words, in the order in which they were made. Those are explained of which it is known what in the
    report they are: each is of one turn only."""

    def __init__(self, said: Iterable[Said]):
        self.said = sorted((one for one in said if one.marks), key=lambda one: one.at or 0)
        self._left = dict.fromkeys(range(len(self.said)))  # not explained
        self._words = [_words(one.marks) for one in self.said]
        self._begins: dict[bytes, list[int]] = {}
        for n, one in enumerate(self.said):
            self._begins.setdefault(one.marks[:2], []).append(n)

    def explain(self, numbers: Iterable[int]) -> None:
        for n in numbers:
            self._left.pop(n, None)

    def run(self, message: Message, words: bytes, reach: Reach) -> range | None:
        """Finals that follow each other and are this turn, word for word."""
        for first in self._beginning(message, words, reach):
            at, n = 0, first
            while n < first + PIECES and n in self._left and words.startswith(self.said[n].marks, at):
                at, n = at + len(self.said[n].marks), n + 1
            if at == len(words):
                return range(first, n)
        return None

    def holder(self, turns: list[tuple[Message, bytes]], reach: Reach) -> tuple[int, int] | None:
        """A final that is the first so many of these turns, word for word, and how many."""
        for n in self._beginning(*turns[0], reach):
            whole, at = self.said[n].marks, 0
            for count, (_, words) in enumerate(turns, 1):
                if not whole.startswith(words, at):
                    break
                at += len(words)
                if at == len(whole):
                    return n, count
        return None

    def unexplained(self, message: Message, words: bytes, reach: Reach) -> Iterator[int]:
        """What may be of this turn, by its time and at least one of these words."""
        wanted = _words(words)
        for n in self._left:
            if not wanted.isdisjoint(self._words[n]) and _is_within(reach, message, self.said[n]):
                yield n

    def may_have(self, message: Message, words: bytes) -> bool:
        """Whether it is unsure that this turn was not heard: near it any word of it, farther away half of them."""
        if not self._left:
            return False
        if next(self.unexplained(message, words, NEAR), None) is not None:
            return True
        wanted = _words(words)
        far = {mark for n in self.unexplained(message, words, FAR) for mark in self._words[n] & wanted}
        return 2 * len(far) >= len(wanted)

    def _beginning(self, message: Message, words: bytes, reach: Reach) -> Iterator[int]:
        """What begins with the turn's first word, and may be of it by its time; the first few that are left."""
        numbers = self._begins.get(words[:2], [])
        first, last = 0, len(numbers)
        if message.begun_at is not None and numbers and self.said[numbers[0]].at is not None:
            ended_at = message.ended_at or message.begun_at
            first = bisect_left(numbers, message.begun_at + reach[0], key=lambda n: self.said[n].at or 0)
            last = bisect_right(numbers, ended_at + reach[1], key=lambda n: self.said[n].at or 0)
        here = (numbers[at] for at in range(first, last))
        return islice((n for n in here if n in self._left and _is_within(reach, message, self.said[n])), TRIED)


def _is_within(reach: Reach, message: Message, said: Said) -> bool:
    """Whether what was heard may be of this turn by its time; True where that is unknown."""
    if said.at is None or message.begun_at is None:
        return True
    return message.begun_at + reach[0] <= said.at <= (message.ended_at or message.begun_at) + reach[1]


def _words(marks: bytes) -> frozenset[bytes]:
    return frozenset(marks[at : at + 2] for at in range(0, len(marks), 2))
