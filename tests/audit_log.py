"""The audit log as tests look at it: everything stored, oldest first."""

from typing import Any

from house import House
from models import audit
from models.audit import AuditEntry, AuditFilter


def read_all(db: Any, organization_id: int) -> list[AuditEntry]:
    return audit.page(db, organization_id, AuditFilter(), before=None, skip=0, limit=1000)[::-1]


async def logged(house: House, organization_id: int | None = None) -> list[AuditEntry]:
    """What is in the log once the noted is written down, by us or by the server's own round, which may be at it."""
    await house.services.audit.write_down()
    return await house.store.write(read_all, organization_id or house.organization_id)  # behind what is being written


def entry(
    organization_id: int = 1, at: int = 1_770_000_000_000_000, action: str = "call.watched", **more
) -> AuditEntry:
    return AuditEntry(organization_id=organization_id, at=at, action=action, **more)
