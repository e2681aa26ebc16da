"""How the sources fare: when each was last heard of, and what its address refused. Costs no write per event."""

import logging
from collections import deque
from typing import NamedTuple

from events import Unavailable
from models import Store, source_settings
from models.source_settings import REJECTIONS_KEPT, Rejection, SourceRow

log = logging.getLogger(__name__)


class Health(NamedTuple):
    last_event_at: int | None  # µs
    last_rejected_at: int | None

    @property
    def state(self) -> str:
        """`waiting` for the first event, `receiving`, or `refusing`: the newest thing sent was not taken."""
        if self.last_rejected_at is not None and self.last_rejected_at > (self.last_event_at or 0):
            return "refusing"
        return "waiting" if self.last_event_at is None else "receiving"


class SourceActivity:
    """What this process has seen since it last wrote that down, over what is stored; both bounded for each source."""

    def __init__(self, store: Store):
        self._store = store
        self._heard_at: dict[int, int] = {}  # the newest, which stays here: pages then need not wait for the writing
        self._unwritten: set[int] = set()
        self._rejected: dict[int, deque[Rejection]] = {}

    def heard(self, source_id: int) -> None:
        self._heard_at[source_id] = self._store.clock()
        self._unwritten.add(source_id)

    def rejected(self, source_id: int, code: str, field: str | None) -> None:
        rejection = Rejection(self._store.clock(), code, field)
        self._rejected.setdefault(source_id, deque(maxlen=REJECTIONS_KEPT)).append(rejection)

    async def write_down(self) -> None:
        """Every few seconds, and at the end. What could not be written stays for the next time."""
        heard_at = {source_id: self._heard_at[source_id] for source_id in self._unwritten}
        rejected = {source_id: list(new) for source_id, new in self._rejected.items()}
        if not heard_at and not rejected:
            return
        try:
            await self._store.write(source_settings.write_down, heard_at, rejected)
        except Unavailable:
            log.debug("what sources sent could not be written down; the next time tries again")
            return
        self._unwritten -= {source_id for source_id, at in heard_at.items() if self._heard_at[source_id] == at}
        for source_id, written in rejected.items():
            left = [rejection for rejection in self._rejected.pop(source_id) if rejection not in written]
            if left:
                self._rejected[source_id] = deque(left, maxlen=REJECTIONS_KEPT)

    def health(self, row: SourceRow) -> Health:
        """What is stored in the row, or newer here."""
        rejected = self._rejected.get(row.id)
        return Health(
            max(row.last_event_at or 0, self._heard_at.get(row.id, 0)) or None,
            max(row.last_rejected_at or 0, rejected[-1].at if rejected else 0) or None,
        )

    async def rejections(self, source_id: int) -> list[Rejection]:
        """Newest first."""
        new = self._rejected.get(source_id, ())  # first: what is written meanwhile is in both, never in neither
        stored = await self._store.read(source_settings.rejections, source_id)
        return sorted({*new, *stored}, key=lambda rejection: rejection.at, reverse=True)[:REJECTIONS_KEPT]
