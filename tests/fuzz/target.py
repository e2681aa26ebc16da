"""What is fuzzed: a function from bytes to what came of them, with the laws that must hold on the way."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple


class Target(NamedTuple):
    """`check` raises where a law is broken. Else it says in a word or two what came of the input: an input that brings
    something new is varied further."""

    seeds: Sequence[bytes]
    vary: Callable[[Random, Sequence[bytes]], bytes]
    check: Callable[[bytes], str]


def varied_by(*ways: Callable[[Random, bytes], bytes]) -> Callable[[Random, Sequence[bytes]], bytes]:
    """One of the known inputs, varied in one of these ways."""

    def vary(chance: Random, known: Sequence[bytes]) -> bytes:
        return chance.choice(ways)(chance, chance.choice(known))

    return vary
