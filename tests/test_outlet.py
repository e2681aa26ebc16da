"""What is sent to peers that read slowly, or not at all, or over something that is no plain socket."""

import ast
import asyncio
import socket
from pathlib import Path

from tornado.iostream import IOStream

from handlers import outlet as outlet_module
from handlers.frames import BINARY, CLOSE, PING, PONG, TEXT, frame
from handlers.outlet import STREAM_INTERNALS, Outlet
from hub import Viewer
from hub.line import Line
from hub.viewer import Bundle
from tests.peers import House, client_frame, clog


class Follower:
    """Counts how often the way has changed."""

    times = 0

    def rerouted(self) -> None:
        self.times += 1


async def test_what_a_slow_reader_has_not_taken_is_counted_until_it_has():
    async with House() as house, house.peer() as (peer, seat):
        connection = seat.connection
        assert connection.unsent_bytes == 0
        sent = clog(connection)
        waiting, start = connection.unsent_bytes, connection.written_bytes
        assert 0 < waiting < len(sent)
        drained = asyncio.ensure_future(connection.drained())
        received = bytearray()
        while len(received) < len(sent):
            assert len(received) or not drained.done()
            received += await peer.read()
            assert connection.written_bytes - start + connection.unsent_bytes == waiting
        assert await drained is True
        assert received == sent
        assert (connection.unsent_bytes, connection.written_bytes - start) == (0, waiting)
        connection.send(frame(b"directly again"))
        assert await peer.frame() == (TEXT, b"directly again")


async def test_the_straight_way_is_closed_while_anything_waits_and_after_the_end():
    async with House() as house, house.peer() as (peer, seat):
        connection, follower = seat.connection, Follower()
        connection.follower = follower
        assert connection.straight(frame(b"news")) == len(frame(b"news"))
        assert await peer.frame() == (TEXT, b"news")
        sent = clog(connection)
        assert (connection.straight, follower.times) == (None, 1)
        received = bytearray()
        while len(received) < len(sent):
            received += await peer.read()
        assert await connection.drained() and received == sent
        assert follower.times == 2
        assert connection.straight(frame(b"more"))
        assert await peer.frame() == (TEXT, b"more")
        connection.close(1000)
        assert (connection.straight, follower.times) == (None, 3)


async def test_what_went_straight_in_part_only_follows_whole_and_in_order():
    async with House() as house, house.peer() as (peer, seat):
        room = [viewer := Viewer(seat.connection, pipe=seat.connection)]
        line, sent = Line(0, room), b""
        while not seat.connection.unsent_bytes:
            sent += (news := frame(bytes(1 << 16)))
            line.take(Bundle(news, 0, 0, 0, 0))
        seat.connection.send(frame(b"last"))
        assert not viewer.is_in_step(0)
        received = bytearray()
        while len(received) < len(sent + frame(b"last")):
            received += await peer.read()
        assert received == sent + frame(b"last")


async def test_a_line_goes_on_past_one_whose_connection_is_gone():
    async with House() as house, house.peer() as (_, gone), house.peer() as (peer, seat):
        line = Line(0, [Viewer(each.connection, pipe=each.connection) for each in (gone, seat)])
        gone.connection.abort()
        line.take(Bundle(frame(b"news"), 1, 1, 0, 0))
        assert await peer.frame() == (TEXT, b"news")
        assert (line.step, line.viewers[1].cursor) == (1, 1)


async def test_what_is_sent_while_something_waits_comes_after_it_even_where_the_kernel_has_room():
    async with House() as house, house.peer() as (peer, seat):
        sent = clog(seat.connection)
        received = bytearray()
        while len(received) < 1 << 19:  # the loop does not turn here, so nothing is flushed meanwhile
            received += peer.sock.recv(1 << 16)
        seat.connection.send(frame(b"last"))
        while len(received) < len(sent):
            received += await peer.read()
        if len(received) == len(sent):
            received += await peer.read()
        assert received == sent + frame(b"last")


async def test_nothing_to_send_is_drained_at_once():
    async with House() as house, house.peer() as (_, seat):
        assert await seat.connection.drained() is True
        seat.connection.abort()
        assert await seat.connection.drained() is False


async def test_waiting_for_a_slow_reader_ends_with_its_connection():
    async with House() as house, house.peer() as (_, seat):
        clog(seat.connection)
        drained = asyncio.ensure_future(seat.connection.drained())
        await asyncio.sleep(0)
        seat.connection.abort()
        assert await drained is False
        assert seat.connection.unsent_bytes == 0


async def test_a_close_comes_after_all_that_was_sent_before_it_and_nothing_after_it():
    async with House() as house, house.peer() as (peer, seat):
        sent = clog(seat.connection)
        seat.connection.close(1001)
        seat.connection.send(frame(b"never"))
        seat.connection.ping()
        first = await peer.frame()
        assert first[0] == BINARY
        received = frame(first[1], BINARY)
        while len(received) < len(sent):
            opcode, payload = await peer.frame()
            received += frame(payload, opcode)
        assert received == sent
        assert await peer.frame() == (CLOSE, b"\x03\xe9")
        await peer.send(client_frame(b"\x03\xe9", CLOSE))
        assert await peer.frames() == []


async def test_every_ping_is_answered_where_the_answers_are_read():
    async with House() as house, house.peer() as (peer, _):
        for i in range(100):
            await peer.send(client_frame(b"%d" % i, PING))
        assert [await peer.frame() for _ in range(100)] == [(PONG, b"%d" % i) for i in range(100)]


async def test_pings_of_a_client_that_does_not_read_pile_nothing_up():
    async with House() as house, house.peer() as (peer, seat):
        sent = clog(seat.connection)
        before = seat.connection.unsent_bytes
        await peer.send(b"".join(client_frame(b"%0100d" % i, PING) for i in range(20_000)) + client_frame(b"x"))
        await seat.heard.wait()
        assert seat.connection.unsent_bytes <= before + 1000
        received = b""
        while len(received) < len(sent):
            opcode, payload = await peer.frame()
            received += frame(payload, opcode) if opcode == BINARY else b""
        told = [await peer.frame(), await peer.frame()]
        assert sorted(told) == [(TEXT, b"x"), (PONG, b"%0100d" % 19_999)]


async def test_a_ping_of_ours_is_an_empty_one():
    async with House() as house, house.peer() as (peer, seat):
        seat.connection.ping()
        assert await peer.frame() == (PING, b"")


class Encrypting(IOStream):
    """Stands for TLS: what is written here is not what goes into the socket."""

    def write_to_fd(self, data: memoryview) -> int:
        return super().write_to_fd(bytes(byte ^ 0xFF for byte in data))


async def test_only_a_plain_stream_is_bypassed():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        outlet = Outlet(Encrypting(ours))
        outlet.send(b"abc")
        assert theirs.recv(10) == bytes(byte ^ 0xFF for byte in b"abc")
        assert (outlet.half_close(), outlet.written_bytes) == (False, 3)


async def test_a_peer_that_is_gone_raises_nothing():
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        outlet = Outlet(IOStream(ours))
        for _ in range(3):
            outlet.send(b"abc")
            outlet.ping()
            outlet.pong(b"")
        assert outlet.half_close() is False
        assert await outlet.drained() is False


async def test_tornados_internals_still_mean_what_we_take_them_for():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        stream = IOStream(ours)
        assert [hasattr(stream, name) for name in STREAM_INTERNALS] == [True] * 3
        assert stream.socket is ours
        size = 0
        while not stream.writing():
            assert len(stream._write_buffer) == 0
            await asyncio.wait([asyncio.ensure_future(stream.write(b"x" * 100_000))], timeout=0)
            size += 100_000
        assert len(stream._write_buffer) + stream._total_write_done_index == size
        assert 0 < len(stream._write_buffer) <= 100_000
        stream.close()
        assert stream.socket is None
        assert not stream._write_buffer


def test_no_other_file_touches_tornados_internals():
    found = set()
    for path in Path(outlet_module.__file__).parent.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            # `x._stream.<name>` and `stream.<name>`, where the name is private or the socket
            if isinstance(node, ast.Attribute) and (node.attr.startswith("_") or node.attr == "socket"):
                holder = node.value
                name = holder.attr if isinstance(holder, ast.Attribute) else getattr(holder, "id", "")
                if name.strip("_") == "stream":
                    found.add((path.name, node.attr))
    assert found == {("outlet.py", name) for name in STREAM_INTERNALS}
