"""examples/callboard_producer.py as the tests use it: loaded from where it stands, and behind a network to be cut."""

import importlib.util
from contextlib import asynccontextmanager
from pathlib import Path

from cutter import Cutter

PATH = Path(__file__).parent.parent / "examples" / "callboard_producer.py"
spec = importlib.util.spec_from_file_location("callboard_producer", PATH)
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
Producer, NotTaken, IN_FLIGHT = module.Producer, module.NotTaken, module.IN_FLIGHT


def say(producer, number, call_sid="CA1", **more):
    producer.transcript(call_sid, f"s{number}", "user", f"words {number}", **more)


async def log(house, call_sid="CA1"):
    entries = await house.get(f"/api/v1/calls/sid/{call_sid}/transcripts?after=0")
    return [entry["content"] for entry in entries]


def words(*numbers):
    return [f"words {number}" for number in numbers]


@asynccontextmanager
async def behind_a_cutter(house, **options):
    async with Cutter(int(house.url.rpartition(":")[2])) as cutter:
        async with Producer(cutter.url, house.key, **options) as producer:
            yield cutter, producer
        assert producer.unacknowledged == 0
