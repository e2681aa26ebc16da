"""Hundreds of viewers that never read: the server's memory stays bounded, and nobody else notices (bench/memory.py)."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from bench.memory import dead_viewers, serving
from hub.viewer import MAX_UNSENT_BYTES
from tests.test_live_refusals import until
from tests.test_live_slow import feed, sleeper
from tests.test_under_fire_answers import half_a_minute
from tests.test_under_fire_places import nothing_is_left

EACH_KIB = 768  # 256 KiB unsent, and as much again of Tornado's own for messages of the shortest kind
KERNEL_KIB = 512  # server's and client's side together
READ_SOON_S = 60  # on a machine that is busy with other tests


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the memory of a process as Linux tells it")
@pytest.mark.parametrize("calls, each, finals", [(1, 200, 300), (20, 10, 200)])
def test_two_hundred_dead_viewers_cost_so_much_and_no_more(calls, each, finals):
    with serving(viewers_per_call=each + 1) as served:
        cost = asyncio.run(dead_viewers(served, [f"CA{n}" for n in range(calls)], each, finals))
    print(cost._replace(reader=cost.reader.longest_s, woken=None))
    assert cost.most_kib - cost.before_kib < calls * each * EACH_KIB
    assert cost.kernel_kib < calls * each * KERNEL_KIB
    assert cost.reader.seqs == cost.woken.seqs == list(range(2, finals + 1))
    assert cost.reader.longest_s < READ_SOON_S


async def test_ten_sleepers_are_let_go_after_thirty_seconds_and_their_places_are_free(house):
    await house.say("CA1", "s1", "Hello")
    async with AsyncExitStack() as stack:
        asleep = [await stack.enter_async_context(sleeper(house)) for _ in range(10)]
        most = await feed(house, 2, 400, 3000)
        assert MAX_UNSENT_BYTES < most < MAX_UNSENT_BYTES + 4000
        assert not any(socket.viewer.is_live for _, socket in asleep)
        await half_a_minute(house)
        await until(lambda: house.hub.viewers(1) == 0)
        async with AsyncExitStack() as others:
            for _ in range(10):
                viewer = await others.enter_async_context(house.watch("CA1", "&after=399"))
                assert (await viewer.history())[-1]["count"] == 1
    await nothing_is_left(house)


async def test_a_server_that_stops_during_the_history_says_so_to_who_reads_and_waits_for_nobody_else(house):
    await feed(house, 1, 300, 30000)
    async with AsyncExitStack() as stack:
        asleep = await stack.enter_async_context(
            house.websocket(f"/live-transcript/CA1?token={house.key}", max_queue=1)
        )
        reader = await stack.enter_async_context(house.watch("CA1"))
        await reader.until("transcript")
        house.clock.advance(1)
        closing = asyncio.ensure_future(house.services.gate.close(5))
        assert await reader.to_the_end() == 1001
        assert reader.seen[-1]["error"] == "server_shutdown"
        assert reader.seqs == list(range(1, len(reader.seqs) + 1)) and len(reader.seqs) < 300
        assert house.hub.viewers(1) == 0
        asleep.transport.abort()
        await closing
    await nothing_is_left(house)
