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
    mark: tuple[int, int] | None  # of its last entry: models/entries.py


class _How(NamedTuple):
    """What a page depends on, besides where it begins."""

    call_id: int
    call_sid: str
    replayed: bool
    window_bits: int


class History:
    """Made in the readers' threads, compression included. A page that is full never changes, because the log only
    grows; that its last entry is still the one that it was made with is asked of the database each time. Several that
    were wanted together are kept in one piece: who comes next costs one question and no copy."""

    def __init__(self, kept_bytes: int = KEPT_BYTES):
        self._kept_bytes = kept_bytes
        self._pages: OrderedDict[tuple[int, _How], Page] = OrderedDict()
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
        frames, count, last = b"".join([page.frames for page in pages]), sum(page.count for page in pages), pages[-1]
        joined = Page(frames, count, last.last_seq, is_last=False, mark=last.mark)
        if cursor % PAGE == 0:  # else the first of them is no whole page, and nobody else's
            self._keep((cursor, how), joined)
        return joined

    def _kept(self, db: Any, cursor: int, how: _How) -> Page | None:
        """The full page after the cursor, if it is kept and still what the database has."""
        key = cursor, how
        page = self._pages.get(key)
        if page is None or entries.mark(db, how.call_id, page.last_seq) != page.mark:
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
            self._keep((cursor, how), page)
        return page

    def call_ids(self) -> set[int]:
        with self._lock:
            return {how.call_id for _, how in self._pages}

    def forget(self, call_ids: set[int]) -> None:
        """These calls were deleted."""
        with self._lock:
            for key in [key for key in self._pages if key[1].call_id in call_ids]:
                self._bytes -= len(self._pages.pop(key).frames)

    def _keep(self, key: tuple[int, _How], page: Page) -> None:
        with self._lock:
            if (old := self._pages.pop(key, None)) is not None:
                self._bytes -= len(old.frames)
            self._pages[key] = page
            self._bytes += len(page.frames)
            while self._bytes > self._kept_bytes:
                _, oldest = self._pages.popitem(last=False)
                self._bytes -= len(oldest.frames)


def _page(found: list[Entry], limit: int, cursor: int, how: _How) -> Page:
    frames = bytearray()
    count = 0
    for count, entry in enumerate(found, 1):  # noqa: B007 — how many there are in the end
        frames += frame(entry_message(how.call_sid, entry, replayed=how.replayed))
        if len(frames) > MAX_UNSENT_BYTES:
            break
    last = found[count - 1] if found else None
    ready = deflated(bytes(frames), how.window_bits) if how.window_bits else bytes(frames)
    mark = (last.id, last.stored_at) if last else None
    return Page(ready, count, last.seq if last else cursor, count == len(found) < limit, mark)
