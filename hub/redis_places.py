"""The places at a call in Redis: exact over all nodes while it answers, and leased, so that a dead node's come free.

Each call with viewers has a sorted set of its places, by when their leases end, and a hash of who has each: the node,
a blank, and the viewer's face. A client that says who it is has one place, whatever node it comes to.
"""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
from redis.asyncio import Redis

from hub.company import Face
from hub.letters import Post, encode
from hub.places import Full
from hub.redis_link import AWAY, ended, every
from hub.viewer import Viewer

if TYPE_CHECKING:
    from hub.hub import Hub

LEASE_S = 10
RENEWAL_S = 3
LOOK_S = 0.5  # at who watches elsewhere
AWAY_S = 1.0  # after it did not answer, nobody waits for Redis; each node counts its own
KEPT_S = 60  # a call's keys, after the last lease

_FREE_EXPIRED = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)
if #gone > 0 then
    redis.call('ZREM', KEYS[1], unpack(gone))
    redis.call('HDEL', KEYS[2], unpack(gone))
end
local node = ARGV[1]
local function owner(place)
    local who = redis.call('HGET', KEYS[2], place)
    return who and string.match(who, '^%S+')
end
local function lease(place, face)
    redis.call('ZADD', KEYS[1], now + LEASE_S, place)
    redis.call('HSET', KEYS[2], place, node .. ' ' .. face)
    redis.call('EXPIRE', KEYS[1], KEPT_S)
    redis.call('EXPIRE', KEYS[2], KEPT_S)
end
""".replace("LEASE_S", str(LEASE_S)).replace("KEPT_S", str(KEPT_S))
# node, limit, place, face, channel, what to say there if another node had the place → 1, or 0: full
_TAKE = (
    _FREE_EXPIRED
    + """
local before = owner(ARGV[3])
if not before and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
lease(ARGV[3], ARGV[4])
if before and before ~= node then redis.call('PUBLISH', ARGV[5], ARGV[6]) end
return 1
"""
)
# node, then place and face of each → places that another node has by now
_RENEW = (
    _FREE_EXPIRED
    + """
local lost = {}
for at = 2, #ARGV, 2 do
    local before = owner(ARGV[at])
    if not before or before == node then lease(ARGV[at], ARGV[at + 1]) else table.insert(lost, ARGV[at]) end
end
return lost
"""
)
# node, then each place
_GIVE_BACK = (
    _FREE_EXPIRED
    + """
for at = 2, #ARGV do
    if owner(ARGV[at]) == node then
        redis.call('ZREM', KEYS[1], ARGV[at])
        redis.call('HDEL', KEYS[2], ARGV[at])
    end
end
"""
)


class RedisPlaces:
    """See `Places`. While Redis is away every node admits up to the limit by itself, and nobody is thrown out when it
    is back: the leases are renewed as they stand."""

    def __init__(self, redis: Redis, node: str, prefix: str, hub: "Hub"):
        self._redis, self._node, self._prefix, self._hub = redis, node, prefix, hub
        self._take, self._renew, self._give_back = (
            redis.register_script(script) for script in (_TAKE, _RENEW, _GIVE_BACK)
        )
        self._held: dict[int, dict[str, Viewer]] = {}  # by call and place
        self._count = self._turn = 0
        self._away_until = 0.0
        self._leaving: dict[int, list[str]] = {}
        self._someone_left = asyncio.Event()
        self._tasks: list[asyncio.Task] = []

    def start(self) -> None:
        rounds = (every(1, self._renew_leases), every(LOOK_S, self._look_around), self._see_out())
        self._tasks = [asyncio.create_task(work) for work in rounds]

    async def close(self) -> None:
        await ended(self._tasks)
        await self._give_back_all()

    async def take(self, call_id: int, viewer: Viewer) -> None:
        place = self._place_of(viewer)
        if time.monotonic() >= self._away_until:
            channel = f"{self._prefix}call:{call_id}"
            news = encode(Post(self._node, replaced=[place]))
            args = (self._node, self._hub.viewers_per_call, place, _face_text(viewer), channel, news)
            try:
                has_room = await self._take(self._keys(call_id), args)
            except AWAY:
                self._away_until = time.monotonic() + AWAY_S
            except asyncio.CancelledError:  # it may have been taken, and nobody will come for it
                self._leave(call_id, place)
                raise
            else:
                if not has_room:
                    raise Full
        self._held.setdefault(call_id, {})[place] = viewer

    def give_back(self, call_id: int, viewer: Viewer) -> None:
        places = self._held.get(call_id, {})
        for place in [place for place, holder in places.items() if holder is viewer]:
            del places[place]
            self._leave(call_id, place)
        if not places:
            self._held.pop(call_id, None)

    def lost(self, call_id: int, place: str) -> None:
        """Its client has come to another node."""
        if viewer := self._held.get(call_id, {}).pop(place, None):
            self._hub.leave(viewer)
            viewer.outlet.replaced()

    def _leave(self, call_id: int, place: str) -> None:
        self._leaving.setdefault(call_id, []).append(place)
        self._someone_left.set()

    def _place_of(self, viewer: Viewer) -> str:
        if viewer.client is None:
            self._count += 1
            return f"{self._node}:{self._count}"
        return hashlib.sha256(repr(viewer.client).encode()).hexdigest()[:24]

    def _keys(self, call_id: int) -> list[str]:
        slot = f"{self._prefix}{{{call_id}}}"  # braces: both on the same server of a cluster
        return [f"{slot}:places", f"{slot}:who"]

    # ── in the background ────────────────────────────────────────────────────────────────────────────────────

    async def _renew_leases(self) -> None:
        """Of a third of the calls, each second."""
        self._turn += 1
        held = {id_: dict(of_it) for id_, of_it in self._held.items() if (id_ + self._turn) % RENEWAL_S == 0}
        async with self._redis.pipeline(transaction=False) as pipe:
            for call_id, viewers in held.items():
                args = [text for place, viewer in viewers.items() for text in (place, _face_text(viewer))]
                await self._renew(self._keys(call_id), (self._node, *args), client=pipe)
            lost = await self._try(pipe)
        for (call_id, viewers), places in zip(held.items(), lost or [[]] * len(held), strict=True):
            for place in map(bytes.decode, places):
                if self._held.get(call_id, {}).get(place) is viewers[place]:
                    self.lost(call_id, place)

    async def _see_out(self) -> None:
        while True:
            await self._someone_left.wait()
            self._someone_left.clear()
            await self._give_back_all()

    async def _give_back_all(self) -> None:
        """What cannot be given back now comes free when its lease ends."""
        leaving, self._leaving = self._leaving, {}
        async with self._redis.pipeline(transaction=False) as pipe:
            for call_id, places in leaving.items():
                await self._give_back(self._keys(call_id), (self._node, *places), client=pipe)
            await self._try(pipe)

    async def _look_around(self) -> None:
        call_ids = sorted(self._hub.others.met_call_ids())
        async with self._redis.pipeline(transaction=False) as pipe:
            for call_id in call_ids:
                pipe.hvals(self._keys(call_id)[1])
            found = await self._try(pipe)
        if found is not None:
            faces = {id_: self._elsewhere(values) for id_, values in zip(call_ids, found, strict=True)}
            self._hub.others.meet(faces)

    def _elsewhere(self, values: Sequence[bytes]) -> list[Face]:
        told = [value.partition(b" ") for value in values]
        mine = self._node.encode()
        return sorted(msgspec.json.decode(face, type=Face) for node, _, face in told if node != mine)

    async def _try(self, pipe) -> list | None:
        """What Redis answered to each; None where it did not, which the next time may mend."""
        if not len(pipe):
            return []
        try:
            return await pipe.execute()
        except AWAY:
            self._away_until = time.monotonic() + AWAY_S
            return None


def _face_text(viewer: Viewer) -> bytes:
    return msgspec.json.encode(viewer.outlet.face)
