"""Redis ends, dies or stands still under three busy nodes: nobody is thrown out or held up, and it mends by itself."""

import asyncio
from contextlib import suppress
from itertools import count

from nodes import running_nodes
from nodes_crowd import crowd_at
from patience import PATIENCE_S
from redis_server import running_redis

AWAY_S = 4


async def an_interim_arrives(producer, viewer) -> None:
    """Say interims until one is there: one may be lost, but not all of them."""
    data = {"segment_id": "open", "speaker": "user", "is_final": False}
    async with asyncio.timeout(PATIENCE_S):
        for revision in count(1):
            said = data | {"revision": revision, "content": f"not final {revision}"}
            await producer.send({"type": "transcript", "call_sid": "CA1", "data": said})
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    while (await viewer.until("transcript"))["data"]["is_final"]:
                        pass
                    return


async def test_redis_may_end_die_or_stand_still(new_postgres_database, redis_url, tmp_path):
    url = new_postgres_database()
    with running_redis() as redis:
        async with running_nodes(tmp_path, url, redis.url) as nodes:
            await nodes.client(0).say("CA1", "s1", "words number 1")
            async with (
                nodes.client(0).produce() as producer,
                nodes.client(1).watch("CA1") as viewer,
                crowd_at(nodes, url) as crowd,
            ):
                await viewer.history()
                crowd.journal.send("CA1", "words number 1")  # or nobody knew of it
                for fault, mend in ((redis.stop, redis.start), (redis.kill, redis.start), (redis.freeze, redis.thaw)):
                    await an_interim_arrives(producer, viewer)
                    await asyncio.to_thread(fault)
                    await crowd.come_further()
                    await asyncio.sleep(AWAY_S)
                    await crowd.have_seen_it()
                    await asyncio.to_thread(mend)
                await an_interim_arrives(producer, viewer)
            assert crowd.load.refused == 0
            assert {watching.times_let_in for watching in crowd.viewers} == {1}, "nobody had to come back"
