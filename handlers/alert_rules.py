"""Every organisation's alert rules as this server knows them: read when it starts, and within a second of a change."""

import logging

from events import Unavailable
from models import Store, alert_rules
from rules.lookout import Lookout

log = logging.getLogger(__name__)


class AlertRules:
    """Keeps the pipeline's `lookout` as the store is."""

    def __init__(self, store: Store):
        self._store = store
        self._version = -1
        self.lookout = Lookout()

    async def load(self) -> None:
        """Before anything is taken in. Raises Unavailable."""
        version, rules = await self._store.read(alert_rules.in_force)
        if version > self._version:  # else another reading, begun later, was quicker
            self._version = version
            self.lookout.take(rules)

    async def poll(self) -> None:
        """Twice a second: what is in force is what is stored."""
        try:
            if await self._store.read(alert_rules.version) != self._version:
                await self.load()
        except Unavailable:
            log.debug("the alert rules could not be checked; the next poll tries again")
