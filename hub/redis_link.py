"""A node's link to Redis: publishes what is handed to it, hears the channels it wants, and comes back by itself."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from hub.letters import ASKS, Post, decode, encode
from hub.redis_listeners import Listeners
from metrics import Numbers

ANSWER_S = 1.0  # Redis answers within a millisecond, or something is wrong
BEAT_S = 1.0
SILENT_S = 3.0  # without hearing itself: the line is dead, however it looks
AGAIN_S = 0.25
TURN_S = 0.05  # the longest that a new wish to hear something waits
MAX_WAITING = 10_000  # pieces of news; who watches will find them in the store

AWAY = (RedisError, OSError, TimeoutError)

log = logging.getLogger(__name__)


def connection(url: str) -> Redis:
    """Without redis-py's own retries: what to do when Redis is away is decided here."""
    return Redis.from_url(url, socket_timeout=ANSWER_S, socket_connect_timeout=ANSWER_S, retry=Retry(NoBackoff(), 0))


async def ended(tasks: Iterable[asyncio.Task]) -> None:
    """Cancel them until they have ended: one that is cancelled while it fails may go on."""
    waiting = set(tasks)
    while waiting:
        for task in waiting:
            task.cancel()
        _, waiting = await asyncio.wait(waiting, timeout=AGAIN_S / 2)


async def every(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do it again and again; what fails is written down, and done the next time."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Exception:
            log.exception("%s failed", work.__name__)


class RedisLink:
    """`hear(channel, post)` gets what other nodes say, `subscribed(channels)` what is heard from now on: who wants to
    miss nothing looks at the store after it. Nothing that is published is waited for, and what cannot be is dropped.

    Each second the node says something to itself: as long as it hears that, the whole way works.
    """

    def __init__(
        self,
        redis: Redis,
        node: str,
        prefix: str,
        *,
        hear: Callable[[str, Post], None],
        subscribed: Callable[[list[str]], None],
        numbers: Numbers,
    ):
        self._redis, self._node, self._prefix = redis, node, prefix
        self._hear, self._on_subscribed, self._numbers = hear, subscribed, numbers
        self._own = f"node:{node}"
        self._wanted = {self._own, ASKS}
        self._has_wishes = False  # `_wanted` is not what was asked for
        self.listening: set[str] = set()  # what Redis has confirmed, and was not asked to end
        self.listeners = Listeners()
        self._has_news = asyncio.Event()
        self._outgoing: dict[str, Post] = {}
        self._waiting = 0
        self._heard_at = float("-inf")
        self._is_away = False
        self._tasks: list[asyncio.Task] = []

    @property
    def is_up(self) -> bool:
        """Whether news went to Redis and came back in the last seconds."""
        return time.monotonic() - self._heard_at < SILENT_S

    def start(self) -> None:
        rounds = (self._publish(), self._stay_connected(), every(BEAT_S, self._beat))
        self._tasks = [asyncio.create_task(work) for work in rounds]

    async def close(self) -> None:
        await ended(self._tasks)

    def want(self, channel: str) -> None:
        self._wanted.add(channel)
        self._has_wishes = True

    def unwant(self, channel: str) -> None:
        self._wanted.discard(channel)
        self._has_wishes = True

    def post(self, channel: str) -> Post:
        """What leaves next on this channel, to be added to, at once."""
        if self._waiting >= MAX_WAITING:
            self._drop(self._waiting)
        self._waiting += 1
        self._has_news.set()
        post = self._outgoing.get(channel)
        if post is None:
            post = self._outgoing[channel] = Post(self._node)
        return post

    def _drop(self, count: int) -> None:
        self._numbers.dropped["relayed", "redis_away"] += count
        self._outgoing, self._waiting = {}, 0

    async def _publish(self) -> None:
        """In the order in which it was posted; what gathers while Redis answers leaves together."""
        while True:
            await self._has_news.wait()
            self._has_news.clear()
            outgoing, count = self._outgoing, self._waiting
            self._outgoing, self._waiting = {}, 0
            self.listeners.sending()
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for channel, post in outgoing.items():
                        pipe.publish(self._prefix + channel, encode(post))
                    hearing = await pipe.execute()
                self._learn(zip(outgoing, hearing, strict=True))
            except AWAY as problem:
                self._say_away(problem)
                self._numbers.dropped["relayed", "redis_away"] += count
                await asyncio.sleep(AGAIN_S)
                self._drop(self._waiting)  # of what came meanwhile the newest is as old as the rest

    def _learn(self, answers: Iterable[tuple[str, int]]) -> None:
        """How many heard what was sent on these channels, this node with them where it listens."""
        if ASKS in self.listening:
            for channel, hearing in answers:
                self.listeners.answered(channel, hearing - (channel in self.listening))

    def _say_away(self, problem: BaseException) -> None:
        """Once, however often it is tried."""
        if not self._is_away:
            self._is_away = True
            log.warning("Redis is away; other nodes' news come late until it is back: %s", problem or type(problem))

    async def _beat(self) -> None:
        self.post(self._own)

    async def _stay_connected(self) -> None:
        while True:
            try:
                await self._listen()
            except AWAY as problem:
                self._say_away(problem)
            except Exception:
                log.exception("the link to Redis broke")
            await asyncio.sleep(AGAIN_S)

    async def _listen(self) -> None:
        """One task does it all: redis-py breaks in other ways when one subscribes on a line that another loses."""
        asked: set[str] = set()
        fresh: list[str] = []
        self.listening.clear()
        self.listeners.missed()
        self._has_wishes = True
        first_by = time.monotonic() + 2 * BEAT_S
        async with self._redis.pubsub() as news:
            while True:
                if self._has_wishes:
                    await self._ask(news, asked)
                message = await news.get_message(timeout=TURN_S)
                kind = message and message["type"]
                if kind == "subscribe":
                    fresh.append(self._channel(message))
                elif fresh:  # those that were asked for together are confirmed together
                    self._begin([channel for channel in fresh if channel in asked])
                    fresh = []
                if kind == "message":
                    self._take(self._channel(message), message["data"])
                if time.monotonic() > max(self._heard_at + SILENT_S, first_by):
                    raise TimeoutError("nothing came back in three seconds")

    async def _ask(self, news: PubSub, asked: set[str]) -> None:
        self._has_wishes = False
        if more := self._wanted - asked:
            await news.subscribe(*(self._prefix + channel for channel in more))
        if fewer := asked - self._wanted:
            self.listening -= fewer
            await news.unsubscribe(*(self._prefix + channel for channel in fewer))
        asked |= more
        asked -= fewer

    def _begin(self, channels: list[str]) -> None:
        self.listening.update(channels)
        if ASKS in channels:
            self.listeners.missed()
        self._on_subscribed(channels)

    def _channel(self, message: dict) -> str:
        return message["channel"].decode().removeprefix(self._prefix)

    def _take(self, channel: str, data: bytes) -> None:
        if channel == self._own:
            self._heard_at = time.monotonic()
            if self._is_away:
                self._is_away = False
                log.warning("Redis is back")
            return
        try:
            post = decode(data)
            if post.node != self._node:
                self._hear(channel, post)
        except Exception:  # another version's, or a fault of ours: neither may stop the rest
            log.exception("news of another node could not be taken")
