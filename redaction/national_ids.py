"""National ids that can be told by their form or their check digits, each as its authority gives them out. Pure.

United States: Social Security number. United Kingdom: National Insurance number. Spain: DNI and NIE. Italy: codice
fiscale. Brazil: CPF. India: Aadhaar.
"""

import re
from collections.abc import Iterator, Sequence

FEWEST_OF_ID = 6  # digits, beside its letters

_APART = r"(?<![^\W_])"  # no letter or digit before …
_ENDS = r"(?![^\W_])"  # … nor after
_GAP = r"[\s.-]?+"
_NINO = rf"[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]{_GAP}\d\d{_GAP}\d\d{_GAP}\d\d{_GAP}[A-D]"
_DNI = rf"(?:[XYZ]{_GAP}\d{{7}}|\d{{8}}|\d\d\.\d{{3}}\.\d{{3}}){_GAP}[A-Z]"
_FISCAL = r"[A-Z]{3} ?[A-Z]{3} ?\d\d[A-EHLMPRST]\d\d ?[A-Z]\d{3}[A-Z]"
_LETTERED = re.compile(rf"{_APART}(?:(?P<nino>{_NINO})|(?P<dni>{_DNI})|(?P<fiscal>{_FISCAL})){_ENDS}", re.IGNORECASE)
_NO_NINO = ("BG", "GB", "NK", "KN", "TN", "NT", "ZZ")
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_FISCAL_ODD = dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21), strict=True)) | dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)


def with_letters(text: str) -> Iterator[tuple[int, int]]:
    """Where ids stand that have letters in them."""
    for found in _LETTERED.finditer(text):
        plain = re.sub(r"[\s.-]", "", found[0]).upper()
        if plain.isascii() and _CHECKS[found.lastgroup](plain):
            yield found.span()


def is_national_id(digits: Sequence[int], sizes: tuple[int, ...]) -> bool:
    """Whether these digits, in groups of these sizes, are an id that has no letters."""
    if sizes == (3, 2, 4):
        area, group, serial = _number(digits[:3]), _number(digits[3:5]), _number(digits[5:])
        return area not in (0, 666) and area < 900 and group > 0 and serial > 0
    if sizes in ((3, 3, 3, 2), (9, 2), (11,)):
        return _is_cpf(digits)
    return sizes == (4, 4, 4) and digits[0] > 1 and _is_verhoeff(digits)


def _number(digits: Sequence[int]) -> int:
    return int("".join(map(str, digits)))


def _is_nino(text: str) -> bool:
    return not text.startswith(_NO_NINO)


def _is_dni(text: str) -> bool:
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return _DNI_LETTERS[int(number) % 23] == text[-1]


def _is_fiscal(text: str) -> bool:
    total = sum(_FISCAL_ODD[sign] for sign in text[:-1:2])
    total += sum(int(sign, 36) - (0 if sign.isdigit() else 10) for sign in text[1:-1:2])
    return chr(ord("A") + total % 26) == text[-1]


def _is_cpf(digits: Sequence[int]) -> bool:
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum(digit * (length + 1 - n) for n, digit in enumerate(digits[:length]))
        if digits[length] != total * 10 % 11 % 10:
            return False
    return True


def _is_verhoeff(digits: Sequence[int]) -> bool:
    check = 0
    for n, digit in enumerate(reversed(digits)):
        check = _product(check, _turned(digit, n % 8))
    return check == 0


def _product(a: int, b: int) -> int:
    """Of the dihedral group of order 10: five turns, and five with a flip."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b) % 5
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def _turned(digit: int, times: int) -> int:
    for _ in range(times):
        digit = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)[digit]
    return digit


_CHECKS = {"nino": _is_nino, "dni": _is_dni, "fiscal": _is_fiscal}
