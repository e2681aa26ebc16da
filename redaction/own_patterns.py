"""An organisation's own patterns: RE2's, whose time grows with the text only, whatever the pattern. Pure.

What costs more than a text is worth is refused when the pattern is set, so that whoever sets one cannot hold up others.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import re2

MOST_PATTERNS = 20  # of an organisation: each is held against every text
LONGEST_PATTERN = 200  # characters
PROGRAM_SIZE = 500  # of RE2's steps: each may be taken for each character, where a pattern has very many states
MOST_MATCHES = 100  # in one text. Each may have looked at the rest of it: beyond, all of it is hidden
_MEMORY_BYTES = 1 << 20  # that RE2 may use for one pattern and its states
_LABEL = re.compile(r"[A-Z][A-Z_-]{1,19}\Z")


class OwnPattern(NamedTuple):
    label: str  # without brackets
    pattern: str


class PatternRefused(ValueError):
    """This cannot be a pattern; the message is for people."""


class Matcher:
    """One pattern, ready. Raises PatternRefused."""

    def __init__(self, own: OwnPattern):
        self.label = own.label
        if not own.pattern:
            raise PatternRefused("A pattern is needed.")
        if len(own.pattern) > LONGEST_PATTERN:
            raise PatternRefused(f"At most {LONGEST_PATTERN} characters, and this is {len(own.pattern)}.")
        try:
            self._pattern = re2.compile(own.pattern, _options())
        except (re2.error, UnicodeError) as error:
            raise PatternRefused(_explained(error)) from None
        if self._pattern.programsize > PROGRAM_SIZE:
            raise PatternRefused("This is too large: use smaller numbers in {…}, or fewer classes such as \\pL.")
        if any(match.start() == match.end() for text in ("", "a b") for match in self._pattern.finditer(text)):
            raise PatternRefused("This fits where there is nothing: at least one character must be needed.")

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where it fits, in order; the whole text where that is more than MOST_MATCHES times."""
        found = []
        for match in self._pattern.finditer(text.encode(errors="replace").decode()):  # as long, without surrogates
            if match.end() > match.start():
                found.append(match.span())
            if len(found) > MOST_MATCHES:
                return [(0, len(text))]
        return found


def sieve(own: Sequence[OwnPattern]) -> Callable[[str], bool]:
    """Whether any of these may fit a text, at the price of one of them."""
    try:
        found = re2.compile("|".join(f"(?:{it.pattern})" for it in own), _options()).search
    except re2.error:  # too large, all together
        return lambda text: True
    return lambda text: found(text.encode(errors="replace")) is not None


def checked(own: OwnPattern) -> OwnPattern:
    """The same, if it can be used. Raises PatternRefused."""
    Matcher(own)
    return own


def checked_label(text: str, taken: frozenset[str]) -> str:
    """A label as it is shown, without brackets: `ORDER`. Raises PatternRefused, for one of `taken` too."""
    label = text.strip().strip("[]").upper()
    if not _LABEL.match(label):
        raise PatternRefused("2 to 20 of the letters A to Z, with - or _ between them.")
    if label in taken:
        raise PatternRefused(f"[{label}] is what Callboard itself hides: choose another label.")
    return label


def _options() -> re2.Options:
    options = re2.Options()
    options.case_sensitive, options.log_errors, options.never_capture = False, False, True
    options.max_mem = _MEMORY_BYTES
    return options


def _explained(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    words = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
    if "too large" in words or "repetition size" in words:
        return "This is too large: use smaller numbers in {…}, or fewer classes such as \\pL."
    return f"RE2 cannot read this: {words}."
