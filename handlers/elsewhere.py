"""Several nodes on one PostgreSQL: what the others stored is looked for once a second, and shown here.

With Redis it is told at once, and interims too; looking finds what that lost.
"""

import logging
from collections.abc import Collection
from typing import TYPE_CHECKING

from events import Unavailable
from hub import Hub
from metrics import Numbers
from models import Store, elsewhere
from models.elsewhere import Known

if TYPE_CHECKING:
    from hub.redis_relay import RedisRelay

log = logging.getLogger(__name__)


class Elsewhere:
    """Nothing is asked while nobody watches. What is told twice, or is known already, the hub tells nobody."""

    def __init__(self, store: Store, hub: Hub):
        self._store, self._others = store, hub.others
        self._alerts: dict[int, int] = {}  # the newest of each call that is watched
        self._call_ids: set[int] = set()  # to be looked at next, and these organisations' walls
        self._organization_ids: set[int] = set()
        self._is_looking = False

    async def poll(self) -> None:
        """Once a second: viewers of calls, and of the wall, get what other nodes stored."""
        call_ids = self._others.call_ids()
        self._alerts = {id_: alert_id for id_, alert_id in self._alerts.items() if id_ in call_ids}
        await self.look(call_ids, self._others.organization_ids())

    async def look(self, call_ids: Collection[int], organization_ids: Collection[int]) -> None:
        """At these calls and walls, as far as they are watched; one look at a time, the next takes what came since."""
        self._call_ids.update(call_ids)
        self._organization_ids.update(organization_ids)
        if self._is_looking:
            return
        self._is_looking = True
        try:
            while self._call_ids or self._organization_ids:
                await self._look()
        except Unavailable:
            log.debug("the news of other nodes could not be read; the next poll tries again")
        finally:
            self._is_looking = False

    async def _look(self) -> None:
        walls = self._organization_ids & self._others.organization_ids()
        heads = self._others.heads(self._call_ids, walls)
        self._call_ids, self._organization_ids = set(), set()
        if not (heads or walls):
            return
        known = {id_: Known(*head, self._alerts.get(id_, 0)) for id_, head in heads.items()}
        with self._others.reading(walls):
            for news in await self._store.read(elsewhere.news, known, walls):
                self._alerts[news.call.id] = news.known.alert_id
                self._others.learn(news.call, news.said, news.alerts)


def redis_relay(url: str, epoch: str, hub: Hub, elsewhere: Elsewhere, numbers: Numbers) -> "RedisRelay":
    """Started, and to be closed."""
    from hub.redis_link import connection  # only where it is used: importing redis-py takes a third of a second
    from hub.redis_relay import RedisRelay

    relay = RedisRelay(connection(url), epoch, hub, look=elsewhere.look, numbers=numbers)
    relay.start()
    return relay
