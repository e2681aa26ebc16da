"""What is measured, one Work for a row or more of the table: who does it, with how many calls and viewers."""

from typing import Literal, NamedTuple

Kind = Literal["publish", "feed", "open", "store"]
SOCKET = ("-x", "socket", "-c", "4", "-w", "64")  # producers, and what each may have unanswered
POST = ("-x", "post", "-c", "64", "-w", "1")


class Contender(NamedTuple):
    """A server in a role; `name` is what the table calls it."""

    name: str
    server: str = "ours"
    load: tuple[str, ...] = ()
    environment: dict[str, str] = {}  # noqa: RUF012 — never changed
    calls: int | None = None  # None: as many as the work has
    viewers: int | None = None  # of each call


class Work(NamedTuple):
    """`publish`: the server publishes in its own process. `feed`: the load publishes. `open`: viewers come, and that
    is all. `store`: no server, bench/stored.py. `unit` is the figure by which contenders are compared."""

    name: str
    title: str
    kind: Kind
    calls: int
    viewers: int
    unit: str
    contenders: tuple[Contender, ...]
    load: tuple[str, ...] = ()
    environment: dict[str, str] = {}  # noqa: RUF012


STORES = {"STORES": "1"}
MANY = {"VIEWERS_PER_CALL": "10000"}
LOOK = ("-z", "500")  # µs

WORKS = {
    work.name: work
    for work in (
        Work(
            *("fanout", "500 calls × 10 viewers, one event at a time, published in the process", "publish", 500, 10),
            "us_per_message",
            (
                Contender("floor", "floor"),
                Contender("ours"),
                Contender("websockets", "websockets"),
                Contender("node", "node"),
                Contender("tornado", "tornado"),
                Contender("fastapi", "fastapi"),
            ),
            LOOK,
        ),
        Work(
            *("interims", "500 calls × 10 viewers, interims by the producer socket", "feed", 500, 10),
            "us_per_message",
            (Contender("ours"), Contender("fastapi", "fastapi")),
            (*SOCKET, "-f", "interim", *LOOK),
        ),
        Work(
            *("user-space", "as fanout, without the kernel's part", "publish", 500, 10, "us_per_message"),
            (Contender("ours", environment={"PRELOAD": "nullsend.so"}),),
            LOOK,
        ),
        Work(
            *("burst", "1 call × 1,000 viewers, 10 events in one turn of the loop", "publish", 1, 1000),
            "us_per_message",
            (Contender("floor", "floor"), Contender("ours"), Contender("fastapi", "fastapi")),
            LOOK,
            MANY | {"BATCH": "10", "TICKS": "50"},
        ),
        Work(
            *(
                "durable",
                "1,000 calls × 2 viewers, finals by socket, stored (SQLite FULL), then shown",
                "feed",
                1000,
                2,
            ),
            "us_per_event",
            (
                Contender("ours", load=("-f", "final")),
                Contender("ours-interims", load=("-f", "interim")),  # the same without storing
                Contender("fastapi", "fastapi", load=("-f", "final")),
                Contender("fastapi-stores", "fastapi", ("-f", "final"), STORES),
            ),
            SOCKET,
        ),
        Work(
            *("post", "1,000 calls × 2 viewers, one final a POST, stored (SQLite FULL), then shown", "feed", 1000, 2),
            "us_per_event",
            (
                Contender("ours"),
                Contender("fastapi", "fastapi"),
                Contender("fastapi-stores", "fastapi", environment=STORES),
            ),
            (*POST, "-f", "final"),
        ),
        Work(
            *("latency", "1,000 finals a second by POST, stored, until a viewer has them", "feed", 1000, 2, "p50_ms"),
            (Contender("ours"), Contender("fastapi-stores", "fastapi", environment=STORES)),
            (*POST, "-f", "final", "-r", "1000"),
        ),
        Work(
            *("store", "finals into the store, 64 in flight", "store", 1000, 0, "events_per_s"),
            (
                Contender("sqlite-group", environment={"DATABASE": "sqlite", "HOW": "group"}),
                Contender("sqlite-each", environment={"DATABASE": "sqlite", "HOW": "each"}),
                Contender("postgresql-group", environment={"DATABASE": "postgresql", "HOW": "group"}),
                Contender("postgresql-each", environment={"DATABASE": "postgresql", "HOW": "each"}),
            ),
        ),
        Work(
            *("idle", "10,000 viewers of 1,000 calls, nothing said", "open", 1000, 10, "kib_per_viewer"),
            (Contender("ours"), Contender("tornado", "tornado"), Contender("fastapi", "fastapi")),
        ),
        Work(
            *("many", "5,000 calls at once × 2 viewers, finals by socket", "feed", 5000, 2, "memory_mib"),
            (Contender("ours"),),
            (*SOCKET, "-f", "final", "-r", "1000"),
        ),
        Work(
            *("history", "2,000 segments to each of 50 who come to one call", "open", 1, 50, "us_per_viewer"),
            (Contender("ours"), Contender("memory", "tornado")),
            environment=MANY | {"HISTORY": "2000"},
        ),
        Work(
            *("calls", "finals by socket, one viewer a call", "feed", 100, 1, "us_per_event"),
            (Contender("100"), Contender("10000", calls=10_000)),
            (*SOCKET, "-f", "final"),
        ),
    )
}
