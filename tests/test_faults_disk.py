"""A disk without room: 503 and `unavailable` meanwhile, nothing half stored, and all is well once there is room."""

import json

import pytest

from remote import small_disk

LONG = "word " * 4000  # 20 kB: a few MB hold a few hundred


def final(number: int) -> dict:
    return {"segment_id": f"s{number}", "speaker": "user", "content": f"{number} {LONG}"}


@pytest.mark.parametrize("mounts", [True, False], ids=["full disk", "longest file"])
async def test_a_full_disk_loses_nothing_and_needs_no_restart(tmp_path, furniture, mounts):
    template, furnished = furniture
    with small_disk(tmp_path, template, furnished.key, mounts=mounts) as disk:
        house = disk.remote
        await house.say("CA1", "s0", "Hello")
        async with house.watch("CA1") as viewer, house.produce() as producer:
            await viewer.history()
            disk.fill()
            stored = 0
            path = "/api/v1/calls/sid/CA1/transcripts"
            while (answer := await house.fetch("POST", path, final(stored + 1))).code == 201:
                stored += 1
                assert stored < 1000, "there is room for it"
            assert (answer.code, answer.headers["Retry-After"]) == (503, "1")
            assert json.loads(answer.body)["error"]["code"] == "unavailable"
            message = {"type": "transcript", "id": "x", "call_sid": "CA1", "data": final(stored + 2)}
            await producer.send(message)
            refusal = await producer.next()
            assert (refusal["id"], refusal["error"], refusal["retryable"]) == ("x", "unavailable", True)
            log = await house.get("/api/v1/calls/sid/CA1/transcripts?after=0")
            assert [entry["seq"] for entry in log] == list(range(1, stored + 2)), "readable, and nothing half stored"
            await viewer.send({"type": "ping"})
            await viewer.until("pong")
            assert viewer.seqs == list(range(1, stored + 2)), "and shown is what is stored"
            disk.clear()
            assert (await house.fetch("POST", path, final(stored + 1))).code == 201
            await producer.send(message)
            assert await producer.next() == {"type": "ack", "id": "x", "seq": stored + 3}
            while viewer.seqs[-1] < stored + 3:
                await viewer.next()
            assert viewer.seqs == list(range(1, stored + 4))
