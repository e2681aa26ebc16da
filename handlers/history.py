"""The log of a call as frames to send, a page at a time; whole pages are kept for the next who asks for them."""

from collections import OrderedDict
from threading import Lock
from typing import Any, NamedTuple

import msgspec

from events import Entry, entry_message
from handlers.deflate import deflated
from handlers.frames import frame
from hub.viewer import MAX_UNSENT_BYTES
from models import entries
from models.entries import PAGE

KEPT_BYTES = 32 << 20  # some 80,000 entries: what viewers ask for who all come back at once


class Page(msgspec.Struct, frozen=True, gc=False):
    frames: bytes
    count: int
    last_seq: int
    is_last: bool  # there were no more when it was read


class _How(NamedTuple):
    """What a page depends on, besides where it begins."""

    call_id: int
    call_sid: str
    replayed: bool
    window_bits: int


class History:
    """Made in the readers' threads, compression included. A page that is full never changes, because the log only
    grows; that its last entry is still the one that it was made with is asked of the database each time."""

    def __init__(self, kept_bytes: int = KEPT_BYTES):
        self._kept_bytes = kept_bytes
        self._pages: OrderedDict[tuple[int, _How], tuple[Page, tuple[int, int]]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def page(self, db: Any, call_id: int, call_sid: str, cursor: int, replayed: bool, window_bits: int) -> Page:
        """The next entries after the cursor, up to a multiple of PAGE, or fewer where they are more than a viewer may
        have unsent; compressed where `window_bits` were agreed. Several pages at once where they are kept."""
        how = _How(call_id, call_sid, replayed, window_bits)
        page = self._kept(db, cursor, how) or self._read(db, cursor, how)
        pages, size = [page], len(page.frames)
        while (page := self._kept(db, page.last_seq, how)) and (size := size + len(page.frames)) <= MAX_UNSENT_BYTES:
            pages.append(page)
        if len(pages) == 1:
            return pages[0]
        count = sum(page.count for page in pages)
        return Page(b"".join([page.frames for page in pages]), count, pages[-1].last_seq, is_last=False)

    def _kept(self, db: Any, cursor: int, how: _How) -> Page | None:
        """The full page after the cursor, if it is kept and still what the database has."""
        key = cursor, how
        page, mark = self._pages.get(key, (None, None))
        if page is None or entries.mark(db, how.call_id, page.last_seq) != mark:
            return None
        with self._lock:
            if key in self._pages:
                self._pages.move_to_end(key)
        return page

    def _read(self, db: Any, cursor: int, how: _How) -> Page:
        limit = PAGE - cursor % PAGE
        found = entries.after(db, how.call_id, cursor, limit)
        page = _page(found, limit, cursor, how)
        if page.count == PAGE:
            self._keep((cursor, how), page, (found[-1].id, found[-1].stored_at))
        return page

    def call_ids(self) -> set[int]:
        with self._lock:
            return {how.call_id for _, how in self._pages}

    def forget(self, call_ids: set[int]) -> None:
        """These calls were deleted."""
        with self._lock:
            for key in [key for key in self._pages if key[1].call_id in call_ids]:
                self._bytes -= len(self._pages.pop(key)[0].frames)

    def _keep(self, key: tuple[int, _How], page: Page, mark: tuple[int, int]) -> None:
        with self._lock:
            if (old := self._pages.pop(key, None)) is not None:
                self._bytes -= len(old[0].frames)
            self._pages[key] = page, mark
            self._bytes += len(page.frames)
            while self._bytes > self._kept_bytes:
                _, (oldest, _) = self._pages.popitem(last=False)
                self._bytes -= len(oldest.frames)


def _page(found: list[Entry], limit: int, cursor: int, how: _How) -> Page:
    frames = bytearray()
    count = 0
    for count, entry in enumerate(found, 1):  # noqa: B007 — how many there are in the end
        frames += frame(entry_message(how.call_sid, entry, replayed=how.replayed))
        if len(frames) > MAX_UNSENT_BYTES:
            break
    last_seq = found[count - 1].seq if found else cursor
    ready = deflated(bytes(frames), how.window_bits) if how.window_bits else bytes(frames)
    return Page(ready, count, last_seq, count == len(found) < limit)
