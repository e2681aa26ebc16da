"""CSV for spreadsheets (RFC 4180): UTF-8 with a byte order mark, CRLF, and no cell that could run as a formula."""

import csv
import re
from collections.abc import Callable, Iterable, Sequence

from exports.plain import one_line

# A cell that begins so, in either width, is computed; what cannot be seen may stand before it. After a semicolon, too:
# where that parts the cells, a spreadsheet takes no notice of the quotes around the commas' ones.
_FORMULA = re.compile(r"(\A|;)(?=[\s\u00ad\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠﹢﹣﹦﹫])")


class _Echo:
    """A file that hands back what is written, as `writerow` then does."""

    @staticmethod
    def write(text: str) -> str:
        return text


row: Callable[[Iterable[object]], str] = csv.writer(_Echo(), quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerow


def first_row(columns: Sequence[str]) -> str:
    """The file's first line, behind what tells spreadsheets that it is UTF-8."""
    return "\ufeff" + row(columns)


def cell(text: str) -> str:
    """One line, with an apostrophe before whatever would make a formula of it."""
    return _FORMULA.sub(r"\1'", one_line(text))


def seconds(at: float | None) -> str:
    return "" if at is None else f"{at:.3f}"
