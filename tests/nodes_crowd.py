"""A crowd at several nodes, for fault tests: busy enough to be hit midway, calm enough for two cores."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from nodes import Nodes
from tests.crash.crowd import Crowd
from tests.crash.load import Place
from tests.crash.log import log_by_sql

PACE = {"longest_call": 120, "pause_s": 0.3}


@asynccontextmanager
async def crowd_at(
    nodes: Nodes,
    database_url: str,
    *,
    chance: random.Random | None = None,
    watch: Sequence[Place] = (),
    drops: float = 0,
    sockets: int = 2,
    rest: int = 2,
    twilio: int = 1,
) -> AsyncIterator[Crowd]:
    """Producers by the proxy, and of each call a viewer at each of the places to `watch` from, which are the nodes
    themselves where nothing else is said. It works when the block begins; at its end all calls are brought to theirs,
    and the law is checked."""
    crowd = Crowd(nodes.place, watch or nodes.places, chance or random.Random(7), drops=drops, **PACE)
    try:
        crowd.begin(sockets=sockets, rest=rest, twilio=twilio)
        await crowd.come_further()
        await crowd.have_seen_it()
        yield crowd
        await crowd.come_further()
        await crowd.finish()
    finally:
        crowd.leave()
    crowd.check(log_by_sql(database_url), "SQL")
