"""Watchers of the wall, producers and readers by REST that take nothing of what they asked for: bounded, and alone."""

import asyncio
import json
from contextlib import AsyncExitStack

from handlers.frames import TEXT
from handlers.ingest import MAX_UNACKNOWLEDGED
from hub.viewer import MAX_UNSENT_BYTES
from models import entries
from patience import PATIENCE_S
from tests.peers import client_frame, raw
from tests.test_feed import wall
from tests.test_live_refusals import until
from tests.test_under_fire_answers import half_a_minute, let_in

CALLS = 300
FINALS = 10_000
WEIGHT = "\x01" * 120  # makes an ack 750 bytes long, so that all are more than any kernel takes


def final(n, id_, call_sid="CA1"):
    data = {"segment_id": f"s{n}", "content": "word", "speaker": "user"}
    return json.dumps({"type": "transcript", "id": id_, "call_sid": call_sid, "data": data}).encode()


def many_finals():
    return b"".join(client_frame(final(n, f"{WEIGHT}{n}")) for n in range(1, FINALS + 1))


async def stored(house):
    """The `seq` of each entry of the first call."""
    return [entry.seq for entry in await house.store.read(entries.after, 1, 0, None)]


async def until_it_is_read_no_more(socket):
    async with asyncio.timeout(PATIENCE_S):
        while not (socket.connection.is_paused and socket.connection.unsent_bytes):
            await asyncio.sleep(0.01)


async def take_acks(producer, last):
    while (await producer.next()).get("id") != last:
        pass


async def change_all(house, words):
    """Something new is said on every call."""
    async with house.produce() as producer:
        acks = asyncio.ensure_future(take_acks(producer, CALLS - 1))
        for n in range(CALLS):
            data = {"segment_id": "i", "content": words, "speaker": "user", "is_final": False}
            await producer.send({"type": "transcript", "id": n, "call_sid": f"CA{n}", "data": data})
        await acks


async def said_on_every_call(watcher, words):
    left = {f"CA{n}" for n in range(CALLS)}
    while left:
        rows = (await watcher.next()).get("calls", ())
        left -= {row["call_sid"] for row in rows if row["last"] and row["last"]["content"] == words}


async def answers(peer, number):
    """What the server said first, by WebSocket."""
    found = []
    while len(found) < number:
        opcode, payload = await peer.frame()
        if opcode == TEXT:
            found.append(json.loads(payload))
    return found


async def test_watchers_of_the_wall_that_do_not_read_cost_little_and_get_the_newest_of_each_call(house):
    words = "w" * 2000  # of 300 calls more in one message than a watcher may have unsent
    async with AsyncExitStack() as stack, asyncio.timeout(PATIENCE_S):
        sleepers = [await stack.enter_async_context(let_in(house, "/live-calls")) for _ in range(10)]
        awake = await stack.enter_async_context(wall(house))
        for turn in range(8):
            await change_all(house, f"{turn} {words}")
            await said_on_every_call(awake, f"{turn} {words}")
        one_message = CALLS * 3000
        for _, socket in sleepers:
            assert socket.unsent_bytes < MAX_UNSENT_BYTES + one_message
            assert len(socket._watcher.missed) <= CALLS
        shown = {}
        peer, socket = sleepers[0]
        while any(not shown.get(f"CA{n}", "").startswith("7 ") for n in range(CALLS)):
            for message in await answers(peer, 1):
                shown |= {row["call_sid"]: (row["last"] or {}).get("content", "") for row in message.get("calls", ())}
                assert socket.unsent_bytes < MAX_UNSENT_BYTES + one_message
        assert not socket._watcher.missed
        await half_a_minute(house, awake)
        await until(lambda: all(not socket.connection.is_open for _, socket in sleepers[1:]))
    await until(lambda: not house.hub.walls and not house.services.gate._inside)


async def test_a_watcher_that_reads_too_little_to_ever_catch_up_is_let_go(house, monkeypatch):
    """… or what it misses would grow with every call of the day."""
    monkeypatch.setattr("handlers.feed.CATCH_UP_S", 0.2)
    async with let_in(house, "/live-calls") as (peer, socket), asyncio.timeout(PATIENCE_S):
        while socket.connection.is_open:
            await change_all(house, "w" * 4000)
            await peer.frame()  # it does read
        await until(lambda: not house.hub.walls)


async def test_a_producer_that_reads_no_acks_is_read_no_more_and_nothing_of_it_is_lost(house):
    async with let_in(house, "/ingest") as (peer, socket), house.produce() as other, asyncio.timeout(PATIENCE_S):
        sending = asyncio.ensure_future(peer.send(many_finals()))
        await until_it_is_read_no_more(socket)
        await other.send(final(1, 1, "CA2").decode())
        assert (await other.next())["seq"] == 1
        assert socket.connection.is_paused and len(await stored(house)) < FINALS
        assert len(socket._unanswered) <= MAX_UNACKNOWLEDGED and socket.connection.unsent_bytes < 2 * MAX_UNSENT_BYTES
        acks = await answers(peer, FINALS)
        await sending
    assert acks == [{"type": "ack", "id": f"{WEIGHT}{n}", "seq": n} for n in range(1, FINALS + 1)]


async def test_a_producer_that_is_dropped_while_it_is_not_read_leaves_nothing_behind(house):
    """Its messages were heard, its acks never taken: after 30 s it is aborted."""
    async with let_in(house, "/ingest") as (peer, socket):
        sending = asyncio.ensure_future(peer.send(many_finals()))
        await until_it_is_read_no_more(socket)
        for _ in range(31):
            house.services.heartbeat.tick()
        await until(lambda: socket not in house.services.gate._inside)
        await until(lambda: not socket.connection.is_paused)
        await asyncio.gather(sending, return_exceptions=True)
    await until(lambda: all(answer.is_ready for answer in socket._unanswered))
    seqs = await stored(house)
    assert 0 < len(seqs) < FINALS and seqs == list(range(1, len(seqs) + 1))


async def test_a_transcript_that_is_not_read_is_held_a_page_at_a_time(house, monkeypatch):
    pages, read = [], entries.by_seq

    def counted(db, call_id, seqs):
        pages.append(len(seqs))
        return read(db, call_id, seqs)

    monkeypatch.setattr(entries, "by_seq", counted)
    for batch in range(10):
        said = [{"segment_id": f"{batch}/{n}", "content": "w" * 1000, "speaker": "user"} for n in range(500)]
        answer = await house.fetch("POST", "/api/v1/calls/sid/CA1/transcripts", {"transcripts": said})
        assert answer.code == 201
    async with raw(int(house.url.rpartition(":")[2])) as peer, asyncio.timeout(PATIENCE_S):
        lines = ["GET /api/v1/calls/sid/CA1/transcripts HTTP/1.1", "Host: x", f"Authorization: Bearer {house.key}"]
        await peer.send("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        await until(lambda: pages)
        for _ in range(30):
            await house.get("/api/v1/calls/sid/CA1")
        assert len(pages) < 5, "of 25: the rest waits in the store"
        received = bytearray()
        while piece := await peer.read():
            received += piece
    assert pages == [entries.PAGE] * 25 and received.count(b'"seq":') == 5000
