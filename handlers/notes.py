"""What a page says once: how the form went that led to it, and a secret that nothing shows again."""

from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from events import SECOND

KEPT_US = 120 * SECOND  # from the form's answer to the page it sends the browser to: a moment; this is for slow lines
MAX_NOTES = 1000


class Note(NamedTuple):
    words: str
    secret: str = ""
    secret_name: str = ""  # "password", "key"
    example: str = ""  # a command that uses it
    link: str = ""
    link_words: str = ""


class Notes:
    """One note for each session, in this process's memory only: a secret is never written down to be handed on."""

    def __init__(self, clock: Callable[[], int]):
        self._clock = clock
        self._notes: OrderedDict[tuple, tuple[int, Note]] = OrderedDict()

    def leave(self, right: tuple, note: Note) -> None:
        self._notes[right] = (self._clock() + KEPT_US, note)
        self._notes.move_to_end(right)
        if len(self._notes) > MAX_NOTES:
            self._notes.popitem(last=False)

    def take(self, right: tuple) -> Note | None:
        """The note, for the first who asks; None where there is none or it is too old."""
        until, note = self._notes.pop(right, (0, None))
        return note if until > self._clock() else None
