"""METRICS: every number that is told of the server, in one list, which docs/operations.md repeats.

No label is anything that a caller sent or the name of a customer, and each has few values.
"""

import platform
from collections.abc import Callable
from functools import partial
from typing import Literal, NamedTuple

from handlers import process
from handlers.services import Services
from metrics import Family, Value
from models.vitals import Vitals
from version import VERSION, commit


class Seen(NamedTuple):
    """What is known at one moment."""

    services: Services
    is_ready: bool
    vitals: Vitals | None  # None: the database does not answer
    process: process.Process


class Metric(NamedTuple):
    family: Family
    value: Callable[[Seen], Value]


async def look(services: Services) -> list[tuple[Family, Value]]:
    """Every number as it is now, within seconds even where the database hangs."""
    is_ready = await services.checkup.hindrance() is None
    vitals = await services.checkup.vitals() if is_ready else None
    seen = Seen(services, is_ready, vitals, await process.look())
    return [(metric.family, metric.value(seen)) for metric in METRICS]


def _metric(
    kind: Literal["counter", "gauge", "histogram"],
    name: str,
    help_: str,
    value: Callable[[Seen], Value],
    *labels: str,
) -> Metric:
    return Metric(Family(name, kind, help_, labels), value)


def _of_database(read: Callable[[Vitals], float | None]) -> Callable[[Seen], Value]:
    return lambda seen: None if seen.vitals is None else read(seen.vitals)


def _events(seen: Seen) -> Value:
    kinds, heard = ("final", "interim", "status", "other"), seen.services.numbers.heard
    return {(source, kind): getattr(counts, kind) for source, counts in heard.items() for kind in kinds}


def _sockets(seen: Seen) -> Value:
    return {"viewer": 0, "feed": 0, "producer": 0} | seen.services.gate.open_sockets()


def _search_lag_s(seen: Seen) -> Value:
    if seen.vitals is None:
        return None
    since = seen.vitals.search_behind_since
    return 0.0 if since is None else max(0, seen.services.store.clock() - since) / 1_000_000


def _limited(seen: Seen) -> Value:
    return seen.services.limits.refused | {"messages_per_second": seen.services.numbers.messages_limited}


_counter, _gauge, _histogram = (partial(_metric, kind) for kind in ("counter", "gauge", "histogram"))

METRICS = (
    _gauge(
        *("callboard_build_info", "1; which Callboard this is"),
        lambda seen: {(VERSION, commit(), platform.python_version()): 1},
        *("version", "commit", "python"),
    ),
    _gauge("callboard_ready", "1 while it can serve, as /readyz tells; else 0", lambda seen: int(seen.is_ready)),
    _gauge(
        *("callboard_calls_in_progress", "running calls, of all nodes on this database"),
        _of_database(lambda vitals: vitals.calls_in_progress),
    ),
    _gauge("callboard_sockets", "open WebSockets: viewers of calls, of the feed, producers", _sockets, "socket"),
    _gauge(
        *("callboard_viewers_catching_up", "viewers of calls that read the log: they came just now, or are slow"),
        lambda seen: seen.services.hub.catching_up,
    ),
    _counter(
        *("callboard_events_total", "what was heard of calls, repeats included; other: facts of a call"),
        *(_events, "source", "kind"),
    ),
    _counter(
        *("callboard_rejected_total", "what sources and producers sent and was not taken"),
        *(lambda seen: seen.services.numbers.rejected, "source", "reason"),
    ),
    _counter(
        *("callboard_messages_sent_total", "messages handed to viewers of calls as they came; history does not count"),
        lambda seen: seen.services.numbers.messages_sent,
    ),
    _histogram(
        *("callboard_deliver_seconds", "from the receipt of an event until its viewers were sent it, stored if final"),
        lambda seen: seen.services.numbers.deliver_s,
    ),
    _counter(
        *("callboard_fallbacks_total", "times that a viewer went back to reading the log: too slow, or a hole"),
        lambda seen: seen.services.numbers.fallbacks,
    ),
    _gauge(
        *("callboard_redis_up", "1 while news goes to the other nodes by Redis and back; nothing where there is none"),
        lambda seen: None if (is_up := seen.services.hub.relay.is_up) is None else int(is_up),
    ),
    _counter(
        *("callboard_dropped_total", "connections given up, unfinished words left out for slow viewers, news to nodes"),
        *(lambda seen: seen.services.numbers.dropped, "what", "reason"),
    ),
    _histogram(
        *("callboard_commit_writes", "writes in one commit"),
        lambda seen: seen.services.numbers.commit_writes,
    ),
    _histogram(
        *("callboard_commit_seconds", "what one commit took, with the work in it"),
        lambda seen: seen.services.numbers.commit_s,
    ),
    _counter(
        *("callboard_commits_failed_total", "commits that failed; whoever waited for them was told to try again"),
        lambda seen: seen.services.numbers.commits_failed,
    ),
    _gauge("callboard_write_queue", "writes that wait for the next commit", lambda seen: seen.services.store.queued),
    _gauge(
        *("callboard_database_bytes", "size of the database; on SQLite with its write-ahead log"),
        _of_database(lambda vitals: vitals.database_bytes),
    ),
    _gauge(
        *("callboard_database_free_bytes", "free on the disk of the database; SQLite only"),
        _of_database(lambda vitals: vitals.free_bytes),
    ),
    _gauge("callboard_search_lag_seconds", "age of the oldest words that search cannot find yet", _search_lag_s),
    _gauge(
        *("callboard_alert_deliveries_waiting", "deliveries of alerts still to be made, of all nodes"),
        _of_database(lambda vitals: vitals.deliveries_waiting),
    ),
    _counter(
        *("callboard_alert_deliveries_total", "deliveries of alerts: arrived, to be retried, failed for good"),
        *(lambda seen: seen.services.numbers.deliveries, "outcome"),
    ),
    _counter(
        *("callboard_http_requests_total", "requests answered, and handshakes of WebSockets (1xx)"),
        *(lambda seen: seen.services.numbers.requests, "route", "method", "status"),
    ),
    _counter("callboard_rate_limited_total", "what a limit refused, by its setting", _limited, "limit"),
    _counter(
        *("callboard_websocket_closes_total", "WebSockets that ended, by code; 1006: without a Close"),
        *(lambda seen: seen.services.numbers.closes, "socket", "code"),
    ),
    _counter(
        *("callboard_websocket_refusals_total", "WebSockets that we ended with an error message"),
        *(lambda seen: seen.services.numbers.refusals, "socket", "error"),
    ),
    _histogram(
        *("callboard_loop_lag_seconds", "how late the event loop was, looked at once a second"),
        lambda seen: seen.services.numbers.loop_lag_s,
    ),
    _gauge(
        *("process_resident_memory_bytes", "memory of the process; Linux only"), lambda seen: seen.process.memory_bytes
    ),
    _counter("process_cpu_seconds_total", "user and system time of the process", lambda seen: seen.process.cpu_s),
    _gauge("process_open_fds", "files and sockets that are open; Linux only", lambda seen: seen.process.open_files),
    _gauge("process_max_fds", "how many may be", lambda seen: seen.process.max_files),
    _gauge(
        *("process_start_time_seconds", "when the process started, since the Unix epoch"),
        lambda seen: seen.process.started_at,
    ),
)
