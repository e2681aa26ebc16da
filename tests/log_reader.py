"""Reads whatever the server writes down during a test: no secret at any level, no word of a call above DEBUG.

Secrets are known by their shape, or because the suite's clients told (`is_secret`) before they sent them; words of a
call because `is_spoken` was told of them.
"""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

OURS = (  # read down to DEBUG; everyone else's from WARNING on
    *("callboard", "handlers", "models", "hub", "sources", "pipeline", "commands", "settings", "server", "tornado"),
)
NOT_READ = {"websockets", "playwright"}  # the tests' own clients, which log what they themselves send
SHORTEST_SECRET = 8  # characters; as a password's
SHORTEST_SPOKEN = 12  # less may be anybody's words
_WORD = "A-Za-z0-9_-"
SHAPES = {
    "an API key": re.compile(r"cb_[A-Za-z0-9]{8}_[A-Za-z0-9]{8,}"),
    "a ticket": re.compile(r"tk_[A-Za-z0-9]{16,}"),
    "a session's cookie": re.compile(r"callboard_session=[^\s;]"),
    "a session's token": re.compile(
        rf"(?<![{_WORD}])(?=[{_WORD}]*[A-Z])(?=[{_WORD}]*[a-z])(?=[{_WORD}]*[0-9])[{_WORD}]{{43}}(?![{_WORD}])"
    ),
    "a generated password": re.compile(r"\b(?=[0-9]*[a-f])[0-9a-f]{18}\b"),
}
SET_UP_CODE = {"the set-up code": re.compile(r"\b[A-HJKMNP-Z2-9]{4}-[A-HJKMNP-Z2-9]{4}\b")}
ALWAYS_SECRET = frozenset({"correct horse"})  # the password in `House.furnish`

_secrets: set[str] = set()
_spoken: set[str] = set()


def is_secret(*texts: str | None) -> None:
    """Whoever logs one of these in this test has told a secret."""
    _secrets.update(text for text in texts if text and len(text) >= SHORTEST_SECRET)


def is_spoken(text: object) -> None:
    """Words of a call: no log above DEBUG has them."""
    if isinstance(text, str) and len(text) >= SHORTEST_SPOKEN:
        _spoken.add(text)


def secrets_in(text: str, *, shapes: dict[str, re.Pattern[str]] = SHAPES | SET_UP_CODE) -> list[str]:
    """What a reader of this text learns, each as `an API key: …`."""
    by_shape = [f"{name}: {found[0]}" for name, shape in shapes.items() if (found := shape.search(text))]
    return by_shape + [f"a secret: {secret}" for secret in sorted(_secrets | ALWAYS_SECRET) if secret in text]


class LogReader(logging.Handler):
    """Keeps every record as a log file would show it, with its traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
        self._lines: list[tuple[int, str]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.partition(".")[0] not in NOT_READ:
            self._lines.append((record.levelno, self.format(record)))

    def findings(self) -> list[str]:
        """What should not have been logged, each with its place."""
        told = secrets_in("\n".join(text for _, text in self._lines))
        loud = "\n".join(text for level, text in self._lines if level > logging.DEBUG)
        if loud:
            told += [f"words of a call: {words}" for words in sorted(_spoken) if words in loud]
        return told + [text for _, text in self._lines if told and secrets_in(text)]


@contextmanager
def reading() -> Iterator[LogReader]:
    """A reader of all that is logged in the block; what was told of secrets and words before it is forgotten."""
    _secrets.clear()
    _spoken.clear()
    reader, root = LogReader(), logging.getLogger()
    for name in OURS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    root.addHandler(reader)
    try:
        yield reader
    finally:
        root.removeHandler(reader)
