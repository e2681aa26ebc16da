"""PostgreSQL's own troubles: it dies, ends our connections, is locked or slow, or dies after a COMMIT."""

import asyncio
import contextlib
import json
import logging
import signal
from itertools import count
from urllib.parse import urlsplit

import psycopg2
import pytest

from house import open_house
from models import database
from postgres import own_postgres
from postgres_proxy import Proxy

FINALS = 150
END_OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"


@pytest.fixture(scope="module")
def postgres(postgres_url):
    """A server that may be ended; `postgres_url` is asked for because it skips where none is installed."""
    with own_postgres() as server:
        yield server


@pytest.fixture
def own_url(postgres) -> str:
    """A new database on it."""
    own_url.number = getattr(own_url, "number", 0) + 1
    name = f"fault_{own_url.number}"
    ask(postgres.url, f"CREATE DATABASE {name}")
    return urlsplit(postgres.url)._replace(path="/" + name).geturl()


def ask(url: str, sql: str, *params) -> list[tuple]:
    with contextlib.closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else []


class Load:
    """Finals by REST and by the producer socket, each sent again until it is acknowledged."""

    def __init__(self, house):
        self.house, self.refused, self.acknowledged = house, 0, {}
        self.halfway = asyncio.Event()

    def take(self, number: int, seq: int) -> None:
        self.acknowledged[number] = seq
        if len(self.acknowledged) >= FINALS // 3:
            self.halfway.set()

    def final(self, number: int) -> dict:
        return {"segment_id": f"s{number}", "speaker": "user", "content": f"words {number}"}

    async def post(self, numbers: range) -> None:
        for number in numbers:
            while True:
                answer = await self.house.fetch("POST", "/api/v1/calls/sid/CA1/transcripts", self.final(number))
                if answer.code in (200, 201):
                    break
                assert (answer.code, answer.headers["Retry-After"]) == (503, "1"), answer.body
                self.refused += 1
                await asyncio.sleep(0.02)
            self.take(number, json.loads(answer.body)["accepted"][0]["seq"])

    async def produce(self, numbers: range) -> None:
        async with self.house.produce() as producer:
            for number in numbers:
                message = {"type": "transcript", "id": number, "call_sid": "CA1", "data": self.final(number)}
                await producer.send(message)
                while (answer := await producer.next())["type"] == "error":
                    assert (answer["error"], answer["retryable"]) == ("unavailable", True)
                    self.refused += 1
                    await asyncio.sleep(0.02)
                    await producer.send(message)
                self.take(number, answer["seq"])

    async def run(self, fault) -> None:
        """Everything is sent while `fault` happens; in the end all of it is there, once, for a viewer that stayed."""
        house = self.house
        await house.say("CA1", "s0", "words 0")
        async with house.watch("CA1") as viewer:
            await viewer.history()
            sending = [
                asyncio.ensure_future(send(range(1 + at, FINALS, 3)))
                for at, send in enumerate((self.post, self.post, self.produce))
            ]
            await self.halfway.wait()
            await fault()
            await asyncio.gather(*sending)
            while len(viewer.seqs) < FINALS:
                await viewer.next()
            path = "/api/v1/calls/sid/CA1/transcripts?after=0"
            answer = await house.fetch("GET", path)
            assert answer.code == 200, "a reader that was cut off asks again by itself"
            log = json.loads(answer.body)
            assert [entry["seq"] for entry in log] == viewer.seqs == list(range(1, FINALS + 1))
            assert {int(e["content"].split()[1]): e["seq"] for e in log if e["seq"] > 1} == self.acknowledged
            seen = [(message["seq"], message["data"]["content"]) for message in viewer.transcripts]
            assert seen == [(entry["seq"], entry["content"]) for entry in log]


async def test_a_server_that_dies_under_load_loses_nothing_that_was_acknowledged(postgres, own_url, caplog):
    async def die_and_come_back():
        await asyncio.to_thread(postgres.stop, signal.SIGQUIT)
        assert (await house.fetch("GET", "/readyz")).code == 503
        await asyncio.to_thread(postgres.start)

    async with open_house(own_url) as house:
        await house.furnish()
        load = Load(house)
        await load.run(die_and_come_back)
        assert load.refused > 0
    troubles = [r for r in caplog.records if r.levelno >= logging.WARNING and r.name != "callboard.access"]
    assert {r.name for r in troubles} - {"models.timing"} == {"models.outage"}, "only the store tells of it"
    assert sum("not committed: " in r.getMessage() for r in troubles) == 1, "and says it once"


async def test_connections_that_are_ended_again_and_again_lose_nothing(postgres, own_url):
    name = urlsplit(own_url).path[1:]

    async def end_them():
        for number in count():
            await asyncio.to_thread(ask, postgres.url, END_OTHERS, name)
            await asyncio.sleep(0.03)
            if number >= 10 and load.refused:
                break

    async with open_house(own_url) as house:
        await house.furnish()
        load = Load(house)
        await load.run(end_them)


async def test_a_row_that_someone_keeps_locked_is_503_until_it_is_free(own_url, monkeypatch):
    brief = database.POSTGRES_OPTIONS.replace("statement_timeout=10000", "statement_timeout=300")
    monkeypatch.setattr(database, "POSTGRES_OPTIONS", brief)

    async def lock():
        with contextlib.closing(psycopg2.connect(own_url)) as other:  # and it is left idle in its transaction
            other.cursor().execute('SELECT * FROM "call" FOR UPDATE')
            before = load.refused
            while load.refused < before + 3:
                await asyncio.sleep(0.01)
            other.rollback()

    async with open_house(own_url) as house:
        await house.furnish()
        load = Load(house)
        await load.run(lock)


async def test_a_commit_whose_answer_is_lost_is_settled_by_its_repeat(own_url):
    proxy = Proxy(own_url)
    try:
        async with open_house(proxy.url) as house:
            await house.furnish()
            await house.say("CA1", "s1", "one")
            async with house.watch("CA1") as viewer:
                await viewer.history()
                for seq, content in ((2, "two"), (3, "three")):
                    said = {"segment_id": f"s{seq}", "speaker": "user", "content": content}
                    proxy.cut.set()
                    answer = await house.fetch("POST", "/api/v1/calls/sid/CA1/transcripts", said)
                    assert answer.code == 503
                    assert ask(own_url, "SELECT MAX(seq) FROM entry") == [(seq,)], "it was committed all the same"
                    repeated = await house.say("CA1", f"s{seq}", content)
                    assert (repeated["accepted"], repeated["duplicates"]) == (
                        [{"segment_id": f"s{seq}", "seq": seq}],
                        1,
                    )
                    assert (await viewer.until("transcript"))["seq"] == seq, "and now viewers have it, too"
                await house.say("CA1", "s4", "four")
                assert (await viewer.until("transcript"))["seq"] == 4
    finally:
        proxy.close()


async def test_what_is_acknowledged_is_on_disk_and_readers_cannot_write(own_url):
    def show(db, *names: str) -> list[str]:
        return [db.execute_sql(f"SHOW {name}").fetchone()[0] for name in names]

    async with open_house(own_url) as house:
        settings = ("synchronous_commit", "default_transaction_read_only", "idle_in_transaction_session_timeout")
        assert await house.store.write(show, *settings) == ["on", "off", "30s"]
        assert await house.store.read(show, *settings) == ["on", "on", "30s"]
        assert await house.store.read(show, "statement_timeout", "random_page_cost") == ["10s", "1.1"]
        facts = ask(own_url, "SELECT COUNT(*) FROM meta")
        with pytest.raises(Exception, match="read-only"):
            await house.store.read(lambda db: db.execute_sql("DELETE FROM meta"))
        assert ask(own_url, "SELECT COUNT(*) FROM meta") == facts != [(0,)]
