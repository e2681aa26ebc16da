"""`demo erase`, and the demo beside a server: `run` plays it, where it is on."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from commands import setup
from commands.conversation import conversations
from commands.demo_player import Player
from commands.parser import add_command, add_family, on_database
from commands.reconnecting import Refused
from handlers.demo_page import end_demo_calls, erase_demo
from handlers.rounds import start_rounds
from handlers.services import Services
from models import demo
from models.accounts import has_users
from models.audit import AuditEntry, by_command_line, recorded
from models.database import AlreadyServed, administered, serving
from models.store import wall_clock

TRIM_MS = 60_000
PATIENCE_S = 5.0  # for a server that plays to end the calls in front of their viewers; it takes about one

log = logging.getLogger(__name__)


def add_to(words) -> None:
    family = add_family(words, "demo", "the demo calls that `run` plays")
    erase = add_command(
        family,
        "erase",
        run_erase,
        "stop the demo and delete its calls",
        says="Stop the demo calls for good, also in a server that is playing them, and delete them with the demo's\n"
        "key and assistants. Other calls stay as they are. Where there is no demo it does nothing.",
        example="python server.py demo erase",
    )
    on_database(erase)


def run_erase(options, settings) -> None:
    def entry(organization: int | None) -> AuditEntry | None:
        return organization and by_command_line(wall_clock(), organization, "demo.erased")

    with administered(settings.database_url) as db:
        recorded(db, entry, demo.stop)
    if _is_served(settings.database_url):
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and _is_there(settings.database_url):
            time.sleep(0.1)
    with administered(settings.database_url) as db:
        demo.erase(db, wall_clock)
    print("There are no demo calls any more.")


def set_up(options, settings) -> None:
    """`setup`; where the database was empty the demo is on from now on, unless the settings say otherwise."""
    with administered(settings.database_url) as db:
        was_empty = not has_users(db)
    setup.run(options, settings)
    if was_empty and settings.demo:
        with administered(settings.database_url) as db:
            demo.turn_on(db)


@asynccontextmanager
async def playing(services: Services, own_url: str, *, speed: float = 1.0) -> AsyncIterator[None]:
    """Demo calls, where the demo is on, for as long as the block lasts or until they are erased."""
    names = sorted({conversation.assistant for conversation in conversations()})
    key = await services.store.write(demo.begin, services.store.clock(), names)
    if key is None:
        yield
        return
    await end_demo_calls(services)  # of a server that was killed
    print("Demo calls are playing. The word `demo erase`, or its button, stops and deletes them.", flush=True)
    trimming = start_rounds(lambda: services.store.write(demo.trim), TRIM_MS)
    player = Player(f"ws{own_url.removeprefix('http')}/ingest", key, speed=speed)
    task = asyncio.create_task(_play(services, player, key))
    try:
        yield
    finally:
        trimming.stop()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        if await services.store.read(demo.is_played_with, key):
            await end_demo_calls(services)
            await services.store.write(demo.pause, key)


async def _play(services: Services, player: Player, key: str) -> None:
    try:
        await player.play()
    except Refused as refused:
        if not await services.store.read(demo.is_on):
            await erase_demo(services)
            log.info("the demo was stopped")
        elif await services.store.read(demo.is_played_with, key):  # its key was revoked by hand
            await end_demo_calls(services)
            log.warning("the demo calls have ended: %s", refused)
    except Exception:
        log.exception("the demo calls have ended")


def _is_served(database_url: str) -> bool:
    """Whether there may be a server on it: on PostgreSQL nobody knows."""
    if not database_url.startswith("sqlite"):
        return True
    try:
        with serving(database_url):
            return False
    except AlreadyServed:
        return True


def _is_there(database_url: str) -> bool:
    with administered(database_url) as db:
        return demo.is_there(db)
