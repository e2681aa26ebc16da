"""Coming back to a call: `after`, `epoch`, `recovered`, and the place that a reconnect takes over (§1)."""

import asyncio

from patience import PATIENCE_S
from tests.test_live_refusals import refused


async def spoken(house, words=4):
    for n in range(1, words + 1):
        await house.say("CA1", f"s{n}", f"word {n}")


async def resumed(house, query):
    """(recovered, the seqs that are replayed, count, through_seq)"""
    async with house.watch("CA1", query) as viewer:
        hello, *_, complete = await viewer.history()
        assert hello["head_seq"] <= complete["through_seq"]
        return hello["recovered"], viewer.seqs, complete["count"], complete["through_seq"]


ALL = [1, 2, 3, 4]
RESUMPTIONS = [
    ("", True, ALL),
    ("&after=0", True, ALL),
    ("&after=2", True, [3, 4]),
    ("&after=4", True, []),
    ("&after=5", False, ALL),
    ("&after=999999999999999999", False, ALL),
    ("&after=2&epoch={epoch}", True, [3, 4]),
    ("&epoch={epoch}&after=4", True, []),
    ("&after=5&epoch={epoch}", False, ALL),
    ("&after=2&epoch=other", False, ALL),
    ("&after=0&epoch=other", False, ALL),
    ("&epoch=other", True, ALL),
    ("&after=2&epoch=", True, [3, 4]),
    ("&after=0&after=3", True, [4]),
]


async def test_a_resumed_transcript_is_continued_or_begun_anew_but_never_half(house):
    await spoken(house)
    for query, recovered, replayed in RESUMPTIONS:
        found = await resumed(house, query.format(epoch=house.services.epoch))
        assert found == (recovered, replayed, len(replayed), 4), query


async def test_the_epoch_told_at_first_is_the_one_to_come_back_with(either_house):
    house = either_house
    await spoken(house, 2)
    async with house.watch("CA1") as viewer:
        epoch = (await viewer.history())[0]["epoch"]
    await house.say("CA1", "s3", "meanwhile")
    assert await resumed(house, f"&after=2&epoch={epoch}") == (True, [3], 1, 3)


async def test_an_ended_call_is_resumed_like_any_other(house):
    await spoken(house)
    await house.end("CA1")
    house.clock.advance(6)
    for after, replayed in ((0, [1, 2, 3, 4]), (3, [4]), (4, [])):
        async with house.watch("CA1", f"&after={after}") as viewer:
            assert await viewer.to_the_end() == 1000
            assert viewer.seqs == replayed and viewer.seen[-1]["count"] == len(replayed)


async def test_every_cut_completes_the_call_also_with_corrections_and_repeats(house):
    """Page at any cursor, then replay, then live: the whole log, once."""
    said = [("a", "one"), ("b", "two"), ("a", "one"), ("a", "one!"), ("c", "three"), ("b", "two?"), ("c", "three")]
    for segment_id, content in said[:5]:
        await house.say("CA1", segment_id, content)
    log = [("a", "one"), ("b", "two"), ("a", "one!"), ("c", "three"), ("b", "two?")]
    async with asyncio.timeout(PATIENCE_S):
        seen = []
        for cut in range(5):
            viewer = await house.websocket(f"/live-transcript/CA1?token={house.key}&after={cut}")
            seen.append((cut, viewer))
            while '"history_complete"' not in await viewer.recv():
                pass
        for segment_id, content in said[5:]:
            await house.say("CA1", segment_id, content)
        for _, viewer in seen:
            last = await viewer.recv()
            assert '"seq":5' in last and '"two?"' in last
            await viewer.close()
    for cut in range(6):
        async with house.watch("CA1", f"&after={cut}") as viewer:
            await viewer.history()
            found = [(m["data"]["segment_id"], m["data"]["content"]) for m in viewer.transcripts]
            assert (found, viewer.seqs) == (log[cut:], list(range(cut + 1, 6)))


async def test_a_reconnect_takes_over_the_place_of_its_own_ghost(house):
    await spoken(house, 1)
    key = await house.make_key("read")
    async with house.watch("CA1", "&client=page-1", key=key) as ghost:
        await ghost.history()
        async with house.watch("CA1", "&client=page-1&after=1", key=key) as viewer:
            await viewer.history()
            error, retryable, code = await refused(ghost.socket)
            assert (retryable, code) == (False, 1008), error
            assert house.hub.viewers(1) == 1
            await house.say("CA1", "s2", "more")
            assert (await viewer.until("transcript"))["seq"] == 2


async def test_a_ghost_is_replaced_also_where_the_call_is_full(house):
    await spoken(house, 1)
    sockets = [await house.websocket(f"/live-transcript/CA1?token={house.key}&client={n}") for n in range(10)]
    for socket in sockets:
        await socket.recv()
    async with house.watch("CA1", "&client=3") as viewer:
        assert (await viewer.next())["type"] == "connection_established"
    async with asyncio.timeout(3):
        await sockets[3].wait_closed()
    assert [socket.close_code for socket in sockets] == [None] * 3 + [1008] + [None] * 6
    for socket in sockets:
        await socket.close()


async def test_another_right_with_the_same_client_id_takes_nobodys_place(house):
    await spoken(house, 1)
    others = await house.make_key("read")
    async with house.watch("CA1", "&client=x") as first, house.watch("CA1", "&client=x", key=others) as second:
        await first.history()
        await second.history()
        assert house.hub.viewers(1) == 2
        await house.say("CA1", "s2", "more")
        assert (await first.until("transcript"))["seq"] == (await second.until("transcript"))["seq"] == 2


async def test_the_same_client_may_watch_several_calls_and_without_an_id_nobody_is_replaced(house):
    await spoken(house, 1)
    await house.say("CA2", "s1", "other")
    async with house.watch("CA1", "&client=x") as one, house.watch("CA2", "&client=x") as two:
        await one.history()
        await two.history()
        async with house.watch("CA1") as third, house.watch("CA1") as fourth:
            await third.history()
            await fourth.history()
            assert (house.hub.viewers(1), house.hub.viewers(2)) == (3, 1)


async def test_of_many_reconnects_at_once_one_remains_and_nothing_fails(house, caplog):
    await spoken(house, 1)

    async def come():
        async with house.watch("CA1", "&client=x") as viewer:
            code = await viewer.to_the_end()
            assert len([m for m in viewer.seen if m["type"] == "error"]) == 1, viewer.seen
            return code, viewer.seen[-1]["error"]

    pending = {asyncio.ensure_future(come()) for _ in range(12)}
    async with asyncio.timeout(PATIENCE_S):
        while len(pending) > 1:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for comer in done:
                code, error = comer.result()
                assert code == 1008 and error != "server_error"
    (last,) = pending
    assert house.hub.viewers(1) == 1
    last.cancel()
    assert not [record for record in caplog.records if record.levelname == "ERROR"], "no socket's work failed"
