"""Callboard as it is served, with calls in its database, publishing in the process when the driver says so.

Environment: CALLS, FOLDER (of the database), HISTORY (segments that the first call has), and what peers/publishing.py
reads. What is published in the process is interims, straight into the hub; what comes over the wire goes the whole way.
Between the words `sample` and `report` it notes where its time goes (sampling.py).
"""

import asyncio
import os
from argparse import Namespace

import publishing
from sampling import Sampler

from commands.serve import keep_pauses_short
from events import Call, CallAnnounced, Transcript
from models import accounts, rights
from serving import Server, running
from settings import read_settings

MANY = "1000000"  # the load is one address and one key: what guards against that is not what is measured


def settings():
    flags = {"port": "0", "address": "127.0.0.1", "database_url": f"sqlite:///{os.environ['FOLDER']}/board.db"}
    flags |= {"attempts_per_address": MANY, "requests_per_key": MANY, "shutdown_grace": "0"}
    flags["viewers_per_call"] = os.environ.get("VIEWERS_PER_CALL", "10")
    return read_settings(Namespace(**flags), {})


async def furnish(server: Server) -> tuple[str, list[Call]]:
    """A key, and the calls C0, C1 …"""
    store, pipeline = server.services.store, server.services.pipeline
    organization = await store.write(accounts.create_organization, store.clock(), "Bench")
    whom = ("bench@example.com", organization, "admin", "correct horse")
    user = await store.write(accounts.create_user, store.clock(), organization, whom[0], *whom[2:])
    key = await store.write(rights.create_key, store.clock(), user, "bench", ["read", "ingest"], None)
    calls = []
    for at in range(0, publishing.CALLS, 200):
        sids = [f"C{n}" for n in range(at, min(at + 200, publishing.CALLS))]
        hearing = (pipeline.hear(organization, sid, [CallAnnounced(direction="inbound")]) for sid in sids)
        calls += [recorded.call for recorded in await asyncio.gather(*hearing)]
    history = [said(f"h{n}", is_final=True) for n in range(int(os.environ.get("HISTORY", "0")))]
    for at in range(0, len(history), 500):
        await pipeline.hear(organization, "C0", history[at : at + 500])
    return key, calls


def said(segment_id: str, *, is_final: bool) -> Transcript:
    return Transcript(
        segment_id=segment_id,
        speaker="user",
        content=publishing.content(),
        is_final=is_final,
        confidence=0.953,
        segment_start=5.2,
        segment_end=7.1,
        language="en-US",
    )


async def main() -> None:
    sampler = Sampler()
    async with running(settings()) as server:
        key, calls = await furnish(server)
        keep_pauses_short()  # as `serve` does
        hub, store = server.services.hub, server.services.store

        def publish(call: int, _: int) -> None:
            hub.interim(calls[call], said("s0", is_final=False))

        def sample() -> None:
            nonlocal commits
            commits = store.commits
            sampler.start()

        commits = 0
        words = {
            "sample": sample,
            "report": lambda: publishing.say(**sampler.report(), commits=store.commits - commits),
        }
        await publishing.obey(int(server.own_url.rpartition(":")[2]), publish, words, key=key)


asyncio.run(main())
