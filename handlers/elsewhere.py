"""Several nodes on one PostgreSQL: what the others stored is looked for once a second, and shown here.

With Redis it is told at once, and interims too; looking finds what that lost.
"""

import logging
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
        self._is_asking = False

    async def poll(self) -> None:
        """Once a second: viewers of calls, and of the wall, get what other nodes stored."""
        known = {id_: Known(*head, self._alerts.get(id_, 0)) for id_, head in self._others.heads().items()}
        walls = self._others.organization_ids()
        self._alerts = {id_: alert_id for id_, alert_id in self._alerts.items() if id_ in known}
        if self._is_asking or not (known or walls):
            return
        self._is_asking = True
        try:
            with self._others.reading(walls):
                found = await self._store.read(elsewhere.news, known, walls)
                for news in found:
                    self._alerts[news.call.id] = news.known.alert_id
                    self._others.learn(news.call, news.said, news.alerts)
        except Unavailable:
            log.warning("the news of other nodes could not be read; the next poll tries again")
        finally:
            self._is_asking = False


def redis_relay(url: str, epoch: str, hub: Hub, elsewhere: Elsewhere, numbers: Numbers) -> "RedisRelay":
    """Started, and to be closed."""
    from hub.redis_link import connection  # only where it is used: importing redis-py takes a third of a second
    from hub.redis_relay import RedisRelay

    relay = RedisRelay(connection(url), epoch, hub, behind=elsewhere.poll, numbers=numbers)
    relay.start()
    return relay
