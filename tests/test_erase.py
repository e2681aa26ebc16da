"""Erased calls: nothing of them is left in the database's files, the log, a server's memory or on its sockets."""

import asyncio
import logging
import subprocess
from pathlib import Path

from alerting import make_rule
from audit_log import read_all
from command_line import CommandLine
from house import open_house
from models import erasing, tables
from models.compacting import compact
from models.database import execute, open_database
from patience import PATIENCE_S
from sources.twilio_signature import FORM
from twilio_calls import speech
from visitor import Visitor

NUMBER, EMAIL = "+15550147", "zinnia@quillfeather.example"
SECRETS = ("xanthic", "Zephyrine", "zephyrine", "5550147", "quillfeather", "wistful note", "ACME-ORDER-77", "VAzephyr")


def traces(path: str, *secrets: str) -> list[str]:
    """Which of these stand in the database's files, as bytes of any encoding that SQLite has. Another process reads
    them: where this one opens and closes a file of its own server's, the kernel drops SQLite's locks on it."""
    found = []
    for suffix in ("", "-wal", "-shm", "-journal"):
        file = Path(path + suffix)
        raw = subprocess.run(["cat", file], stdout=subprocess.PIPE, check=True).stdout if file.exists() else b""
        for secret in secrets:
            if any(secret.encode(kind) in raw for kind in ("utf-8", "utf-16-le", "utf-16-be")):
                found.append(f"{secret} in {file.name}")
    return found


async def a_busy_day(house, calls: int = 40) -> list[str]:
    """Calls with much said on them, a third of them from NUMBER; their ids. What is said is corrected, and grows."""
    await make_rule(house, "Rare", "pattern", "xan.hic")
    doomed = []
    for n in range(calls):
        call_sid, is_doomed = f"CA{n:04}", n % 3 == 0
        doomed += [call_sid] if is_doomed else []
        facts = {"from_number": NUMBER, "metadata": {"order": "ACME-ORDER-77"}} if is_doomed else {}
        alias = {"alias": f"VAzephyr{n}"} if is_doomed else {}
        opened = {"call_sid": call_sid, "direction": "inbound", "to_number": "+15550199"} | facts | alias
        assert (await house.fetch("POST", "/api/v1/calls", opened)).code == 201
        words = f"Zephyrine {EMAIL} xanthic" if is_doomed else "common things about bikes"
        said = [
            {"segment_id": f"s-{m}", "speaker": "user", "content": f"{words} {call_sid} {m} " * (m % 9 + 1)}
            for m in (*range(20), 3, 3, 7)
        ]
        for at, one in enumerate(said[20:], 1):
            one["content"] += f"corrected {words} " * at
        answer = await house.fetch("POST", f"/api/v1/calls/sid/{call_sid}/transcripts", {"transcripts": said})
        assert answer.code == 201, answer.body
        if is_doomed:
            note = {"segment_id": "s-1", "text": f"a wistful note on {EMAIL}"}
            assert (await house.fetch("POST", f"/api/v1/calls/sid/{call_sid}/notes", note)).code == 201
        if n % 7 == 0:
            await house.services.searching.catch_up()
        if n > 3:
            await house.end(call_sid)
    await house.services.searching.catch_up()
    return doomed


async def run(line: CommandLine, *words: str, **more: str):
    return await asyncio.to_thread(line.try_, *words, **more)


async def test_erasing_beside_a_server_leaves_no_trace_in_any_file(house, sqlite_url, caplog):
    caplog.set_level(logging.INFO)
    path, line = sqlite_url.removeprefix("sqlite:///"), CommandLine(sqlite_url)
    doomed = await a_busy_day(house)
    assert len(traces(path, *SECRETS)) >= len(SECRETS), "they are all there before"
    dry = await run(line, "erase", "--phone", "+1 (555) 01-47", "--dry-run")
    assert (dry.status, dry.out.splitlines()[1:]) == (0, doomed)
    assert dry.out.startswith(f"{len(doomed)} calls, {23 * len(doomed)} entries, 2 running")
    asked = await run(line, "erase", "--phone", NUMBER)
    assert (asked.status, asked.err) == (2, "Nothing was erased: --yes says that it is meant.\n")
    assert (await house.get("/api/v1/calls/count"))["count"] == 40
    async with house.watch("CA0000") as viewer, house.watch("CA0001") as other:
        await viewer.history()
        await other.history()
        done = await run(line, "erase", "--phone", "-", "--yes", "--quiet", stdin=NUMBER + "\n")
        assert (done.status, done.err, done.last) == (0, "", f"Erased {len(doomed)} calls.")
        assert await viewer.to_the_end() == 1008
        assert (viewer.seen[-1]["error"], viewer.seen[-1]["retryable"]) == ("access_revoked", False)
        await house.say("CA0001", "later", "goes on as before")
        assert (await other.until("transcript"))["data"]["content"] == "goes on as before"
    assert traces(path, *SECRETS) == []
    assert not [secret for secret in (*SECRETS, EMAIL, NUMBER) if secret in caplog.text]
    assert (await house.get("/api/v1/calls/count"))["count"] == 40 - len(doomed)
    assert await house.get("/api/v1/calls/search?q=Zephyrine") == []
    assert len(await house.get("/api/v1/calls/search?q=common&limit=50")) == 40 - len(doomed)
    (entry,) = [one for one in await house.store.read(read_all, house.organization_id) if "erased" in one.action]
    assert (entry.action, entry.actor, entry.target) == ("calls.erased", "command line", None)
    assert entry.detail == {"calls": len(doomed)}
    assert not {*house.pipeline.call_ids()} & {n * 3 + 1 for n in range(14)}


async def test_what_comes_later_for_an_erased_call_is_refused_and_its_id_is_not_given_again(either_house):
    house = either_house
    await house.say("CA1", "u-1", "These words are to go.")
    await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1", "alias": "VA1"})
    before = (await house.get("/api/v1/calls/sid/CA1"))["id"]
    async with house.websocket(f"/live-calls?token={house.key}") as socket:
        for _ in range(2):
            await socket.recv()
        ada = Visitor(house)
        await ada.sign_in()
        page = await ada.get("/calls/VA1/erase")
        assert "CA1" in page.page.text and "1 entry" in page.page.text
        answer = await ada.post("/calls/CA1/erase")
        assert answer.code == 303
        told = await asyncio.wait_for(socket.recv(), PATIENCE_S)
        assert '"status":"failed"' in told and '"reason":"erased"' in told and "These words" not in told
    assert (await ada.get("/calls/CA1")).code == 404
    said = {"speaker": "user", "content": "The whole of it once more."}
    for name in ("CA1", "VA1"):
        answer = await house.fetch("POST", f"/api/v1/calls/sid/{name}/transcripts", said)
        assert (answer.code, b"call_erased" in answer.body) == (410, True)
    assert (await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA2", "alias": "CA1"})).code == 410
    async with house.produce() as producer:
        await producer.send({"type": "transcript", "id": 1, "call_sid": "CA1", "data": said | {"segment_id": "1"}})
        refused = await producer.next()
        assert (refused["error"], refused["retryable"]) == ("call_erased", False)
    await house.say("CA3", "u-1", "Another call altogether.")
    assert (await house.get("/api/v1/calls/sid/CA3"))["id"] > before
    assert [call["call_sid"] for call in (await house.get("/api/v1/calls"))["items"]] == ["CA3"]


async def test_a_provider_that_tells_more_of_an_erased_call_is_thanked_and_nothing_is_stored(house, sqlite_url):
    line = CommandLine(sqlite_url)
    made = await run(
        *(line, "source", "create", "twilio", "--organization", "Larkspur Cycles", "--assistant", "Front desk"),
        CALLBOARD_SECRET="auth token",
    )
    await house.store.write(lambda db: tables.Source.update(secret=None).execute(db))
    path = made.last[made.last.index("/webhooks") :]

    async def post(body: bytes) -> int:
        return (await house.fetch("POST", path, body.decode(), key=None, headers={"Content-Type": FORM})).code

    assert await post(speech(1, "These words are to go.", 1)) == 204
    assert house.pipeline.stored_states()
    erased = await run(line, "erase", "--call", "CA0", "--yes")
    assert erased.last == "Erased 1 call."
    async with asyncio.timeout(PATIENCE_S):
        while house.pipeline.stored_states() or house.pipeline.call_ids():
            await asyncio.sleep(0.05)
    assert await post(speech(2, "The report of it all.", 2)) == 204
    assert (await house.get("/api/v1/calls/count"))["count"] == 0
    (entry,) = [one for one in await house.store.read(read_all, 1) if one.action == "call.erased"]
    assert (entry.target, entry.detail) == ("CA0", {"calls": 1})


async def test_without_a_server_too_and_calls_linked_with_it(sqlite_url):
    path, line = sqlite_url.removeprefix("sqlite:///"), CommandLine(sqlite_url)
    async with open_house(sqlite_url) as house:
        await house.furnish()
        await house.say("CA1", "u-1", "Zephyrine told once")
        await house.say("VA1", "u-1", "Zephyrine told twice")
        await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA1", "alias": "VA1"})
        await house.say("CA2", "u-1", "another call")
        await house.services.searching.catch_up()
    assert (await run(line, "erase", "--call", "CA404")).last == "Nothing is to be erased."
    assert (await run(line, "erase", "--call", "CA1", "--yes")).last == "Erased 2 calls."
    assert traces(path, "Zephyrine", "zephyrine") == []
    async with open_house(sqlite_url) as house:
        assert await house.store.read(lambda db: execute(db, 'SELECT call_sid FROM "call"').fetchall()) == [("CA2",)]


async def test_postgresql_is_rid_of_them_too_and_only_of_the_organisation_that_is_named(new_postgres_database):
    url = new_postgres_database()
    line = CommandLine(url)
    async with open_house(url) as house:
        await house.furnish()
        doomed = await a_busy_day(house, calls=6)
        other = await house.organization("Others")
        key = await house.make_key("ingest", "read", user_id=await house.user("bob@example.com", other))
        answer = await house.fetch("POST", "/api/v1/calls", {"call_sid": "CA0000", "from_number": NUMBER}, key=key)
        assert answer.code == 201
        outcome = await run(line, "erase", "--call", "CA0000", "--yes")
        assert (outcome.status, "name one by --organization" in outcome.err) == (2, True)
        async with house.watch("CA0000") as viewer:
            await viewer.history()
            done = await run(line, "erase", "--phone", NUMBER, "--organization", "Larkspur Cycles", "--yes")
            assert (done.status, done.last) == (0, f"Erased {len(doomed)} calls."), done.err
            assert "VACUUM" in done.out
            assert await viewer.to_the_end() == 1008
        assert (await house.get("/api/v1/calls/sid/CA0000", key=key))["customer_phone"] is not None
        assert await house.get("/api/v1/calls/search?q=Zephyrine") == []
        left = await house.store.read(
            lambda db: [
                *execute(db, "SELECT content FROM entry UNION ALL SELECT text FROM note").fetchall(),
                *execute(db, "SELECT rule_name FROM alert").fetchall(),
            ]
        )
        assert len(left) == 4 * 23 and "Zephyrine" not in str(left)


def test_rows_alone_leave_traces_which_compacting_removes(tmp_path):
    """Why `erase` rewrites the file: if this fails one day, SQLite has become better, and `compact` may go."""
    path = str(tmp_path / "board.db")
    db = open_database(f"sqlite:///{path}")
    db.connect()
    db.execute_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT)")
    db.execute_sql("CREATE UNIQUE INDEX i ON t (a)")
    for n in range(4000):
        word = "Zephyrine" if n % 3 == 0 else "common"
        db.execute_sql("INSERT INTO t (a, b) VALUES (?, ?)", (f"{n * 7919 % 4001} {word}", f"{word} {n} " * (n % 90)))
        db.execute_sql("UPDATE t SET b = b || ? WHERE id = ?", (f"{word} " * (n % 40), n // 2))
    db.execute_sql("DELETE FROM t WHERE a LIKE '%Zephyrine'")
    db.execute_sql("UPDATE t SET b = replace(b, 'Zephyrine', 'gone')")
    db.pragma("wal_checkpoint(TRUNCATE)")
    assert traces(path, "Zephyrine")
    compact(db, lambda: None)
    db.pragma("wal_checkpoint(TRUNCATE)")
    assert not traces(path, "Zephyrine")
    db.close()


async def test_the_index_is_rid_of_words_by_the_server_itself(house, sqlite_url):
    """Where an administrator erases by the button, or retention does."""
    path = sqlite_url.removeprefix("sqlite:///")
    for n in range(30):
        await house.say("CA1", f"u-{n}", f"zephyrine number {n}")
        await house.say("CA2", f"u-{n}", f"common number {n}")
        await house.services.searching.catch_up()
    ids = await house.store.read(erasing.with_sid, "CA1", house.organization_id)
    await house.services.erasing.erase(ids)
    assert traces(path, "zephyrine")
    await house.services.erasing.clean()
    state = await house.store.read(erasing.state)
    assert state.is_index_clean
    async with asyncio.timeout(PATIENCE_S):
        while state.cleaned < state.version:
            await asyncio.sleep(0.05)
            state = await house.store.read(erasing.state)
    blocks = await house.store.read(lambda db: execute(db, "SELECT block FROM entry_terms_data").fetchall())
    assert blocks and b"zephyrine" not in b"".join(block for (block,) in blocks)
    assert len(await house.get("/api/v1/calls/search?q=common")) == 1
