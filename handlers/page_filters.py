"""How templates write times and durations: as the scripts do, so that a page stays as it is when it comes alive."""

from collections.abc import Sequence
from datetime import UTC, datetime

from markupsafe import Markup, escape

from events import SECOND, rfc3339
from redaction import LABEL

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 86_400


def clock(at: int) -> str:
    """Wall-clock time of day, UTC; scripts make it local."""
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%H:%M:%S")


def date_time(at: int) -> str:
    """`2026-01-19 12:00 UTC`; scripts make it local."""
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")


def ago(at: int, now: int) -> str:
    """`3 s ago`, `4 min ago`, `2 h ago`, `5 days ago`."""
    seconds = max(0, now - at) // SECOND
    if seconds < HOUR_S:
        return f"{seconds} s ago" if seconds < MINUTE_S else f"{seconds // MINUTE_S} min ago"
    days = seconds // DAY_S
    return f"{days} day{'s' if days > 1 else ''} ago" if days else f"{seconds // HOUR_S} h ago"


def mmss(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def duration(seconds: int) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"


def tenths(seconds: float) -> str:
    """`8.4 s`"""
    return f"{round(seconds * 10) / 10:.1f} s"


def chips(text: str, *, whole: bool = False) -> Markup:
    """The text as text, with redaction's labels set apart, as chips.js does it; `whole`: as one box."""
    if "[" not in text:
        return escape(text)
    shown, at = Markup(), 0
    for label in LABEL.finditer(text):
        shown += escape(text[at : label.start()]) + Markup('<span class="chip">{}</span>').format(label[0])
        at = label.end()
    shown += escape(text[at:])
    return Markup("<span>{}</span>").format(shown) if whole and at else shown


def marked(text: str, spans: Sequence[tuple[int, int]]) -> Markup:
    """`chips`, with what the spans (in order, apart) cut out of the text marked, as alert_words.js does it."""
    if not spans:
        return chips(text)
    shown, at = Markup(), 0
    for start, end in spans:
        shown += chips(text[at:start]) + Markup("<mark>{}</mark>").format(chips(text[start:end]))
        at = end
    return shown + chips(text[at:])


FILTERS = {
    "ago": ago,
    "chips": chips,
    "clock": clock,
    "date_time": date_time,
    "duration": duration,
    "marked": marked,
    "mmss": mmss,
    "rfc3339": rfc3339,
    "tenths": tenths,
}
