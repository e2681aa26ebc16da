"""docs/nodes.md and docs/scaling.md are true: they name what there is, and their figures are those of the model."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg2
import pytest

from certificates import make_certificate
from command_line import HOME
from house import open_house
from patience import PATIENCE_S
from redis_server import RedisServer, running_redis
from settings import FIELDS

NODES, SCALING = ((HOME / "docs" / name).read_text() for name in ("nodes.md", "scaling.md"))


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


@pytest.fixture
def tls_redis(tmp_path, monkeypatch, redis_server) -> Iterator[RedisServer]:
    """With a certificate that this system trusts while the test runs; `redis_server` skips where there is none."""
    certificate = make_certificate(tmp_path)
    with running_redis(certificate=certificate) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.certificate))
        yield server


async def test_the_account_of_redis_may_do_all_that_a_node_does_over_tls(new_postgres_database, tls_redis: RedisServer):
    (line,) = re.findall(r"^user callboard .*", NODES, re.MULTILINE)
    name, password = line.split()[1], line.split(">")[1].split()[0]
    assert tls_redis.ask(f"ACL SETUSER {line.removeprefix('user ')}") == b"+OK\r\n"
    address, url = tls_redis.tls_url.replace("://", f"://{name}:{password}@"), new_postgres_database()
    async with open_house(url, redis_url=address) as one, open_house(url, redis_url=address) as other:
        other.furniture = await one.furnish()
        await one.say("CA1", "s1", "words number 1")
        async with other.watch("CA1", "&company=1") as viewer, asyncio.timeout(PATIENCE_S):
            await viewer.history()
            while "call:1" not in other.hub.relay.link.listening:
                await asyncio.sleep(0.02)
            await one.say("CA1", "s2", "words that", is_final=False)
            assert (await viewer.until("transcript"))["data"]["is_final"] is False
            assert tls_redis.ask("KEYS callboard:*places") != b"*0\r\n"
        async with asyncio.timeout(PATIENCE_S):
            while tls_redis.ask("KEYS callboard:*places") != b"*0\r\n":
                await asyncio.sleep(0.02)
        assert b"NOPERM" not in tls_redis.ask("INFO errorstats")


async def test_a_redis_whose_certificate_nobody_vouches_for_is_away(
    new_postgres_database, tls_redis, monkeypatch, caplog
):
    monkeypatch.delenv("SSL_CERT_FILE")
    async with open_house(new_postgres_database(), redis_url=tls_redis.tls_url) as house, asyncio.timeout(PATIENCE_S):
        while "CERTIFICATE_VERIFY_FAILED" not in caplog.text:
            await asyncio.sleep(0.02)
        assert not house.hub.relay.link.listening
