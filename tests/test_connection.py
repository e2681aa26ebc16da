"""How a connection hears, fails and ends, seen by a raw client."""

import asyncio

import pytest

from handlers import connection as module
from handlers.frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame
from tests.peers import House, client_frame, clog, echo

VIOLATIONS = {
    "not masked": (frame(b"x"), 1002),
    "reserved bit": (client_frame(b"x", rsv=0x40), 1002),
    "reserved opcode": (client_frame(b"", 3), 1002),
    "nothing to continue": (client_frame(b"", CONTINUATION), 1002),
    "message within a message": (client_frame(b"", fin=False) + client_frame(b""), 1002),
    "fragmented ping": (client_frame(b"", PING, fin=False), 1002),
    "long ping": (client_frame(b"x" * 126, PING), 1002),
    "close of one byte": (client_frame(b"x", CLOSE), 1002),
    "close code 1006": (client_frame((1006).to_bytes(2), CLOSE), 1002),
    "close reason not UTF-8": (client_frame(b"\x03\xe8\xff", CLOSE), 1007),
    "binary": (client_frame(b"", BINARY), 1003),
    "not UTF-8": (client_frame(b"\xff"), 1007),
    "too big": (client_frame(b"x" * 4097), 1009),
}


@pytest.mark.parametrize("offence", VIOLATIONS)
async def test_a_client_sees_the_code_of_what_it_did(offence, monkeypatch):
    monkeypatch.setattr(module, "LINGER_S", 60)  # so that it is our FIN that it sees, and at once
    data, code = VIOLATIONS[offence]
    async with House() as house, house.peer() as (peer, seat):
        await peer.send(client_frame(b"before") + data)
        if offence == "binary":  # a refusal, not a broken stream: the client may close properly
            await peer.send(client_frame((1000).to_bytes(2), CLOSE))
        assert await peer.frame() == (TEXT, b"before")
        assert await peer.close_code() == code
        peer.sock.close()
        await seat.closed.wait()
        assert (seat.messages, seat.closings) == (["before"], 1)


async def test_binary_messages_arrive_as_bytes_where_they_are_wanted():
    async with House(answer=lambda seat, message: None, accepts_binary=True) as house, house.peer() as (peer, seat):
        await peer.send(client_frame(b"\xff", BINARY) + client_frame(b"x"))
        await peer.send(client_frame(b"", CLOSE))
        assert await peer.frames() == [(CLOSE, b"")]
        assert seat.messages == [b"\xff", "x"]


@pytest.mark.parametrize("payload, code", [(b"", 1005), (b"\x03\xe8", 1000), (b"\x0f\xa0bye", 4000)])
async def test_a_close_is_answered_with_its_code(payload, code):
    async with House() as house, house.peer() as (peer, seat):
        await peer.send(client_frame(payload, CLOSE) + client_frame(b"too late"))
        assert await peer.frames() == [(CLOSE, payload[:2])]
        peer.sock.close()
        await seat.closed.wait()
        assert (seat.connection.close_code, seat.messages, seat.closings) == (code, [], 1)


async def test_our_close_waits_for_the_clients_and_drops_what_comes_between():
    async with House() as house, house.peer() as (peer, seat):
        seat.connection.close(1001, "going away")
        seat.connection.close(1011)
        seat.connection.send(frame(b"never"))
        assert not seat.connection.is_open
        assert await peer.frame() == (CLOSE, b"\x03\xe9going away")
        await peer.send(client_frame(b"unheard") + client_frame(b"\x03\xe9", CLOSE))
        assert await peer.frames() == []
        peer.sock.close()
        await seat.closed.wait()
        assert (seat.connection.close_code, seat.messages, seat.closings) == (1001, [], 1)


async def test_a_client_that_never_answers_our_close_is_let_go(monkeypatch):
    monkeypatch.setattr(module, "CLOSE_TIMEOUT_S", 0.02)
    monkeypatch.setattr(module, "LINGER_S", 0.02)
    async with House() as house, house.peer() as (peer, seat):
        seat.connection.close()
        await seat.closed.wait()
        assert seat.connection.close_code is None
        assert await peer.close_code() == 1000


async def test_a_client_that_neither_reads_nor_answers_is_let_go(monkeypatch):
    monkeypatch.setattr(module, "CLOSE_TIMEOUT_S", 0.02)
    async with House() as house, house.peer() as (_, seat):
        clog(seat.connection)
        seat.connection.close()
        await seat.closed.wait()
        assert seat.connection.unsent_bytes == 0


async def test_a_client_that_goes_on_sending_after_its_violation_sees_our_close_and_no_reset():
    async with House() as house, house.peer() as (peer, _):
        await peer.send(client_frame(b"", 3) + b"x" * 500_000)
        assert await peer.close_code() == 1002


async def test_a_client_that_floods_after_its_violation_is_let_go(monkeypatch):
    monkeypatch.setattr(module, "LINGER_BYTES", 100_000)
    async with House() as house, house.peer() as (peer, seat):
        with pytest.raises(OSError):
            await peer.send(client_frame(b"", 3) + b"x" * (64 << 20))
        await seat.closed.wait()


@pytest.mark.parametrize("code", [0, 999, 1005, 1006, 1015, 34463])
async def test_we_never_send_a_close_code_that_must_not_be_sent(code):
    async with House() as house, house.peer() as (_, seat):
        with pytest.raises(ValueError):
            seat.connection.close(code)
        assert seat.connection.is_open


async def test_an_abort_shows_the_client_no_close():
    async with House() as house, house.peer() as (peer, seat):
        seat.connection.abort()
        seat.connection.abort()
        seat.connection.send(frame(b"never"))
        seat.connection.close()
        assert (seat.closings, seat.connection.is_open) == (0, False)  # told from the loop, not from within abort
        assert await peer.frames() == []
        await seat.closed.wait()
        assert seat.closings == 1


async def test_a_client_that_vanishes_is_over_once():
    async with House() as house, house.peer() as (peer, seat):
        peer.sock.close()
        await seat.closed.wait()
        assert (seat.connection.close_code, seat.connection.is_open, seat.closings) == (None, False, 1)


def fail_now(seat, message):
    raise RuntimeError("broken")


async def fail_later(seat, message):
    raise RuntimeError("broken")


async def fail_by_cancellation(seat, message):
    raise asyncio.CancelledError


@pytest.mark.parametrize("answer", [fail_now, fail_later, fail_by_cancellation])
async def test_a_message_that_cannot_be_handled_ends_in_1011_and_stays_out_of_the_log(answer, caplog):
    async with House(answer=answer) as house, house.peer() as (peer, seat):
        await peer.send(client_frame(b"secret words") * 3)
        assert await peer.frame() == (TEXT, b"sorry")
        assert await peer.frame() == (CLOSE, b"\x03\xf3server error")
        await peer.send(client_frame(b"\x03\xf3", CLOSE))
        assert await peer.frames() == []
        assert seat.messages == ["secret words"]
    (record,) = [each for each in caplog.records if each.name == "handlers.connection"]
    assert record.exc_info
    assert "secret" not in caplog.text


async def test_a_failure_that_cannot_be_told_still_ends_in_1011(caplog):
    def fail():
        raise RuntimeError("no words")

    async with House(answer=fail_now, on_failure=fail) as house, house.peer() as (peer, _):
        await peer.send(client_frame(b"x") + client_frame(b"\x03\xf3", CLOSE))
        assert await peer.close_code() == 1011
    assert "no words" in caplog.text


async def test_a_message_that_takes_its_time_holds_back_the_next_ones():
    gates: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    async def slow(seat, message):
        gate = asyncio.Event()
        gates.put_nowait(gate)
        await gate.wait()
        echo(seat, message)

    async with House(answer=slow) as house, house.peer() as (peer, seat):
        await peer.send(client_frame(b"1") + client_frame(b"2") + client_frame(b"p", PING) + client_frame(b"3"))
        await peer.send(client_frame(b"4") + client_frame(b"", CLOSE))
        for n in range(1, 5):
            gate = await gates.get()
            assert seat.messages == [str(i) for i in range(1, n + 1)]
            assert seat.connection.is_paused
            gate.set()
        told = await peer.frames()
        assert told == [(TEXT, b"1"), (TEXT, b"2"), (PONG, b"p"), (TEXT, b"3"), (TEXT, b"4"), (CLOSE, b"")]
        assert not seat.connection.is_paused


async def test_what_was_read_before_the_client_vanished_is_still_handled():
    gate = asyncio.Event()

    async def slow(seat, message):
        await gate.wait()

    async with House(answer=slow) as house, house.peer() as (peer, seat):
        await peer.send(client_frame(b"1") + client_frame(b"2"))
        await seat.heard.wait()
        peer.sock.close()
        gate.set()
        await seat.closed.wait()
        assert (seat.messages, seat.closings) == (["1", "2"], 1)


async def test_an_abort_while_a_message_is_handled_ends_it_at_once():
    gate = asyncio.Event()

    async def slow(seat, message):
        await gate.wait()

    async with House(answer=slow) as house, house.peer() as (peer, seat):
        await peer.send(client_frame(b"1") + client_frame(b"2"))
        await seat.heard.wait()
        seat.connection.abort()
        await seat.closed.wait()
        gate.set()
        await peer.frames()
        assert (seat.messages, seat.closings) == (["1"], 1)


async def test_trouble_with_one_connection_disturbs_no_other():
    async with House() as house, house.peer() as (bad, first), house.peer() as (good, second):
        bad.sock.close()
        while not first.closings:
            first.connection.send(frame(b"x" * 60000, BINARY))
            await asyncio.sleep(0)
        await good.send(client_frame(b"still here"))
        assert await good.frame() == (TEXT, b"still here")
        assert (first.closings, second.closings) == (1, 0)
