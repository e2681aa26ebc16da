"""Who comes and goes: viewers that read to the end, guests who do not, readers of pages, a lossy producer."""

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

import websockets

from patience import PATIENCE_S
from remote import Remote
from tests.crash.journal import Journal, Line
from tests.crash.load import AWAY, Load, Place
from tests.crash.socket_producer import SocketProducer
from tests.crash.viewer import Viewer
from tests.follower import Follower
from visitor import Visitor

PASSWORD = "correct horse"
ASKED_S = 1.5  # between two pages of one person
UPGRADE = (
    "GET /live-transcript/{call_sid}?token={key} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AQIDBAUGBwgJCgsMDQ4PEA==\r\n\r\n"
)
PAGES = (
    *("/", "/calls", "/calls/{}", "/calls/{}", "/calls/{}/captions", "/calls/{}/export?format=vtt", "/settings/audit"),
    *("/settings/sources", "/docs/protocol", "/account", "/calls?q=words", "/api/v1/calls/sid/{}/transcripts/export"),
)


class LossyProducer(SocketProducer):
    """Its network breaks now and then; it comes back and sends again what was not acknowledged."""

    async def pause(self) -> None:
        await super().pause()
        if self.load.chance.random() < 0.02:
            raise ConnectionError("lost")


async def to_the_end(place: Place, call_sid: str, journal: Journal, chance: random.Random) -> None:
    """Viewers of every kind that read a call to its end, however often they are cut off. `journal` gets their pages."""
    steady = Viewer(place, call_sid, journal.watch(call_sid), chance)
    lossy = Follower(place.url, call_sid, place.key, chance=chance, drops=chance.randrange(1, 5))
    slow = Follower(place.url, call_sid, place.key, chance=chance, drops=1, reading_s=chance.uniform(0, 0.1))
    await asyncio.gather(*(late(who.run(), chance.uniform(0, 4)) for who in (steady, lossy, slow)))
    for follower in (lossy, slow):
        log = sorted(follower.log.items())
        journal.seen.append((call_sid, [Line(seq, data["segment_id"], data["content"]) for seq, data in log]))


async def late(work, seconds: float) -> None:
    await asyncio.sleep(seconds)
    await work


async def look_in(address: str, chance: random.Random) -> None:
    """Watches for a few seconds, and is gone: with a word, or without."""
    with suppress(*AWAY):
        async with websockets.connect(address, open_timeout=PATIENCE_S) as socket:
            with suppress(TimeoutError):
                async with asyncio.timeout(chance.uniform(0.1, 20)):
                    async for _ in socket:
                        pass
            if chance.random() < 0.5:
                socket.transport.abort()


async def never_read(place: Place, call_sid: str, chance: random.Random) -> None:
    """Opens a socket and takes nothing from it, and answers no ping, until the server has had enough, or for less."""
    address = urlsplit(place.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port, limit=1024)
    writer.write(UPGRADE.format(call_sid=call_sid, key=place.key, host=address.netloc).encode())
    with suppress(TimeoutError, OSError):
        async with asyncio.timeout(chance.choice((5, 90))):
            await asyncio.sleep(40)  # 35 s after the handshake it is due
            while await reader.read(1024):
                pass
    writer.transport.abort()


async def leaf(load: Load, calls: Callable[[], list[str]]) -> None:
    """Someone who reads pages, of these calls too, and signs out and in again."""
    house = Remote(load.place.url, load.place.key)
    while not load.is_over:
        with suppress(*AWAY):
            visitor = await Visitor(house).sign_in("ada@example.com", PASSWORD)
            for _ in range(load.chance.randrange(5, 30)):
                if load.is_over:
                    break
                path = load.chance.choice(PAGES).format(load.chance.choice(calls() or ["CA-none"]))
                await asyncio.sleep(load.chance.uniform(0, ASKED_S))
                code = (await visitor.get(path)).code if "/api/" not in path else (await house.fetch("GET", path)).code
                assert code in (200, 302, 404), f"{path} was answered {code}"
            await visitor.post("/sign-out")


async def forget_to_end(load: Load, number: int) -> None:
    """A call that nobody ends: the server does, after minutes of quiet, and lets its viewer go."""
    house, call_sid = Remote(load.place.url, load.place.key), f"CA-forgotten-{number}"
    await house.say(call_sid, "u-1", "Hello?")
    follower = await Follower(house.url, call_sid, house.key, chance=load.chance, drops=1).run()
    assert (follower.statuses[-1], len(follower.log)) == ("failed", 1), follower.statuses


async def ask_for_tickets(load: Load) -> None:
    """Some open the wall with them, others nothing."""
    house = Remote(load.place.url, load.place.key)
    while not load.is_over:
        await asyncio.sleep(load.chance.uniform(0, 2 * ASKED_S))
        answer = await house.fetch("POST", "/api/v1/tickets", {"feed": "live-calls"})
        assert answer.code == 201, answer.body
        if load.chance.random() < 0.5:
            await look_in(json.loads(answer.body)["url"], load.chance)
