"""Redaction: what must not be stored or shown is taken out of a text, and a label such as `[CARD]` put there. Pure.

A text is looked at by itself, and hidden is whatever could be part of a number that goes on in the next one:

1. e-mail addresses, and national ids that have letters
2. runs of digits that hold a card number (13 to 19 digits, Luhn), then those that are a national id or a phone number
3. the organisation's own patterns
4. what is left of any run of 7 digits or more, and of 4 or more that touches either end of the text
"""

from redaction.own_patterns import MOST_PATTERNS, OwnPattern, PatternRefused, checked, checked_label
from redaction.redactor import BUILT_IN, KINDS, LABEL, Redactor

__all__ = [
    "BUILT_IN",
    "KINDS",
    "LABEL",
    "MOST_PATTERNS",
    "OwnPattern",
    "PatternRefused",
    "Redactor",
    "checked",
    "checked_label",
]
