"""What comes of those who are inside when a server stops listening."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from hall import Hall, is_closed, post, rest, until
from handlers import entrance as module
from patience import PATIENCE_S

ASKED = post("Content-Length: 1") + b"x"


class Ending:
    """A hall that is being left."""

    def __init__(self, hall, grace_s=PATIENCE_S):
        hall.server.stop()
        self.task = asyncio.ensure_future(hall.server.serve_out(grace_s))

    async def __aenter__(self):
        await asyncio.sleep(0)  # it has begun
        return self

    async def __aexit__(self, *_):
        await asyncio.wait_for(self.task, PATIENCE_S)


async def test_a_request_on_its_way_is_answered_and_told_that_the_connection_ends():
    async with Hall() as hall, AsyncExitStack() as stack:
        new = await stack.enter_async_context(hall.peer())
        kept = await hall.served(stack)
        await hall.visited(2)
        async with Ending(hall):
            for peer in (new, kept):
                await peer.send(ASKED)
                answer = (await rest(peer)).lower()
                assert answer.startswith(b"http/1.1 200 ") and b"\r\nconnection: close\r\n" in answer


async def test_an_answer_that_takes_long_is_waited_for():
    async with Hall() as hall, hall.peer() as peer:
        await peer.send(post("Content-Length: 1", path="/late") + b"x")
        await until(lambda: [visit.stage for visit in hall.entrance._visits.values()] == [module._ANSWERING])
        async with Ending(hall) as ending:
            hall.clock.at += module.COMING_S + 1
            await asyncio.sleep(0.1)
            assert not ending.task.done()
            hall.may_answer.set()
            assert (await peer.read()).endswith(b"\r\n\r\n1")
            hall.clock.at += module.COMING_S + 1


async def test_who_asks_nothing_is_closed_after_a_moment_however_long_it_was_there():
    async with Hall() as hall, AsyncExitStack() as stack:
        new = await stack.enter_async_context(hall.peer())
        kept = await hall.served(stack)
        await hall.visited(2)
        hall.clock.at += module.COMING_S + 1
        async with Ending(hall) as ending:
            await asyncio.sleep(0.1)
            assert hall.visits == 2 and not ending.task.done()
            hall.clock.at += module.COMING_S + 0.1
            assert await is_closed(new) and await is_closed(kept)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n", post("Content-Length: 9") + b"x"])
async def test_it_takes_no_longer_than_the_grace(sent):
    async with Hall() as hall, hall.peer() as peer:
        await peer.send(sent)
        await hall.visited(1)
        async with Ending(hall, grace_s=0.05):
            pass
        assert hall.visits == 1, "the server closes it"
