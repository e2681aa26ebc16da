"""docs/nodes.md and docs/scaling.md are true: they name what there is, and their figures are those of the model."""

import asyncio
import re
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg2
import pytest

from command_line import HOME
from house import open_house
from redis_server import RedisServer
from settings import FIELDS

NODES, SCALING = ((HOME / "docs" / name).read_text() for name in ("nodes.md", "scaling.md"))
PATIENCE_S = 30


@pytest.mark.parametrize("page", [NODES, SCALING])
def test_settings_targets_and_files_that_are_named_are_there(page: str):
    variables = {name for field in FIELDS for name in (field.variable, f"{field.variable}_FILE")}
    assert set(re.findall(r"CALLBOARD_[A-Z_]+", page)) <= variables
    assert set(re.findall(r"`(--[a-z-]+)`", page)) <= {field.flag for field in FIELDS}
    targets = set(re.findall(r"^([a-z-]+):", (HOME / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", page)) <= targets
    for target in re.findall(r"\]\((?!http)([^)#]+)", page):
        assert (HOME / "docs" / target).resolve().exists(), target


def test_the_tables_on_scaling_are_those_of_the_model():
    command = [sys.executable, HOME / "bench" / "scaling_model.py"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert told.strip() and told.strip() in SCALING


async def test_a_node_has_as_many_connections_to_postgresql_as_the_page_says(new_postgres_database):
    (number,) = re.findall(r"a node opens (\d+)", NODES)
    url = new_postgres_database()
    async with open_house(url) as house:
        await house.furnish()
        await asyncio.gather(*(house.get("/api/v1/calls") for _ in range(30)))
        connection = psycopg2.connect(url)
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
                [urlsplit(url).path.strip("/")],
            )
            assert cursor.fetchone() == (int(number),)
        connection.close()


async def test_the_account_of_redis_may_do_all_that_a_node_does(
    new_postgres_database, redis_url, redis_server: RedisServer
):
    (line,) = re.findall(r"^user callboard .*", NODES, re.MULTILINE)
    name, password = line.split()[1], line.split(">")[1].split()[0]
    assert redis_server.ask(f"ACL SETUSER {line.removeprefix('user ')}") == b"+OK\r\n"
    address, url = redis_url.replace("://", f"://{name}:{password}@"), new_postgres_database()
    try:
        async with open_house(url, redis_url=address) as one, open_house(url, redis_url=address) as other:
            other.furniture = await one.furnish()
            await one.say("CA1", "s1", "words number 1")
            async with other.watch("CA1", "&company=1") as viewer, asyncio.timeout(PATIENCE_S):
                await viewer.history()
                while not other.hub.relay.is_up:
                    await asyncio.sleep(0.02)
                await one.say("CA1", "s2", "words that", is_final=False)
                assert (await viewer.until("transcript"))["data"]["is_final"] is False
                assert redis_server.ask("KEYS callboard:*places") != b"*0\r\n"
            async with asyncio.timeout(PATIENCE_S):
                while redis_server.ask("KEYS callboard:*places") != b"*0\r\n":
                    await asyncio.sleep(0.02)
            denied = redis_server.ask("INFO errorstats")
            assert b"NOPERM" not in denied, denied
    finally:
        redis_server.ask(f"ACL DELUSER {name}")
