"""How long those who come in may take, and how many they may be."""

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest
from tornado.httpserver import HTTPServer
from tornado.web import Application

import serving
from hall import LONGEST, Hall, is_closed, post, rest, until
from handlers import entrance as module
from handlers.entrance import BODY_S, FIRST_REQUEST_S, FREE_BYTES, IDLE_S, STALLED_S, Entrance
from handlers.entrance_server import EntranceServer
from handlers.outlet import unsent_bytes, written_bytes
from patience import PATIENCE_S


@pytest.mark.parametrize("said", [b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_who_does_not_finish_its_first_header_is_closed_in_time(said):
    async with Hall() as hall, hall.peer() as peer:
        if said:
            await peer.send(said)
        await hall.visited(1)
        await hall.after(FIRST_REQUEST_S)
        assert hall.visits == 1
        await hall.after(0.1)
        assert await is_closed(peer)
        await hall.visited(0)


async def test_a_header_that_drips_gets_no_more_time():
    async with Hall() as hall, hall.peer() as peer:
        await hall.visited(1)
        for byte in b"GET / HTTP":
            await peer.send(bytes([byte]))
            await hall.after(1)
        assert hall.visits == 1
        await hall.after(0.1)
        assert await is_closed(peer)


async def test_a_connection_that_was_served_once_is_not_hurried():
    async with Hall() as hall, hall.peer() as peer:
        for _ in range(3):
            status, _, body = await peer.request({"Host": "x"})
            assert (status, body) == (200, b"0")
            await hall.after(FIRST_REQUEST_S * 5)
        assert hall.visits == 1
        await hall.after(IDLE_S)
        assert hall.visits == 1
        await hall.after(0.1)
        assert await is_closed(peer)
        await hall.visited(0)


async def test_who_does_not_finish_its_body_is_closed_in_time_and_holds_nothing_any_more():
    async with Hall() as hall, hall.peer() as peer:
        await peer.send(post(f"Content-Length: {LONGEST}") + b"x" * (LONGEST - 1))
        await until(lambda: hall.entrance.held_bytes == LONGEST - 1 - FREE_BYTES)
        await hall.after(BODY_S)
        assert hall.visits == 1
        await hall.after(0.1)
        assert await is_closed(peer)
        await hall.visited(0)
        assert hall.entrance.held_bytes == 0


def test_tornado_has_no_timers_of_its_own_and_still_would_have():
    hall = Entrance(Application([]), max_bytes=LONGEST)
    stock, ours = HTTPServer(hall, body_timeout=1).conn_params, EntranceServer(hall, body_timeout=1).conn_params
    assert (stock.header_timeout, stock.body_timeout) == (3600, 1)
    assert (ours.header_timeout, ours.body_timeout) == (None, None)


async def test_a_handler_takes_as_long_as_it_needs():
    async with Hall() as hall, hall.peer() as peer:
        await peer.send(post("Content-Length: 1", "Connection: close", path="/late") + b"x")
        await hall.visited(1)
        await until(lambda: next(iter(hall.entrance._visits.values())).stage == module._ANSWERING)
        for _ in range(5):
            await hall.after(STALLED_S * 2)
        hall.may_answer.set()
        assert (await rest(peer)).endswith(b"\r\n\r\n1")


async def test_who_takes_nothing_of_a_long_answer_is_closed_and_who_takes_some_is_not():
    async with Hall() as hall, AsyncExitStack() as peers:
        idle, slow = [await hall.served(peers) for _ in range(2)]
        visits = list(hall.entrance._visits.values())
        for peer in (idle, slow):
            await peer.send(b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: all(unsent_bytes(visit.stream) for visit in visits))
        await hall.after(0)
        await hall.after(STALLED_S)
        for _ in range(3):
            before = written_bytes(visits[1].stream)
            while written_bytes(visits[1].stream) == before:
                assert await slow.read()
            await hall.after(0)
            await hall.after(STALLED_S)
        assert visits[0].stream.closed() and not visits[1].stream.closed()
        await until(lambda: hall.ended == ["/big"])
        async with asyncio.timeout(PATIENCE_S):
            while hall.visits:  # what the kernels still hand on of what was read is progress, too
                await hall.after(STALLED_S + 1)
                await asyncio.sleep(0.005)


async def test_where_there_is_no_room_the_first_that_waits_is_closed():
    async with Hall(has_room=lambda connections: connections <= 2) as hall, AsyncExitStack() as peers:
        first, second, third = [await hall.served(peers) for _ in range(3)]
        assert await is_closed(first)
        for peer in (second, third):
            assert (await peer.request({"Host": "x"}))[0] == 200


async def test_where_all_others_are_served_the_new_one_is_closed():
    async with Hall(has_room=lambda connections: connections <= 2) as hall, AsyncExitStack() as peers:
        first, second = [await hall.served(peers) for _ in range(2)]
        for peer in (first, second):
            await peer.send(post("Content-Length: 1", "Connection: close", path="/late") + b"x")
        await until(lambda: {visit.stage for visit in hall.entrance._visits.values()} == {module._ANSWERING})
        async with hall.peer() as third:
            assert await is_closed(third)
        hall.may_answer.set()
        for peer in (first, second):
            assert (await rest(peer)).endswith(b"\r\n\r\n1")


async def test_many_at_once_never_are_more_than_there_is_room_for():
    """They are accepted a hundred at a time: each of them closes another one, not all the same."""
    async with Hall(has_room=lambda connections: connections <= 20) as hall:
        async with hall.peer() as early:
            assert (await early.request({"Host": "x"}))[0] == 200
        crowd = [socket.create_connection(("127.0.0.1", hall.port)) for _ in range(100)]
        try:
            async with hall.peer() as good:
                assert (await good.request({"Host": "x"}))[0] == 200
                await until(lambda: hall.visits <= 20)
                assert sum(not visit.stream.closed() for visit in hall.entrance._visits.values()) > 15
        finally:
            for each in crowd:
                each.close()
        await hall.visited(0)


async def test_the_server_forgets_every_connection_that_is_over_or_became_a_socket(open_furnished, monkeypatch):
    """Tornado does not pass on that a connection has ended; without that all places would be taken for good."""
    made = []

    class Watched(Entrance):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            made.append(self)

    monkeypatch.setattr(serving, "Entrance", Watched)
    async with open_furnished() as house:
        await house.say("CA1", "s1", "Hello")
        for _ in range(5):
            assert (await house.fetch("GET", "/healthz")).code == 200
            assert (await house.fetch("GET", "/nowhere")).code == 404
        async with house.watch("CA1") as viewer:
            await viewer.history()
            await until(lambda: not made[0]._visits)
            assert len(house.services.heartbeat) == 1
