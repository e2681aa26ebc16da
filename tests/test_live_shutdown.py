"""What open sockets are told when the server goes away, and when it fails (§3)."""

import asyncio
import json

from events import Unavailable
from house import open_house
from tests.test_live_refusals import refused

SHUTDOWN = ("server_shutdown", True, 1001)


async def test_a_server_that_stops_says_so_to_everyone_and_closes_with_1001(sqlite_url):
    async with open_house(sqlite_url, shutdown_grace=5) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        viewers = [await house.websocket(f"/live-transcript/CA1?token={house.key}") for _ in range(5)]
        for viewer in viewers:
            while '"history_complete"' not in await viewer.recv():
                pass
        producer = await house.websocket(f"/ingest?token={house.key}")
        await producer.send(json.dumps({"type": "call", "id": 1, "call_sid": "CA1", "data": {}}))
        await producer.recv()
        started = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - started < 4, "and it waits no longer than they need"
    for socket in (*viewers, producer):
        assert await refused(socket) == SHUTDOWN


async def test_a_viewer_that_does_not_leave_does_not_hold_the_server(sqlite_url):
    async with open_house(sqlite_url, shutdown_grace=0) as house:
        await house.furnish()
        await house.say("CA1", "s1", "Hello")
        viewer = await house.websocket(f"/live-transcript/CA1?token={house.key}")
        viewer.transport.pause_reading()
    viewer.transport.resume_reading()
    await viewer.close()


async def test_who_comes_while_the_server_stops_is_told_so(house, caplog):
    await house.say("CA1", "s1", "Hello")
    house.services.gate.is_closing = True
    async with house.watch("CA1") as viewer, house.produce() as producer:
        assert await refused(viewer.socket) == SHUTDOWN
        assert await refused(producer.socket) == SHUTDOWN
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert not house.hub._rooms


async def test_who_is_being_let_in_when_the_server_stops_is_no_failure(sqlite_url, caplog):
    for pause in (0, 0.002, 0.005, 0.01, 0.02):
        async with open_house(sqlite_url) as house:
            if not pause:
                await house.furnish()
                await house.say("CA1", "s1", "Hello")
                key = house.key
            path = f"/live-transcript/CA1?token={key}"
            comers = [asyncio.ensure_future(house.websocket(path).__aenter__()) for _ in range(8)]
            await asyncio.sleep(pause)
        for outcome in await asyncio.gather(*comers, return_exceptions=True):
            if not isinstance(outcome, Exception):  # it came too late to be answered at all
                await outcome.wait_closed()
    assert not [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


async def test_what_was_acknowledged_before_the_stop_is_there_after_it(sqlite_url):
    async with open_house(sqlite_url) as house:
        await house.furnish()
        key = house.key
        async with house.produce() as producer:
            for n in range(1, 101):
                data = {"segment_id": f"s{n}", "content": "word", "speaker": "user"}
                await producer.send({"type": "transcript", "id": n, "call_sid": "CA1", "data": data})
                await producer.until("ack")
        async with house.watch("CA1") as viewer:
            epoch = (await viewer.history())[0]["epoch"]
    async with open_house(sqlite_url) as house, house.watch("CA1", f"&after=98&epoch={epoch}", key=key) as viewer:
        hello = (await viewer.history())[0]
        assert (hello["recovered"], hello["head_seq"], viewer.seqs) == (True, 100, [99, 100])


async def test_a_database_that_does_not_answer_is_a_server_error_to_come_back_after(house, monkeypatch):
    await house.say("CA1", "s1", "Hello")

    async def away(*_):
        raise Unavailable("The database does not answer just now.")

    for path in (f"/live-transcript/CA1?token={house.key}x", f"/live-transcript/CA1?token={house.key}"):
        with monkeypatch.context() as patch:
            patch.setattr(house.store, "read", away)
            async with house.websocket(path) as socket:
                assert await refused(socket) == ("server_error", True, 1011)
    assert not house.hub._rooms


async def test_a_failure_of_ours_is_a_server_error_without_its_words(house, monkeypatch, caplog):
    await house.say("CA1", "s1", "Hello")

    def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr("handlers.history.History.page", broken)
    async with house.watch("CA1") as viewer:
        assert await viewer.to_the_end() == 1011
        assert (viewer.seen[-1]["error"], viewer.seen[-1]["retryable"]) == ("server_error", True)
        assert "secret" not in json.dumps(viewer.seen)
    assert "secret detail" in caplog.text
    assert house.hub.viewers(1) == 0


async def test_a_message_whose_handling_fails_closes_with_1011(house, monkeypatch, caplog):
    await house.say("CA1", "s1", "Hello")
    async with house.watch("CA1") as viewer:
        await viewer.history()
        monkeypatch.setattr("handlers.live.status_message", None)
        await viewer.send({"type": "request_status"})
        assert await viewer.to_the_end() == 1011
        assert viewer.seen[-1]["error"] == "server_error" and "call_sid" in viewer.seen[-1]
    assert "could not be handled" in caplog.text


async def test_a_failure_of_ours_before_anyone_is_let_in_closes_every_kind_of_socket_with_1011(
    house, monkeypatch, caplog
):
    async def broken(*_):
        raise RuntimeError("secret detail")

    for path in ("/live-transcript/CA1", "/live-calls", "/ingest"):
        with monkeypatch.context() as patch:
            patch.setattr(house.store, "read", broken)
            async with house.websocket(f"{path}?token={house.key}") as socket:
                assert await refused(socket) == ("server_error", True, 1011)
    assert caplog.text.count("secret detail") >= 3
    async with house.produce() as producer:
        await producer.send({"type": "call", "id": 1, "call_sid": "CA1", "data": {}})
        assert (await producer.next())["type"] == "ack"
