"""Regular expressions that cost no more than in proportion to the text, whoever wrote them (RE2)."""

from collections.abc import Callable

import re2

from events import Refused

# Instructions of the compiled program: an expression with `{1,100}` in `{1,10}` has thousands, and each character of
# the text may cost as many steps at the worst. With both bounds the worst known takes 30 ms, and nearly all take µs.
MOST_STEPS = 500
LOOKED_AT = 4096  # characters of a text: the longest turn seen is shorter
MOST_SPANS = 20  # of one text that are told: to highlight them, not to count them

Span = tuple[int, int]


def compiled(text: str) -> Callable[[str], list[Span]]:
    """A function that finds what the expression fits, as [start, end) in characters; capitals don't matter.

    Raises Refused where it is none, is too large, or fits every text."""
    try:
        expression = re2.compile(text, _options())
    except (re2.error, UnicodeError) as error:
        message = f"This is no expression that RE2 understands: {_reason(error)}."
        raise Refused("invalid_field", message, "text") from None
    if max(expression.programsize, expression.reverseprogramsize) > MOST_STEPS:
        raise Refused("invalid_field", "This is too large: use fewer or smaller repetitions.", "text")
    if expression.search(""):
        raise Refused("invalid_field", "This fits an empty text, so it would fit every text.", "text")

    def find(said: str) -> list[Span]:
        spans = []
        for match in expression.finditer(said[:LOOKED_AT]):
            if match.end() > match.start():
                spans.append(match.span())
                if len(spans) == MOST_SPANS:
                    break
        return spans

    return find


def sieve(texts: list[str]) -> Callable[[str], object]:
    """A function that is false for what none of these expressions fits, at the price of one of them."""
    try:
        return re2.compile("|".join(f"(?:{text})" for text in texts), _options()).search
    except re2.error:  # too large, all together
        return bool


def _options() -> re2.Options:
    options = re2.Options()
    options.case_sensitive, options.log_errors, options.never_capture = False, False, True
    return options


def _reason(error: Exception) -> str:
    told = error.args[0] if error.args else error
    return told.decode(errors="replace") if isinstance(told, bytes) else str(told)
