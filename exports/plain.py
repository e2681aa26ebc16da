"""What is said, and names, as one line of plain text that cannot pass for more than that."""

from typing import Protocol

from events import Call, rfc3339

_SPACES = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"  # whatever a reader may take for the end of a line
_REORDERING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # what stands around them, too
_CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in _SPACES]
_PLAIN = str.maketrans(dict.fromkeys(_CONTROLS, "\ufffd") | dict.fromkeys(_SPACES, " ") | dict.fromkeys(_REORDERING))
LAST_S = 359_999.999  # 99:59:59.999, the last time that every reader of subtitles knows


class Note(Protocol):
    """What a supervisor wrote to a call."""

    author: str
    segment_id: str | None
    at_seconds: float | None  # from the answer
    text: str  # "": a mark
    created_at: int  # µs


def one_line(text: str) -> str:
    """The text without line ends (blanks instead), control characters (U+FFFD) and explicit directions, trimmed."""
    return (text if text.isprintable() else text.translate(_PLAIN)).strip()


def name_of(call: Call, speaker: str) -> str:
    """Who that is, as on the call's page."""
    return "Customer" if speaker == "user" else one_line(call.assistant_name) or "Assistant"


def clock(seconds: float) -> str:
    """`0:05`, `61:01` as `1:01:01`."""
    minutes, second = divmod(int(min(max(seconds, 0.0), LAST_S)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def note_line(note: Note) -> str:
    """`Note by ada@example.com: Check it.`, `Mark by ada@example.com`."""
    author, text = one_line(note.author), one_line(note.text)
    return f"Note by {author}: {text}" if text else f"Mark by {author}"


def about(call: Call, now: int) -> list[tuple[str, str]]:
    """The call in names and values, each one line; what is unknown is left out."""
    lasted = call.seconds(now)
    over = f", {one_line(call.end_reason).replace('-', ' ').replace('_', ' ')}" if call.end_reason else ""
    told = [
        ("Call", call.call_sid),
        ("Assistant", one_line(call.assistant_name)),
        ("Customer", one_line(call.customer_number or "")),
        ("Our number", one_line(call.platform_number or "")),
        ("Direction", call.direction or ""),
        ("Started", date_time(call.started_at)),
        ("Duration", "" if lasted is None else clock(lasted) + ("" if call.is_over else " so far")),
        ("Status", call.status + over),
        ("Exported", date_time(now)),
    ]
    return [(name, value) for name, value in told if value]


def date_time(at: int | None) -> str:
    """`2026-01-19 12:00:05 UTC`; "" where unknown."""
    written = rfc3339(at)
    return "" if written is None else written[:19].replace("T", " ") + " UTC"
