"""Everything that serves: opened in order, closed in reverse."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from events import SECOND
from handlers.alert_rules import AlertRules
from handlers.alert_sender import AlertSender
from handlers.audit import Audit
from handlers.checkup import Checkup
from handlers.elsewhere import Elsewhere, redis_relay
from handlers.entrance import Entrance
from handlers.entrance_server import EntranceServer
from handlers.erasing import Erasing
from handlers.frames import frame
from handlers.gate import Gate
from handlers.heartbeat import Heartbeat
from handlers.history import History
from handlers.last_words import LastWords
from handlers.limits import Limits
from handlers.listening import listen, own_url, tls_context
from handlers.loop_lag import LoopLag
from handlers.notes import Notes
from handlers.passwords import Passwords
from handlers.process import open_files
from handlers.prometheus import metrics_server
from handlers.quick_posts import QuickPosts
from handlers.redactors import Redactors
from handlers.retention import Retention
from handlers.rounds import start_rounds
from handlers.routes import make_application
from handlers.searching import Searching
from handlers.services import Services
from handlers.set_up_code import SetUp
from handlers.source_activity import SourceActivity
from handlers.systemd import NOTHING, Handed
from handlers.trial_calls import TrialCalls
from hub import Hub
from metrics import Numbers
from models import Store, rights
from models.database import serving
from models.store import wall_clock
from pipeline import Pipeline
from settings import Settings

MAX_BODY_BYTES = 20 << 20  # 500 transcripts of 32 KiB, with room for escapes
MAX_HEADER_BYTES = 16 << 10
ROUND_AFTER_S = 60  # the first round of retention, after a start: those who come back go first
SPREAD = 0.8  # of the shutdown's grace: the last still have time to leave
SPARE_FILES = 200  # of those that the process may have open, for everything but clients: database, log, modules

LIMITS = ("attempts_per_address", "failures_per_address", "passwords_per_account", "requests_per_key")


class Server:
    """A listening Callboard. `url` is where it is, with the port that was really bound; `own_url` leads to it from
    this machine, whatever it is called by others; `metrics_url` to its numbers, None where they are told nowhere."""

    def __init__(self, services: Services, url: str, own_url: str, metrics_url: str | None = None):
        self.services, self.url, self.own_url, self.metrics_url = services, url, own_url, metrics_url


@asynccontextmanager
async def running(
    settings: Settings, *, clock: Callable[[], int] = wall_clock, handed: Handed = NOTHING
) -> AsyncIterator[Server]:
    """A Server, for as long as the block lasts. What was `handed` goes before the settings' addresses and ports.

    Raises AlreadyServed, DatabaseTooNew, DatabaseUnreachable, CannotListen.
    """
    tls = tls_context(settings.tls_certificate, settings.tls_key)
    async with AsyncExitStack() as stack:
        for each in (*handed.doors, *handed.metrics):
            stack.enter_context(each)  # whoever closes them first
        stack.enter_context(serving(settings.database_url))
        numbers = Numbers()
        store = Store(settings.database_url, clock=clock, numbers=numbers)
        store.open()
        stack.push_async_callback(store.close)
        sockets = handed.doors or listen(settings.address, settings.port)
        own = own_url(sockets[0], "https" if tls else "http")
        public_url, port = settings.public_url, sockets[0].getsockname()[1]
        if public_url.endswith(f"://localhost:{settings.port}"):  # the default; only now it is known where that is
            public_url = f"{public_url.removesuffix(str(settings.port))}{port}"
        services = await _services(stack, settings, store, numbers, public_url=public_url, own=own)
        elsewhere = Elsewhere(store, services.hub)
        if settings.redis_url:
            relay = redis_relay(settings.redis_url, services.epoch, services.hub, elsewhere, numbers)
            stack.push_async_callback(relay.close)
        metrics_url = _tell_numbers(stack, settings, services, handed.metrics)
        entrance = _open_doors(stack, settings, services, sockets, tls)
        _start_rounds(stack, settings, services, entrance, elsewhere)
        yield Server(services, public_url, own, metrics_url)


async def _services(
    stack: AsyncExitStack, settings: Settings, store: Store, numbers: Numbers, *, public_url: str, own: str
) -> Services:
    soon, places = asyncio.get_running_loop().call_soon, settings.viewers_per_call
    hub = Hub(clock=store.clock, wrap=frame, viewers_per_call=places, soon=soon, numbers=numbers)
    redactors = Redactors(store)
    await redactors.load()
    alert_rules = AlertRules(store)
    await alert_rules.load()
    pipeline = Pipeline(
        store,
        hub,
        quiet_us=settings.quiet_timeout * SECOND,
        redactors=redactors.in_force,
        lookout=alert_rules.lookout,
        numbers=numbers,
    )
    limits = Limits(**{name: getattr(settings, name) for name in LIMITS})
    gate = Gate(store, limits)
    passwords = Passwords(store, limits)
    stack.callback(passwords.close)
    activity = SourceActivity(store)
    stack.push_async_callback(activity.write_down)
    audit = Audit(store)
    stack.push_async_callback(audit.close)
    alert_sender = AlertSender(
        store, public_url=public_url, to_private=settings.alerts_to_private_addresses, numbers=numbers
    )
    stack.push_async_callback(alert_sender.close)
    pipeline.when_alerted = alert_sender.wake
    last_words = LastWords(store, pipeline)
    stack.push_async_callback(last_words.close)
    pipeline.when_ended = last_words.tell
    searching = Searching(store)
    stack.push_async_callback(searching.close)
    history = History()
    erasing = Erasing(store, hub, pipeline, history)
    stack.push_async_callback(erasing.close)
    retention = Retention(store)
    stack.push_async_callback(retention.close)
    return Services(
        store=store,
        hub=hub,
        history=history,
        pipeline=pipeline,
        limits=limits,
        gate=gate,
        passwords=passwords,
        heartbeat=Heartbeat(numbers=numbers),
        activity=activity,
        audit=audit,
        redactors=redactors,
        alert_rules=alert_rules,
        alert_sender=alert_sender,
        trial_calls=TrialCalls(store.clock, pipeline.hear, loopback_url=own, public_url=public_url),
        searching=searching,
        erasing=erasing,
        retention=retention,
        notes=Notes(store.clock),
        set_up=SetUp(store),
        numbers=numbers,
        checkup=Checkup(store, gate),
        epoch=await store.read(rights.epoch),
        public_url=public_url,
        messages_per_second=settings.messages_per_second,
        compression=settings.compression,
    )


def _tell_numbers(
    stack: AsyncExitStack, settings: Settings, services: Services, handed: Sequence[socket.socket]
) -> str | None:
    """Where Prometheus asks; until the very end, so that it sees the server drain."""
    if settings.metrics_port is None and not handed:
        return None
    named = "--metrics-address, --metrics-port"
    sockets = handed or listen(settings.metrics_address, settings.metrics_port, named=named)
    server = metrics_server(services)
    server.add_sockets(sockets)
    stack.push_async_callback(server.close_all_connections)
    stack.callback(server.stop)
    return own_url(sockets[0], "http") + "/metrics"


def _open_doors(
    stack: AsyncExitStack,
    settings: Settings,
    services: Services,
    sockets: Sequence[socket.socket],
    tls: ssl.SSLContext | None,
) -> Entrance:
    max_files = open_files()
    entrance = Entrance(
        make_application(services),
        max_bytes=MAX_BODY_BYTES,
        trusted=settings.trusted_proxies,
        scheme="https" if tls else "http",
        quick=QuickPosts(services).take,
        has_room=lambda connections: connections + len(services.heartbeat) < max_files - SPARE_FILES,
        numbers=services.numbers,
    )
    http = EntranceServer(
        entrance,
        ssl_options=tls,
        max_body_size=1 << 62,  # the entrance is stricter, and answers
        max_header_size=MAX_HEADER_BYTES,
    )
    http.add_sockets(sockets)
    stack.push_async_callback(http.close_all_connections)

    async def let_go() -> None:
        grace_s = settings.shutdown_grace
        spread_s = grace_s * SPREAD if settings.redis_url else 0  # where there are other nodes to go to
        await asyncio.gather(services.gate.close(grace_s, spread_s), http.serve_out(grace_s))

    stack.push_async_callback(let_go)
    stack.callback(http.stop)
    stack.push_async_callback(services.trial_calls.close)
    return entrance


def _start_rounds(
    stack: AsyncExitStack, settings: Settings, services: Services, entrance: Entrance, elsewhere: Elsewhere
) -> None:
    """What is done again and again."""
    store, hub, pipeline = services.store, services.hub, services.pipeline
    for work, every_ms in (
        (hub.tick, 250),
        (hub.walls.tick, 500),
        *((part.poll, 500) for part in (services.gate, services.redactors, services.alert_rules, services.erasing)),
        *(((elsewhere.poll, 1000),) if store.is_shared else ()),
        (services.alert_sender.tick, 1000),
        (pipeline.notice_silences, 1000),
        *((tick, 1000) for tick in (services.searching.tick, hub.companies.tick)),
        (services.alert_sender.forget_old, 3_600_000),
        (services.erasing.clean, 5_000),
        (services.retention.run, 3_600_000),
        (entrance.tick, 1000),
        (services.gate.remember_use, 60_000),
        (services.activity.write_down, 5_000),
        (services.audit.write_down, 1_000),
        (pipeline.end_quiet_calls, min(60_000, settings.quiet_timeout * 250)),
        (lambda: store.write(rights.forget_expired, store.clock()), 60_000),
    ):
        stack.callback(start_rounds(work, every_ms).stop)
    first_round = asyncio.get_running_loop().call_later(ROUND_AFTER_S, services.retention.start)
    stack.callback(first_round.cancel)
    for part in (services.heartbeat, LoopLag(services.numbers)):
        part.start()
        stack.callback(part.stop)
