"""Opening and migrating: the schema is that of the tables, one process at a time makes it, one server serves it."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from models import Store, alert_tables, note_tables, redaction_tables, retention_tables, rights, tables
from models.database import (
    MIGRATIONS,
    AlreadyServed,
    DatabaseTooNew,
    is_sqlite,
    migrate,
    open_database,
    serving,
    sqlite_path,
    write_transaction,
)
from patience import PATIENCE_S

HOME = Path(__file__).parent.parent
TABLES = (
    *(*tables.TABLES, *alert_tables.TABLES, *redaction_tables.TABLES),
    *(*note_tables.TABLES, *retention_tables.TABLES),
)
MIGRATE = """
import sys
from models.database import migrate, open_database
print(len(migrate(open_database(sys.argv[1]))))
"""
ADMINISTER = """
import sys
from models import accounts
from models.database import open_database, write_transaction
db = open_database(sys.argv[1])
db.connect()
print("begun", flush=True)
with write_transaction(db):
    accounts.create_organization(db, 1, sys.argv[2])
"""


@pytest.fixture
def another_url(request, database_url, tmp_path) -> str:
    """A second empty database of the same kind."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/another.db"
    return request.getfixturevalue("new_postgres_database")()


def start(program: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", program, *arguments], cwd=HOME, stdout=subprocess.PIPE, text=True)


def schema(db) -> dict[str, tuple]:
    """Everything about the tables that an application can notice, by table."""
    return {
        table: (
            sorted((c.name, c.data_type.upper(), c.null, c.primary_key, c.default) for c in db.get_columns(table)),
            sorted((tuple(i.columns), i.unique) for i in db.get_indexes(table)),
            sorted((f.column, f.dest_table, f.dest_column) for f in db.get_foreign_keys(table)),
        )
        for table in db.get_tables()
        if "migration" not in table and not table.startswith(("entry_terms", "sqlite_"))  # each kind has its own
    }


def test_the_migrated_schema_is_that_of_the_tables(database_url, another_url):
    migrated, defined = open_database(database_url), open_database(another_url)
    with migrated.connection_context(), defined.connection_context():
        assert migrate(migrated)
        with defined.bind_ctx(TABLES):
            defined.create_tables(TABLES)
        found = schema(migrated)
        assert found == schema(defined)
        assert set(found) == {table._meta.table_name for table in TABLES}


def test_migrating_twice_changes_nothing(database_url):
    db = open_database(database_url)
    with db.connection_context():
        assert migrate(db) != []
        epoch = rights.epoch(db)
        assert migrate(db) == []
        assert rights.epoch(db) == epoch


async def test_a_database_of_a_newer_callboard_is_refused(database_url):
    db = open_database(database_url)
    with db.connection_context():
        (table,) = [name for name in (migrate(db) and db.get_tables()) if "migration" in name]
        columns = [column.name for column in db.get_columns(table) if not column.primary_key or column.name == "name"]
        chosen = ", ".join("'9999_newer'" if name == "name" else name for name in columns)
        db.execute_sql(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {table} LIMIT 1")
        with pytest.raises(DatabaseTooNew, match="9999_newer"):
            migrate(db)
    with pytest.raises(DatabaseTooNew):
        Store(database_url).open()


def test_several_processes_may_migrate_at_once(database_url):
    every = str(len(list(MIGRATIONS.glob("[0-9]*.py"))))
    all_ = [start(MIGRATE, database_url) for _ in range(4)]
    assert sorted(process.communicate(timeout=PATIENCE_S)[0].strip() for process in all_) == ["0", "0", "0", every]
    assert [process.returncode for process in all_] == [0] * 4


def test_a_second_server_on_one_sqlite_file_is_refused(sqlite_url, tmp_path):
    (tmp_path / "link.db").symlink_to(sqlite_path(sqlite_url))
    with serving(sqlite_url):
        for url in (sqlite_url, f"sqlite:///{tmp_path}/link.db", f"sqlite:///{tmp_path}/./board.db"):
            with pytest.raises(AlreadyServed), serving(url):
                pass
        with serving(f"sqlite:///{tmp_path}/another.db"):
            pass
    with serving(sqlite_url):
        pass


def test_several_servers_may_share_a_postgresql():
    with serving("postgresql://localhost/a"), serving("postgresql://localhost/a"):
        pass


def test_a_sqlite_url_names_its_file_as_peewee_understands_it():
    for url, path in {"sqlite:///a/b.db": "a/b.db", "sqlite:////a/b.db": "/a/b.db", "postgresql://h/a": None}.items():
        assert sqlite_path(url) == path
        assert path is None or open_database(url).database == path


async def test_an_administrative_change_waits_for_the_server_and_the_server_for_it(database_url, io_loop):
    store = Store(database_url)
    store.open()
    reading = asyncio.get_running_loop().run_in_executor
    process = start(ADMINISTER, database_url, "Larkspur")

    def write_until_the_other_waits(db):
        tables.Organization.insert(name="Ours", created_at=1).execute(db)
        assert process.stdout.readline() == "begun\n"

    await store.write(write_until_the_other_waits)
    assert await reading(None, process.wait, PATIENCE_S) == 0
    others = open_database(database_url)
    with others.connection_context(), write_transaction(others):
        tables.Organization.insert(name="Theirs", created_at=1).execute(others)
        waiting = asyncio.ensure_future(store.write(lambda db: tables.Meta.insert(name="n", value="").execute(db)))
        await asyncio.sleep(0)
    await waiting
    found = await store.read(
        lambda db: {name for (name,) in tables.Organization.select(tables.Organization.name).tuples().execute(db)}
    )
    assert found == {"Ours", "Larkspur", "Theirs"}
    process.stdout.close()
    await store.close()


def test_only_the_servers_writer_checkpoints(sqlite_url):
    for checkpoints, pages in ((True, 1000), (False, 0)):
        db = open_database(sqlite_url, checkpoints=checkpoints)
        with db.connection_context():
            assert db.pragma("wal_autocheckpoint") == pages
            assert (db.pragma("journal_mode"), db.pragma("synchronous"), db.pragma("foreign_keys")) == ("wal", 2, 1)
            assert is_sqlite(db)
