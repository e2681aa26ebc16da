"""`serve` and `run`: the main job. Opens everything, serves, drains, and closes in reverse."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from contextlib import nullcontext

from commands import demo, migrate
from commands.parser import add_command
from commands.strays import strays
from handlers.listening import CannotListen
from handlers.log_lines import set_log
from handlers.systemd import handed_sockets, tell_systemd
from serving import running
from settings import FIELDS, SettingError, Settings, add_flags
from version import full_version

# New objects between collections, and younger collections between older ones: an event leaves nothing that is in
# cycles; a page or a viewer that is gone some twenty objects, which must not wait until they are most of the memory.
GARBAGE = 10_000, 5, 5
SWITCH_S = 0.001  # for which the writer's thread may hold up the IOLoop, instead of 5 ms

log = logging.getLogger("callboard")


def add_to(words) -> None:
    says = (
        "Serve pages, sockets and webhooks until SIGTERM or Ctrl-C. Makes and migrates the database.\n"
        "Listening sockets that systemd hands over (LISTEN_FDS) go before --address and --port."
    )
    example = "python server.py serve --port 8000 --database-url sqlite:////var/lib/callboard/board.db"
    served = [field.name for field in FIELDS if field.name != "demo"]  # `serve` never plays any
    add_flags(add_command(words, "serve", run_serve, "serve until stopped", says=says, example=example), *served)
    says = (
        "Do `setup` where there are no users yet, then serve until SIGTERM or Ctrl-C. Where the database was empty,\n"
        "demo calls play, also at the next `run`, until `demo erase` or --no-demo. `make run` calls it."
    )
    example = "python server.py run --no-demo"
    add_flags(add_command(words, "run", run_run, "set up, serve, play demo calls", says=says, example=example))


async def serve(settings: Settings, *, plays_demo: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; then tell everyone, let them go, store what is queued, and return."""
    version, stopped = full_version(), asyncio.Event()
    for stray in strays(os.environ):
        log.warning("%s", stray)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running(settings, handed=handed_sockets()) as server:
        keep_pauses_short()
        print(f"Callboard is on {server.url}", flush=True)
        set_up = server.services.set_up
        if await set_up.is_due():
            print(f"No user yet: open {server.url}/first-run and enter the set-up code {set_up.code}", flush=True)
        log.info("%s serves on %s", version, server.own_url)
        tell_systemd("READY=1")
        async with demo.playing(server.services, server.own_url) if plays_demo else nullcontext():
            await stopped.wait()
        tell_systemd("STOPPING=1")
        log.info("stopping")


def keep_pauses_short() -> None:
    """For a process that does nothing but serve from here on."""
    gc.collect()
    gc.freeze()  # what is there by now stays: the collector need not look at it again
    gc.set_threshold(*GARBAGE)
    sys.setswitchinterval(SWITCH_S)


def run_serve(options: argparse.Namespace, settings: Settings) -> None:
    migrate.before_serving(settings.database_url)
    _serve(settings)


def run_run(options: argparse.Namespace, settings: Settings) -> None:
    """As `make run`: whoever tries Callboard out needs no other word."""
    migrate.before_serving(settings.database_url)
    demo.set_up(options, settings)
    _serve(settings, plays_demo=settings.demo)


def _serve(settings: Settings, *, plays_demo: bool = False) -> None:
    set_log(settings.log_format, settings.log_level)
    try:
        asyncio.run(serve(settings, plays_demo=plays_demo))
    except CannotListen as problem:
        raise SettingError(str(problem)) from None
