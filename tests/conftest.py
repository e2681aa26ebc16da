"""Fixtures: a strict loop for every async test, real databases, a real server."""

import asyncio
import gc
import inspect
import os
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import psycopg2
import pytest
from hypothesis import HealthCheck
from tornado.ioloop import IOLoop

import log_reader
from house import Furniture, House, open_house
from long_tests import LONG, THOROUGH
from models import store
from patience import TEST_S
from postgres import installed, running_postgres
from redis_server import RedisServer, redis_program, running_redis

# One slow disk holds up the commits of all tests at once; what must be on a disk (a crash, a full one) sees to that.
MEMORY, ENOUGH_BYTES = Path("/dev/shm"), 4 << 30
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ENOUGH_BYTES:
    os.environ["TMPDIR"], tempfile.tempdir = str(MEMORY), None
store.COMMIT_TIMEOUT_S = 30.0  # s: no test is about how fast the machine is; those about the limit set their own
NOT_CHECKED = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]  # no example may be late, or leave anything
hypothesis.settings.register_profile("ours", deadline=None, database=None, suppress_health_check=NOT_CHECKED)
hypothesis.settings.load_profile("ours")
SHARED = Path(os.environ.get("CALLBOARD_SHARED", Path(__file__).parent.parent.parent / "shared"))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI a skipped test is a failure: there everything that the tests need is installed."""
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    if os.environ.get("CI") == "true" and exitstatus == 0 and reporter and reporter.stats.get("skipped"):
        session.exitstatus = 1


@pytest.hookimpl(tryfirst=True)  # before pytest itself leaves out what is not asked for
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`async def test_…` runs on the `io_loop` fixture without being marked; LONG and THOROUGH tests are marked."""
    for item in items:
        for names, mark in ((LONG, pytest.mark.long), (THOROUGH, pytest.mark.thorough)):
            if item.path.stem.removeprefix("test_") in names:
                item.add_marker(mark)
        if inspect.iscoroutinefunction(getattr(item, "obj", None)) and not item.get_closest_marker("gen_test"):
            item.add_marker(pytest.mark.gen_test(timeout=TEST_S))


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no collection of garbage looks at it again, and every test on a loop makes one."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def io_loop() -> Iterator[IOLoop]:
    """pytest-tornado's fixture made strict: a background task that died fails the test, leftovers are cancelled."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    failures: list[dict] = []
    loop.set_exception_handler(lambda _, context: failures.append(context))
    io_loop = IOLoop(asyncio_loop=loop, make_current=False)
    try:
        yield io_loop
        left_over = asyncio.all_tasks(loop)
        for task in left_over:
            task.cancel()
        if left_over:
            loop.run_until_complete(asyncio.gather(*left_over, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.run_until_complete(loop.shutdown_default_executor())
        gc.collect()  # "exception was never retrieved" is said now, not in a later test
    finally:
        io_loop.close(all_fds=True)
        asyncio.set_event_loop(None)
    if failures:
        pytest.fail(f"background failure: {failures[0]!r}")


@pytest.fixture(autouse=True)
def what_is_logged() -> Iterator[log_reader.LogReader]:
    """Read when the test is over, and everything it used is closed."""
    with log_reader.reading() as reader:
        yield reader
    assert not (told := reader.findings()), "\n".join(["the log tells", *told])


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    if not (os.environ.get("CALLBOARD_TEST_POSTGRES_URL") or installed()):
        pytest.skip("PostgreSQL is not installed")
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_server() -> Iterator[RedisServer]:
    """One for all tests; who stops or freezes one takes a `running_redis` of its own."""
    if redis_program() is None:
        pytest.skip("Redis is not installed")
    with running_redis() as server:
        yield server


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """An empty Redis."""
    redis_server.ask("FLUSHALL")
    return redis_server.url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/board.db"


@pytest.fixture
def new_postgres_database(postgres_url: str) -> Iterator[Callable[[], str]]:
    with _new_databases(postgres_url) as make:
        yield make


@pytest.fixture(scope="module")
def module_postgres_database(postgres_url: str) -> Iterator[Callable[[], str]]:
    """As `new_postgres_database`, for a whole file."""
    with _new_databases(postgres_url) as make:
        yield make


@contextmanager
def _new_databases(postgres_url: str) -> Iterator[Callable[[], str]]:
    made: list[str] = []

    def make(template: str = "template1") -> str:
        name = "test_" + uuid.uuid4().hex[:12]
        _execute(postgres_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        made.append(name)
        return urlsplit(postgres_url)._replace(path="/" + name).geturl()

    yield make
    for name in made:
        _execute(postgres_url, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A new empty database, once of each kind."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_url")
    return request.getfixturevalue("new_postgres_database")()


def _furnish(url: str) -> Furniture:
    async def furnish() -> Furniture:
        async with open_house(url) as house:
            return await house.furnish()

    loop = asyncio.new_event_loop()  # `asyncio.run` would put away the loop of the test that asked first
    try:
        return loop.run_until_complete(furnish())
    finally:
        loop.close()


@pytest.fixture(scope="session")
def furniture(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Furniture]:
    """A furnished SQLite database to copy: hashing a password and migrating anew would be most of many a test."""
    path = tmp_path_factory.mktemp("furniture") / "board.db"
    return path, _furnish(f"sqlite:///{path}")


@pytest.fixture(scope="session")
def postgres_furniture(postgres_url: str) -> Iterator[tuple[str, Furniture]]:
    """The name of a furnished PostgreSQL database, which may be a template of others."""
    with _new_databases(postgres_url) as make:
        url = make()
        yield urlsplit(url).path[1:], _furnish(url)


@pytest.fixture
def house(io_loop: IOLoop, sqlite_url: str, furniture: tuple[Path, Furniture]) -> Iterator[House]:
    """A furnished server on SQLite."""
    template, furnished = furniture
    shutil.copy(template, sqlite_url.removeprefix("sqlite:///"))
    yield from _house(io_loop, sqlite_url, furnished)


@pytest.fixture
def open_furnished(sqlite_url: str, furniture: tuple[Path, Furniture]) -> Callable[..., AbstractAsyncContextManager]:
    """As `house`, to be opened by the test itself with settings of its own."""
    template, furnished = furniture

    @asynccontextmanager
    async def enter(**settings: object) -> AsyncIterator[House]:
        shutil.copy(template, sqlite_url.removeprefix("sqlite:///"))
        async with open_house(sqlite_url, **settings) as house:
            house.furniture = furnished
            yield house

    return enter


@pytest.fixture(params=["sqlite", "postgresql"])
def either_house(request: pytest.FixtureRequest, io_loop: IOLoop) -> Iterator[House]:
    """A furnished server, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        yield request.getfixturevalue("house")
        return
    template, furnished = request.getfixturevalue("postgres_furniture")
    url = request.getfixturevalue("new_postgres_database")(template)
    yield from _house(io_loop, url, furnished)


@pytest.fixture
def shared() -> Path:
    """The folder with samples and recorded calls that are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f"no shared folder with samples beside the project ({SHARED.name}; CALLBOARD_SHARED names another)")
    return SHARED


def _house(io_loop: IOLoop, url: str, furnished: Furniture) -> Iterator[House]:
    stack = AsyncExitStack()

    async def enter() -> House:
        house = await stack.enter_async_context(open_house(url))
        house.furniture = furnished
        return house

    yield io_loop.run_sync(enter)
    io_loop.run_sync(stack.aclose)


def _execute(url: str, sql: str) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql)
    finally:
        connection.close()
