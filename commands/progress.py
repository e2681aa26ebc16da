"""How far a long command is: a bar with an estimate on a terminal, a plain line every few seconds elsewhere.

It goes to standard error, because the last line of standard output is for scripts. Ctrl-C and SIGTERM end the block by
KeyboardInterrupt, so that whatever was begun is undone.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TextIO

PATIENCE_S = 1.0  # what takes no longer shows nothing
TERMINAL_S, PLAIN_S = 0.2, 5.0  # between two looks, between two lines
BAR = 24  # signs
ESTIMATED_FROM_S = 3.0  # before it an estimate is a guess
CLEAR = "\r\x1b[K"


class Progress:
    """`with Progress("Backing up") as progress: …; progress.reach(done, total)`; a total of 0 is not known."""

    def __init__(
        self,
        what: str,
        *,
        is_quiet: bool = False,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._what, self._out, self._clock = what, out or sys.stderr, clock
        self._is_terminal, self._is_quiet = self._out.isatty(), is_quiet
        self._began = self._shown_at = 0.0
        self._is_shown = False
        self._handlers: dict[int, object] = {}

    def __enter__(self) -> "Progress":
        self._began = self._clock()
        self._shown_at = self._began + PATIENCE_S - (TERMINAL_S if self._is_terminal else PLAIN_S)
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._handlers[number] = signal.signal(number, _interrupt)
        return self

    def __exit__(self, *_) -> None:
        for number, before in self._handlers.items():
            signal.signal(number, before)
        if self._is_shown and self._is_terminal:
            self._out.write(CLEAR)
            self._out.flush()

    def note(self, text: str) -> None:
        """A line of its own, which stays."""
        print(CLEAR * (self._is_shown and self._is_terminal) + text, file=self._out, flush=True)

    def reach(self, done: float, total: float = 0) -> None:
        """So much is done, in whatever unit."""
        now = self._clock()
        if self._is_quiet or now - self._shown_at < (TERMINAL_S if self._is_terminal else PLAIN_S):
            return
        self._shown_at, self._is_shown = now, True
        text = f"{self._what}: {_words(done, total, now - self._began)}"
        if self._is_terminal:
            text = CLEAR + (f"{_bar(done / total)} {text}" if total else text)
        self._out.write(text if self._is_terminal else text + "\n")
        self._out.flush()


def _words(done: float, total: float, took: float) -> str:
    if not total:
        return f"{_seconds(took)} so far"
    share = min(1.0, done / total)
    left = f", about {_seconds(took / share - took)} left" if share and took >= ESTIMATED_FROM_S else ""
    return f"{share:.0%}{left}"


def _seconds(seconds: float) -> str:
    """`45 s`, `12 min`, `3 h 20 min`."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _bar(share: float) -> str:
    full = round(min(1.0, share) * BAR)
    return f"[{'#' * full}{'.' * (BAR - full)}]"


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def add_quiet(command) -> None:
    """`--quiet`, of a command that shows its progress."""
    command.add_argument("--quiet", action="store_true", help="say nothing of how far it is")
