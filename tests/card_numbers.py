"""Card numbers as a reader finds them in a text, told apart from redaction's own way of finding them."""

import re
import unicodedata

SEPARATORS = (" ", "-", ".", "/", ",", "(", ")", "\u00a0", "\u200b", "\u2060", "\ufeff", "–", "\n")
_BETWEEN = "".join(map(re.escape, SEPARATORS)) + r"\s:;*_|+\u0301\ufe0f\u20e3\u200c\u200d"
_RUN = re.compile(rf"\d(?:[{_BETWEEN}]*\d)*")
CARDS = (  # the networks' own test numbers
    *("4111111111111111", "4012888888881881", "4222222222222", "5555555555554444", "5105105105105100"),
    *("2223003122003222", "378282246310005", "371449635398431", "6011111111111117", "3530111333300000"),
    *("30569309025904", "38520000023237", "6759649826438453", "6304000000000000000"[:12] + "0000000"),
)


def luhn(digits: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(digit // 10 + digit % 10 for digit in doubled) % 10 == 0


def luhn_numbers(text: str) -> list[str]:
    """Every 13 to 19 digits in a row that pass the check, with whatever may stand between the digits of a number."""
    found = []
    for run in _RUN.finditer(text):
        digits = "".join(str(unicodedata.decimal(sign)) for sign in run[0] if sign.isdecimal())
        for length in range(13, 20):
            found += [
                digits[at : at + length] for at in range(len(digits) - length + 1) if luhn(digits[at : at + length])
            ]
    return found
