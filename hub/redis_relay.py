"""The relay over Redis (or Valkey): a node is told of the calls and walls that are watched on it, and of no others.

Channels: `call:ID` has what happens on a call, as its commits and interims come; `wall:ID` what an organisation's
calls look like, twice a second and at once where a call begins, ends or raises an alert; `asks` is heard by all, and
has who begins to listen to what. Of interims and of what a wall is told twice a second only that is sent which another
node hears (hub/redis_listeners.py).
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence

from redis.asyncio import Redis

from events import Call, Entry, Transcript
from hub.hub import Hub
from hub.letters import ASKS, Letter, Post, Row
from hub.redis_link import RedisLink, ended, every
from hub.redis_places import RedisPlaces
from metrics import Numbers
from rules.alert import Alert

WALL_TICK_S = 0.5

Look = Callable[[Collection[int], Collection[int]], Awaitable[None]]


class RedisRelay:
    """`look(call_ids, organization_ids)` finds in the store what was missed before this node began to hear of them."""

    def __init__(self, redis: Redis, epoch: str, hub: Hub, *, look: Look, numbers: Numbers):
        node, prefix = uuid.uuid4().hex[:12], f"callboard:{epoch}:"  # of this database: others may use the same Redis
        self._others, self._look = hub.others, look
        self._rows: dict[int, dict[int, Row]] = {}  # by organisation and call, until the next tick
        self.link = RedisLink(redis, node, prefix, hear=self._hear, subscribed=self._subscribed, numbers=numbers)
        self.places = RedisPlaces(redis, node, prefix, hub)
        self._redis, self._hub = redis, hub
        self._ticking: asyncio.Task | None = None
        self._looking: set[asyncio.Future[None]] = set()

    def start(self) -> None:
        self.link.start()
        self.places.start()
        self._ticking = asyncio.create_task(every(WALL_TICK_S, self._tick))
        self._hub.relay = self
        self._hub.places = self.places

    async def close(self) -> None:
        await ended([*self._looking, *([self._ticking] if self._ticking else [])])
        await self.places.close()
        await self.link.close()
        await self._redis.aclose()

    @property
    def is_up(self) -> bool:
        return self.link.is_up

    # ── to the others ────────────────────────────────────────────────────────────────────────────────────────

    def watch(self, call_id: int) -> None:
        self.link.want(f"call:{call_id}")

    def unwatch(self, call_id: int) -> None:
        self.link.unwant(f"call:{call_id}")

    def watch_wall(self, organization_id: int) -> None:
        self.link.want(f"wall:{organization_id}")

    def unwatch_wall(self, organization_id: int) -> None:
        self.link.unwant(f"wall:{organization_id}")

    def published(self, call: Call, entries: Sequence[Entry], alerts: Sequence[Alert]) -> None:
        self.link.post(f"call:{call.id}").letters.append(Letter(call, entries, alerts))
        rows = self._rows.setdefault(call.organization_id, {})
        before = rows.pop(call.id, None)
        said = entries[-1].transcript if entries else before and before.said
        row = Row(call, said, [*(before.alerts if before else ()), *alerts])
        if alerts or call.is_over or call.head_seq <= 1 or not entries:
            self.link.post(f"wall:{call.organization_id}").rows.append(row)
        else:
            rows[call.id] = row

    def passed(self, call: Call, said: Transcript) -> None:
        channel = f"call:{call.id}"
        if self.link.listeners.is_heard(channel):
            self.link.post(channel).letters.append(Letter(interim=said))
        rows = self._rows.setdefault(call.organization_id, {})
        before = rows.get(call.id)
        rows[call.id] = Row(call, said, before.alerts if before else ())

    def noted(self, call_id: int) -> None:
        self.link.post(f"call:{call_id}").letters.append(Letter(is_noted=True))

    async def _tick(self) -> None:
        walls, self._rows = self._rows, {}
        for organization_id, rows in walls.items():
            channel = f"wall:{organization_id}"
            if rows and self.link.listeners.is_heard(channel):
                self.link.post(channel).rows.extend(rows.values())

    # ── from the others ──────────────────────────────────────────────────────────────────────────────────────

    def _subscribed(self, channels: list[str]) -> None:
        fresh: dict[str, list[int]] = {"call": [], "wall": []}
        for kind, _, id_ in (channel.partition(":") for channel in channels):
            if kind in fresh:
                fresh[kind].append(int(id_))
        if fresh["call"] or fresh["wall"]:
            post = self.link.post(ASKS)
            post.asks.extend(fresh["call"])
            post.wall_asks.extend(fresh["wall"])
        looking = asyncio.ensure_future(self._look(fresh["call"], fresh["wall"]))
        self._looking.add(looking)  # or the loop might forget it
        looking.add_done_callback(self._looking.discard)

    def _hear(self, channel: str, post: Post) -> None:
        if channel == ASKS:
            self._answer(post)
            return
        for row in post.rows:
            self._hub.walls.hear(row.call, row.said, row.alerts)
        call_id = int(channel.partition(":")[2]) if post.letters or post.replaced else 0
        for letter in post.letters:
            if letter.call is not None:
                self._others.published(letter.call, letter.entries, letter.alerts)
            if letter.interim is not None:
                self._others.passed(call_id, letter.interim)
            if letter.is_noted:
                self._hub.companies.notes_changed(call_id)
        for place in post.replaced:
            self.places.lost(call_id, place)

    def _answer(self, post: Post) -> None:
        for organization_id in post.wall_asks:
            self.link.listeners.asked(f"wall:{organization_id}")
        for call_id in post.asks:
            self.link.listeners.asked(f"call:{call_id}")
            for said in self._others.open_interims(call_id):
                self.link.post(f"call:{call_id}").letters.append(Letter(interim=said))
