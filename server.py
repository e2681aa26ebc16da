"""Callboard's main: `serve` opens everything, serves, drains, and closes in reverse; other words are commands."""

import argparse
import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext

from tornado.ioloop import PeriodicCallback

import commands
from commands import demo
from commands.parser import Parser, add_command
from events import SECOND, Refused, Unavailable
from handlers.alert_rules import AlertRules
from handlers.alert_sender import AlertSender
from handlers.audit import Audit
from handlers.entrance import Entrance, EntranceServer, open_files
from handlers.frames import frame
from handlers.gate import Gate
from handlers.heartbeat import Heartbeat
from handlers.history import History
from handlers.limits import Limits
from handlers.listening import CannotListen, listen, own_url, tls_context
from handlers.notes import Notes
from handlers.passwords import Passwords
from handlers.quick_posts import QuickPosts
from handlers.redactors import Redactors
from handlers.routes import make_application
from handlers.searching import Searching
from handlers.services import Services
from handlers.set_up_code import SetUp
from handlers.source_activity import SourceActivity
from handlers.trial_calls import TrialCalls
from hub import Hub
from models import Store, rights
from models.database import AlreadyServed, DatabaseTooNew, DatabaseUnreachable, serving
from models.store import wall_clock
from pipeline import Pipeline
from settings import FIELDS, SettingError, Settings, add_flags, read_settings

MAX_BODY_BYTES = 20 << 20  # 500 transcripts of 32 KiB, with room for escapes
MAX_HEADER_BYTES = 16 << 10
SPARE_FILES = 200  # of those that the process may have open, for everything but clients: database, log, modules
GARBAGE = 50_000  # new objects between collections: next to nothing here is in cycles
SWITCH_S = 0.001  # for which the writer's thread may hold up the IOLoop, instead of 5 ms

LIMITS = ("attempts_per_address", "failures_per_address", "passwords_per_account", "requests_per_key")

log = logging.getLogger("callboard")


class Server:
    """A listening Callboard. `url` is where it is, with the port that was really bound; `own_url` leads to it from
    this machine, whatever it is called by others."""

    def __init__(self, services: Services, url: str, own_url: str):
        self.services, self.url, self.own_url = services, url, own_url


@asynccontextmanager
async def running(settings: Settings, *, clock: Callable[[], int] = wall_clock) -> AsyncIterator[Server]:
    """A Server, for as long as the block lasts: everything is opened in order and closed in reverse.

    Raises AlreadyServed, DatabaseTooNew, DatabaseUnreachable, CannotListen.
    """
    tls = tls_context(settings.tls_certificate, settings.tls_key)
    async with AsyncExitStack() as stack:
        stack.enter_context(serving(settings.database_url))
        store = Store(settings.database_url, clock=clock)
        store.open()
        stack.push_async_callback(store.close)
        soon, places = asyncio.get_running_loop().call_soon, settings.viewers_per_call
        hub = Hub(clock=store.clock, wrap=frame, viewers_per_call=places, soon=soon)
        redactors = Redactors(store)
        await redactors.load()
        alert_rules = AlertRules(store)
        await alert_rules.load()
        quiet_us = settings.quiet_timeout * SECOND
        pipeline = Pipeline(store, hub, quiet_us=quiet_us, redactors=redactors.in_force, lookout=alert_rules.lookout)
        limits = Limits(**{name: getattr(settings, name) for name in LIMITS})
        gate = Gate(store, limits)
        passwords = Passwords(store, limits)
        stack.callback(passwords.close)
        heartbeat = Heartbeat()
        activity = SourceActivity(store)
        stack.push_async_callback(activity.write_down)
        audit = Audit(store)
        stack.push_async_callback(audit.close)
        sockets = listen(settings.address, settings.port)
        port = sockets[0].getsockname()[1]
        from_here = own_url(sockets[0], "https" if tls else "http")
        is_default = settings.public_url.endswith(":0")  # only now it is known where that is
        public_url = f"{settings.public_url.removesuffix(':0')}:{port}" if is_default else settings.public_url
        trial_calls = TrialCalls(store.clock, pipeline.hear, loopback_url=from_here, public_url=public_url)
        to_private = settings.alerts_to_private_addresses
        alert_sender = AlertSender(store, public_url=public_url, to_private=to_private)
        stack.push_async_callback(alert_sender.close)
        pipeline.when_alerted = alert_sender.wake
        services = Services(
            store=store,
            hub=hub,
            history=History(),
            pipeline=pipeline,
            limits=limits,
            gate=gate,
            passwords=passwords,
            heartbeat=heartbeat,
            activity=activity,
            audit=audit,
            redactors=redactors,
            alert_rules=alert_rules,
            alert_sender=alert_sender,
            trial_calls=trial_calls,
            searching=Searching(store),
            notes=Notes(store.clock),
            set_up=SetUp(store),
            epoch=await store.read(rights.epoch),
            public_url=public_url,
            messages_per_second=settings.messages_per_second,
            compression=settings.compression,
        )
        stack.push_async_callback(services.searching.close)
        max_files = open_files()
        entrance = Entrance(
            make_application(services),
            max_bytes=MAX_BODY_BYTES,
            trusted=settings.trusted_proxies,
            scheme="https" if tls else "http",
            quick=QuickPosts(services).take,
            has_room=lambda connections: connections + len(heartbeat) < max_files - SPARE_FILES,
        )
        http = EntranceServer(
            entrance,
            ssl_options=tls,
            max_body_size=1 << 62,  # the entrance is stricter, and answers
            max_header_size=MAX_HEADER_BYTES,
        )
        http.add_sockets(sockets)
        stack.push_async_callback(http.close_all_connections)
        stack.push_async_callback(gate.close, settings.shutdown_grace)
        stack.callback(http.stop)
        stack.push_async_callback(trial_calls.close)
        for work, every_ms in (
            (hub.tick, 250),
            (hub.tick_walls, 500),
            *((part.poll, 500) for part in (gate, redactors, alert_rules)),
            (alert_sender.tick, 1000),
            (pipeline.notice_silences, 1000),
            (services.searching.tick, 1000),
            (alert_sender.forget_old, 3_600_000),
            (entrance.tick, 1000),
            (gate.remember_use, 60_000),
            (activity.write_down, 5_000),
            (audit.write_down, 1_000),
            (pipeline.end_quiet_calls, min(60_000, settings.quiet_timeout * 250)),
            (lambda: store.write(rights.forget_expired, store.clock()), 60_000),
        ):
            timer = PeriodicCallback(work, every_ms)
            timer.start()
            stack.callback(timer.stop)
        heartbeat.start()
        stack.callback(heartbeat.stop)
        yield Server(services, public_url, from_here)


async def serve(settings: Settings, *, plays_demo: bool = False) -> None:
    """Serve until SIGTERM or SIGINT; then tell everyone, let them go, store what is queued, and return."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running(settings) as server:
        keep_pauses_short()
        print(f"Callboard is on {server.url}", flush=True)
        set_up = server.services.set_up
        if await set_up.is_due():
            print(f"No user yet: open {server.url}/first-run and enter the set-up code {set_up.code}", flush=True)
        async with demo.playing(server.services, server.own_url) if plays_demo else nullcontext():
            await stopped.wait()
        log.info("stopping")


def keep_pauses_short() -> None:
    """For a process that does nothing but serve from here on."""
    gc.collect()
    gc.freeze()  # what is there by now stays: the collector need not look at it again
    gc.set_threshold(GARBAGE)
    sys.setswitchinterval(SWITCH_S)


def run_serve(options: argparse.Namespace, settings: Settings) -> None:
    logging.getLogger().setLevel(settings.log_level)
    asyncio.run(serve(settings))


def run_run(options: argparse.Namespace, settings: Settings) -> None:
    """As `make run`: whoever tries Callboard out needs no other word."""
    demo.set_up(options, settings)
    logging.getLogger().setLevel(settings.log_level)
    asyncio.run(serve(settings, plays_demo=settings.demo))


def make_parser() -> Parser:
    """The whole command line: `serve` and the words of `commands`."""
    name = "callboard" if getattr(sys, "frozen", False) else "server.py"  # frozen: the one file of `make binary`
    parser = Parser(prog=name, description="Callboard streams phone calls' transcripts live.")
    words = parser.add_subparsers(metavar="WORD", required=True)
    says = "Serve pages, sockets and webhooks until SIGTERM or Ctrl-C. Makes and migrates the database."
    example = "python server.py serve --port 8000 --database-url sqlite:////var/lib/callboard/board.db"
    served = [field.name for field in FIELDS if field.name != "demo"]  # `serve` never plays any
    add_flags(add_command(words, "serve", run_serve, "serve until stopped", says=says, example=example), *served)
    says = (
        "Do `setup` where there are no users yet, then serve until SIGTERM or Ctrl-C. Where the database was empty,\n"
        "demo calls play, also at the next `run`, until `demo erase` or --no-demo. `make run` calls it."
    )
    example = "python server.py run --no-demo"
    add_flags(add_command(words, "run", run_run, "set up, serve, play demo calls", says=says, example=example))
    commands.add_words(words)
    return parser


def main(arguments: list[str]) -> int:
    """Run one word of the command line; its exit status. 2 for a wrong word, flag or setting, said in one line."""
    options = make_parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("tornado.general").setLevel(logging.ERROR)  # below it, it quotes what strangers send
    try:
        status = commands.run(options, read_settings(options))
        print(end="", flush=True)  # so that a reader who has gone is noticed here
        return status
    except DatabaseUnreachable as problem:
        print(f"--database-url (CALLBOARD_DATABASE_URL): the database cannot be used: {problem}", file=sys.stderr)
    except (SettingError, CannotListen, Refused, AlreadyServed, DatabaseTooNew, Unavailable) as problem:
        print(problem, file=sys.stderr)
    except BrokenPipeError:  # whoever read our output has gone; so that the interpreter's last flush doesn't complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
