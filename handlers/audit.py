"""The audit log's edge: an entry about a request, and what is only watched, noted at once and stored a second later."""

import logging
from collections import Counter, OrderedDict, deque
from typing import Any

import msgspec
from tornado.web import RequestHandler

from events import SECOND, Unavailable, encode
from models import Store, audit
from models.audit import AuditEntry
from models.rights import Grant

MOST_WAITING = 10_000  # a database that is away for a quarter of an hour, on a busy day
BATCH = 500  # entries in one statement: it takes the writer some ms
ONCE_US = 60 * SECOND  # a client that connects again and again is one entry a minute

log = logging.getLogger(__name__)


def entry_of(handler: RequestHandler, action: str, target: str | None = None, **detail: Any) -> AuditEntry:
    """That whoever sent this request, which has a grant, did this to that."""
    now, address = handler.services.store.clock(), handler.request.remote_ip
    return entry_by(handler.grant, now, address, action, target, **detail)


def entry_by(
    grant: Grant, now: int, address: str | None, action: str, target: str | None = None, **detail: Any
) -> AuditEntry:
    return AuditEntry(
        organization_id=grant.organization_id,
        at=now,
        action=action,
        user_id=grant.user_id,
        actor=grant.email,
        key_prefix=grant.key_prefix,
        address=address,
        target=target,
        detail=detail,
    )


class Audit:
    """Entries about what changes nothing, which therefore need not wait for a commit, nor anyone for theirs."""

    def __init__(self, store: Store):
        self._store = store
        self._waiting: deque[AuditEntry] = deque()
        self._noted_at: OrderedDict[bytes, int] = OrderedDict()  # µs by entry, oldest first
        self._lost: Counter[int] = Counter()  # by organisation
        self._is_behind = False

    def note(self, entry: AuditEntry) -> None:
        """Remember it; the same of the same within a minute once. Never waits, and never fails."""
        while self._noted_at and next(iter(self._noted_at.values())) <= entry.at - ONCE_US:
            self._noted_at.popitem(last=False)
        known = encode(msgspec.structs.replace(entry, at=0))
        if known in self._noted_at:
            return
        self._noted_at[known] = entry.at
        if len(self._noted_at) > MOST_WAITING:
            self._noted_at.popitem(last=False)
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(entry)
        else:
            self._lost[entry.organization_id] += 1

    async def write_down(self) -> None:
        """Every second. What could not be stored stays for the next time; where a commit took so long that nobody knows
        how it ended, it may be stored twice, rather than not at all."""
        while self._waiting or self._lost:
            batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            lost, self._lost = self._lost, Counter()
            losses = [self._loss(organization_id, many) for organization_id, many in lost.items()]
            try:
                await self._store.write(audit.add, batch + losses)
            except Unavailable:
                self._waiting.extendleft(reversed(batch))
                self._lost += lost
                if not self._is_behind:
                    log.warning("the audit log cannot be written; up to %d entries are kept until it can", MOST_WAITING)
                self._is_behind = True
                return
            except Exception:  # whatever is the matter with these, the next ones must not stand behind them for ever
                log.exception("%d entries of the audit log were not taken", len(batch))
                self._lost += lost + Counter(entry.organization_id for entry in batch)
                return
            self._is_behind = False
            if lost:
                log.warning("%d entries of the audit log were lost while it could not be written", lost.total())

    def _loss(self, organization_id: int, many: int) -> AuditEntry:
        now = self._store.clock()
        return AuditEntry(organization_id=organization_id, at=now, action="audit.lost", detail={"entries": many})

    async def close(self) -> None:
        """The last writing; what cannot be stored now is lost, and counted in the log."""
        await self.write_down()
        if left := len(self._waiting) + self._lost.total():
            log.error("%d entries of the audit log could not be stored", left)
