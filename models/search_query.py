"""What someone looks for, as typed: words, which must all be there, "words side by side" and beginnings*.

Every text is a question or is refused with words; none is an error of the database. Compared is as alert phrases are:
without capitals, accents and punctuation (rules/folding.py), on both kinds of database alike.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

from events import Refused
from rules.book import merged
from rules.folding import folded, original, places
from rules.pattern import LOOKED_AT, MOST_SPANS, Span

MOST_CHARS = 200
MOST_TERMS = 32
LONGEST_TERM = 64  # letters of a word that the index has; nobody types so many
SHORTEST_BEGINNING = 3  # letters before a `*`: with fewer nearly everything fits

_QUOTES = str.maketrans(dict.fromkeys("“”„‟«»", '"'))
_PART = re.compile(r'"([^"]*)"?|([^\s"]+)')


class Phrase(NamedTuple):
    """Words that stand side by side; of the last one only the beginning where `is_beginning`."""

    terms: tuple[str, ...]
    is_beginning: bool = False

    @property
    def needle(self) -> str:
        """Its place in a folded text."""
        return f" {' '.join(self.terms)}{'' if self.is_beginning else ' '}"


class Query(NamedTuple):
    phrases: tuple[Phrase, ...]  # all must fit the same segment

    @property
    def side_by_side(self) -> Phrase | None:
        """All of it as one phrase; None where it is one already."""
        if len(self.phrases) < 2 or any(phrase.is_beginning for phrase in self.phrases[:-1]):
            return None
        return Phrase(tuple(t for phrase in self.phrases for t in phrase.terms), self.phrases[-1].is_beginning)

    def hits(self, content: str) -> int:
        """How often something of it stands in a text's beginning."""
        text = folded(content[:LOOKED_AT])
        return sum(text.count(phrase.needle) for phrase in self.phrases)

    def marks(self, content: str) -> list[Span]:
        """What fits of a text, as [start, end) in characters; the first few."""
        text, spans = folded(content), []
        for phrase in dict.fromkeys(self.phrases):
            at, needle = text.find(phrase.needle), phrase.needle
            while at >= 0 and len(spans) < MOST_SPANS:
                end = text.index(" ", at + len(needle) - 1)  # of the word whose beginning it may be
                spans.append((at + 1, end))
                at = text.find(needle, end)
        where = places(content, max((end for _, end in spans), default=0))  # the slow part: no further than it takes
        return merged([original(content, where, *span) for span in spans])


def parse(text: str) -> Query:
    """The question in what was typed. Raises Refused, about `q`."""
    if len(text) > MOST_CHARS:
        raise _refused(f"At most {MOST_CHARS} characters can be searched for, and this is {len(text)}.")
    phrases = tuple(_phrases(text.translate(_QUOTES)))
    if not phrases:
        raise _refused("Type a word to search for: there is none in this.")
    terms = [term for phrase in phrases for term in phrase.terms]
    if len(terms) > MOST_TERMS:
        raise _refused(f"At most {MOST_TERMS} words can be searched for, and this is {len(terms)}.")
    if any(len(term) >= LONGEST_TERM for term in terms):
        raise _refused(f"A word that is searched for has fewer than {LONGEST_TERM} letters.")
    return Query(phrases)


def _phrases(text: str) -> Iterable[Phrase]:
    for quoted, word in _PART.findall(text):
        terms = tuple(folded(quoted or word).split())
        if not terms:
            continue
        is_beginning = word.endswith("*")
        if is_beginning and len(terms[-1]) < SHORTEST_BEGINNING and terms[-1].isascii():
            raise _refused(f"Before a * there must be at least {SHORTEST_BEGINNING} letters of a word.")
        yield Phrase(terms, is_beginning)


def _refused(message: str) -> Refused:
    return Refused("invalid_query", message, "q")


def for_sqlite(organization_id: int, phrases: Iterable[Phrase]) -> str:
    """An FTS5 expression: what the organisation has of it. Terms are letters and digits only, so nothing is special."""
    words = [f'"{" ".join(phrase.terms)}"{" *" if phrase.is_beginning else ""}' for phrase in phrases]
    return " AND ".join([f'"{organization_term(organization_id)}"', *words])


def for_postgresql(organization_id: int, phrases: Iterable[Phrase]) -> str:
    """The same as a tsquery."""
    words = []
    for phrase in phrases:
        side_by_side = " <-> ".join(f"'{term}'" for term in phrase.terms)
        words.append(f"({side_by_side}{':*' if phrase.is_beginning else ''})")
    return " & ".join([f"'{organization_term(organization_id)}'", *words])


def organization_term(organization_id: int) -> str:
    """What the index has before each text, and no text can have: it leads past everything of others."""
    return f"={organization_id}"
