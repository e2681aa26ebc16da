"""A producer that plays the demo's conversations, a few at a time and for ever, over the network like any other."""

import asyncio
import logging
import random
from functools import partial

from commands.conversation import Conversation, conversations, perform
from commands.reconnecting import persist
from commands.replay import Replayer
from models.demo import CALL_MARK

LINES = 3  # calls at once: enough for a wall, few enough to follow
FIRST_S = (0.0, 4.0, 10.0)  # when each line takes its first call
BETWEEN_S = (2.0, 8.0)  # from the end of a call to the next one on its line

log = logging.getLogger(__name__)


class Player:
    """`url` is the producer socket, `key` may ingest. `speed` is how many times as fast as people speak."""

    def __init__(self, url: str, key: str, *, chance: random.Random | None = None, speed: float = 1.0):
        self._url, self._key, self._speed = url, key, speed
        self._chance = chance or random.Random()
        self._deck: list[Conversation] = []
        self._played: list[Conversation] = []  # at this moment

    async def play(self) -> None:
        """Until cancelled. Raises Refused (commands.reconnecting) where the key has ended."""
        lines = [asyncio.ensure_future(self._line(first_s)) for first_s in FIRST_S[:LINES]]
        try:
            await asyncio.gather(*lines)
        finally:
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)

    async def _line(self, first_s: float) -> None:
        """One call after the other."""
        await asyncio.sleep(first_s * self._chance.uniform(0.7, 1.0) / self._speed)
        while True:
            conversation = self._deal()
            self._played.append(conversation)
            try:
                await self.call(conversation)
            finally:
                self._played.remove(conversation)
            await asyncio.sleep(self._chance.uniform(*BETWEEN_S) / self._speed)

    async def call(self, conversation: Conversation) -> str:
        """Play one call to its end, through lost connections; its call_sid. Raises Refused."""
        call_sid = f"{CALL_MARK}{self._chance.getrandbits(64):016x}"
        replayer = Replayer(perform(conversation, call_sid, self._chance), self._speed, is_own=True)
        await persist(partial(replayer.visit, self._url, self._key), log.info)
        if replayer.rejection:
            log.warning("a demo call was not taken as it is: %s", replayer.rejection)
        return call_sid

    def _deal(self) -> Conversation:
        """The next one: each once before any comes again, and none twice at the same time."""
        if not self._deck:
            self._deck = conversations()
            self._chance.shuffle(self._deck)
        free = [card for card in self._deck if card not in self._played]
        card = (free or self._deck)[0]
        self._deck.remove(card)
        return card
