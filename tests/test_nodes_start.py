"""Nodes that start together on an empty database."""

import asyncio
import contextlib

import psycopg2

from models.database import MIGRATIONS
from postgres import free_port
from tests.crash.server_process import ServerProcess

NODES = 4


async def test_nodes_that_start_together_migrate_once(new_postgres_database, tmp_path):
    url = new_postgres_database()
    nodes = [ServerProcess(url, free_port(), tmp_path / f"{number}.errors") for number in range(NODES)]
    try:
        await asyncio.gather(*(node.start() for node in nodes))
        await asyncio.gather(*(node.is_up() for node in nodes))
        with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT name FROM schema_migration ORDER BY name")
            applied = [name for (name,) in cursor.fetchall()]
            cursor.execute("SELECT COUNT(*) FROM meta WHERE name = 'epoch'")
            assert cursor.fetchone() == (1,)
        assert applied == sorted(path.stem for path in MIGRATIONS.glob("[0-9]*.py"))
        assert [await node.stop() for node in nodes] == [0] * NODES
        assert [line for node in nodes for line in node.faults()] == []
    finally:
        for node in nodes:
            await node.kill()
            node.close()
