"""SIGTERM under load: whatever was acknowledged is stored, and the server ends as one that was asked to."""

import asyncio
import random

import pytest

from patience import PATIENCE_S
from postgres import free_port
from tests.crash.journal import Journal, violations
from tests.crash.load import Load, Place, RestProducer, TwilioProducer
from tests.crash.log import furnish, log_by_sql
from tests.crash.server_process import ServerProcess
from tests.crash.socket_producer import SocketProducer


@pytest.mark.parametrize("seed", [1, 2])
async def test_what_was_acknowledged_before_a_sigterm_is_stored(database_url, tmp_path, seed):
    server = ServerProcess(database_url, free_port(), tmp_path / "server.log")
    place, journal = Place(server.url, *furnish(database_url)), Journal()
    load = Load(place, journal, random.Random(seed), lambda call_sid: None)
    await server.start()
    await server.is_up()
    kinds = (SocketProducer, SocketProducer, RestProducer, TwilioProducer)
    producing = [asyncio.create_task(kind(load, f"p{n}").run()) for n, kind in enumerate(kinds)]
    for _ in range(20):
        load.progress.clear()
        await asyncio.wait_for(load.progress.wait(), PATIENCE_S)
    load.burst.clear()
    await asyncio.wait_for(load.burst.wait(), PATIENCE_S)
    status = await server.stop()
    for task in producing:
        assert not task.done(), "nobody was refused for good"
        task.cancel()
    await asyncio.gather(*producing, return_exceptions=True)
    assert status == 0
    assert len(journal.promised) >= 20
    assert list(violations(journal, log_by_sql(database_url))) == []
    server.close()
