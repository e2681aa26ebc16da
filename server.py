"""Callboard's main: `serve` opens everything, serves, drains, and closes in reverse; other words are commands."""

import argparse
import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from tornado.httpserver import HTTPServer
from tornado.ioloop import PeriodicCallback
from tornado.netutil import bind_sockets

import commands
from commands.parser import Parser, add_command
from events import SECOND, Refused, Unavailable
from handlers.frames import frame
from handlers.gate import Gate
from handlers.heartbeat import Heartbeat
from handlers.routes import make_application
from handlers.services import Services
from hub import Hub
from models import Store, rights
from models.database import AlreadyServed, DatabaseTooNew, DatabaseUnreachable, serving
from models.store import wall_clock
from pipeline import Pipeline
from settings import SettingError, Settings, add_flags, read_settings

IDLE_REQUEST_S = 75  # a connection without a request is closed; longer than proxies keep theirs open, 60 s
MAX_BODY_BYTES = 20 << 20  # 500 transcripts of 32 KiB, with room for escapes
MAX_HEADER_BYTES = 16 << 10

log = logging.getLogger("callboard")


class Server:
    """A listening Callboard. `url` is where it is, with the port that was really bound."""

    def __init__(self, services: Services, url: str):
        self.services, self.url = services, url


@asynccontextmanager
async def running(settings: Settings, *, clock: Callable[[], int] = wall_clock) -> AsyncIterator[Server]:
    """A Server, for as long as the block lasts: everything is opened in order and closed in reverse.

    Raises AlreadyServed, DatabaseTooNew, DatabaseUnreachable, SettingError (an address that cannot be listened on).
    """
    async with AsyncExitStack() as stack:
        stack.enter_context(serving(settings.database_url))
        store = Store(settings.database_url, clock=clock)
        store.open()
        stack.push_async_callback(store.close)
        hub = Hub(clock=store.clock, wrap=frame, viewers_per_call=settings.viewers_per_call)
        pipeline = Pipeline(store, hub, quiet_us=settings.quiet_timeout * SECOND)
        gate = Gate(store)
        heartbeat = Heartbeat()
        sockets = listen(settings)
        port = sockets[0].getsockname()[1]
        is_default = settings.public_url.endswith(":0")  # only now it is known where that is
        public_url = f"{settings.public_url.removesuffix(':0')}:{port}" if is_default else settings.public_url
        services = Services(
            store=store,
            hub=hub,
            pipeline=pipeline,
            gate=gate,
            heartbeat=heartbeat,
            epoch=await store.read(rights.epoch),
            public_url=public_url,
            messages_per_second=settings.messages_per_second,
        )
        http = HTTPServer(
            make_application(services),
            idle_connection_timeout=IDLE_REQUEST_S,
            max_body_size=MAX_BODY_BYTES,
            max_header_size=MAX_HEADER_BYTES,
        )
        http.add_sockets(sockets)
        stack.push_async_callback(http.close_all_connections)
        stack.push_async_callback(gate.close, settings.shutdown_grace)
        stack.callback(http.stop)
        for work, every_ms in (
            (hub.tick, 250),
            (gate.poll, 500),
            (gate.remember_use, 60_000),
            (pipeline.end_quiet_calls, min(60_000, settings.quiet_timeout * 250)),
            (lambda: store.write(rights.forget_expired, store.clock()), 60_000),
        ):
            timer = PeriodicCallback(work, every_ms)
            timer.start()
            stack.callback(timer.stop)
        heartbeat.start()
        stack.callback(heartbeat.stop)
        yield Server(services, public_url)


def listen(settings: Settings) -> list[socket.socket]:
    try:
        return bind_sockets(settings.port, settings.address, backlog=1024)
    except (OSError, ValueError) as problem:  # ValueError: not even a name
        where = f"{settings.address!r}, port {settings.port}"
        raise SettingError(f"--address, --port: cannot listen on {where}: {problem}") from None


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then tell everyone, let them go, store what is queued, and return."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with running(settings) as server:
        print(f"Callboard is on {server.url}", flush=True)
        await stopped.wait()
        log.info("stopping")


def run_serve(options: argparse.Namespace, settings: Settings) -> None:
    logging.getLogger().setLevel(settings.log_level)
    asyncio.run(serve(settings))


def make_parser() -> Parser:
    """The whole command line: `serve` and the words of `commands`."""
    parser = Parser(prog="server.py", description="Callboard streams phone calls' transcripts live.")
    words = parser.add_subparsers(metavar="WORD", required=True)
    says = "Serve pages, sockets and webhooks until SIGTERM or Ctrl-C. Makes and migrates the database."
    example = "python server.py serve --port 8000 --database-url sqlite:////var/lib/callboard/board.db"
    add_flags(add_command(words, "serve", run_serve, "serve until stopped", says=says, example=example))
    commands.add_words(words)
    return parser


def main(arguments: list[str]) -> int:
    """Run one word of the command line; its exit status. 2 for a wrong word, flag or setting, said in one line."""
    options = make_parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    try:
        status = commands.run(options, read_settings(options))
        print(end="", flush=True)  # so that a reader who has gone is noticed here
        return status
    except DatabaseUnreachable as problem:
        print(f"--database-url (CALLBOARD_DATABASE_URL): the database cannot be used: {problem}", file=sys.stderr)
    except (SettingError, Refused, AlreadyServed, DatabaseTooNew, Unavailable) as problem:
        print(problem, file=sys.stderr)
    except BrokenPipeError:  # whoever read our output has gone; so that the interpreter's last flush doesn't complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
