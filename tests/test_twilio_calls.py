"""Recorded Twilio calls, signed and sent back to back to a running server while viewers watch."""

import asyncio
import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from follower import Follower
from house import Clock, House, open_house
from models import assistants, sources
from patience import PATIENCE_S
from postgres import free_port
from sources.twilio_signature import sign

SECRET = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
FORM = "application/x-www-form-urlencoded; charset=UTF-8"


class Line:
    """A Twilio number: posts what Twilio would, to whichever server stands at the address now."""

    def __init__(self, house: House, endpoint: str):
        self.house, self.path = house, f"/webhooks/twilio/{endpoint}"

    async def post(self, body: bytes, signature: str | None = None) -> int:
        signature = signature or sign(self.house.url + self.path, body, SECRET)
        headers = {"Content-Type": FORM, "X-Twilio-Signature": signature}
        return (await self.house.fetch("POST", self.path, body, key=None, headers=headers)).code


async def new_line(house: House, account: str | None = None) -> Line:
    assistant, _ = await house.store.read(assistants.find, house.organization_id, "Front desk")
    args = (house.clock(), house.organization_id, assistant, "twilio", SECRET, account)
    return Line(house, await house.store.write(sources.create, *args))


def recording(shared: Path, name: str) -> list[bytes]:
    """The bodies in their order of arrival."""
    folder = shared / "samples" / name
    manifest = json.loads((folder / "manifest.json").read_text()) if (folder / "manifest.json").exists() else None
    names = [message["file"] for message in manifest["messages"]] if manifest else []
    return [(folder / file).read_bytes() for file in names or sorted(p.name for p in folder.glob("*.form"))]


def expected(shared: Path) -> dict:
    return json.loads((shared / "samples" / "twilio" / "expected.json").read_text())


def as_expected(follower: Follower) -> list[dict]:
    fields = ("speaker", "content", "confidence", "is_final")
    return [{name: data[name] for name in fields} for data in follower.spoken()]


CALL = "CA8d0bd73048a772f7bec94b45dbaba195"


async def let_go(house: House, followers: list[asyncio.Task]) -> list[Follower]:
    """Past the grace period; every follower to its end."""
    house.clock.advance(6)
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*followers)


async def test_viewers_of_a_twilio_call_get_its_finals_and_statuses_and_close_1000(house, shared):
    line, bodies, want = await new_line(house), recording(shared, "twilio"), expected(shared)
    assert len(bodies) == 32
    followers = []
    for number, body in enumerate(bodies):
        if number in (0, 5, 20):
            followers.append(asyncio.create_task(Follower(house.url, CALL, house.key).run()))
        assert await line.post(body) == 204
    for follower in await let_go(house, followers):
        assert as_expected(follower) == want["finals"]
        assert follower.statuses == want["statuses"]


async def test_interims_grow_into_their_finals_under_one_segment_id(house, shared):
    line, bodies = await new_line(house), recording(shared, "twilio")
    for body in bodies[:3]:
        assert await line.post(body) == 204
    async with house.watch(CALL) as viewer:
        await viewer.history()
        for body in bodies[3:]:
            assert await line.post(body) == 204
        house.clock.advance(6)
        assert await viewer.to_the_end() == 1000
        finals = {m["data"]["segment_id"]: m["data"]["content"] for m in viewer.transcripts if "seq" in m}
        interims = [m["data"] for m in viewer.transcripts if "seq" not in m]
        assert {data["segment_id"] for data in interims} <= set(finals)
        assert len(interims) == sum(b"Final=false" in body for body in bodies)
        assert all(data["confidence"] is None for data in interims)
        by_segment: dict[str, list[int]] = {}
        for data in interims:
            by_segment.setdefault(data["segment_id"], []).append(data["revision"])
        assert all(revisions == sorted(set(revisions)) for revisions in by_segment.values())


@pytest.mark.parametrize("cut", [3, 7, 16, 29])
async def test_a_server_restarted_in_the_middle_changes_nothing(sqlite_url, shared, cut):
    bodies, want, clock = recording(shared, "twilio"), expected(shared), Clock()
    port = free_port()

    @asynccontextmanager
    async def server():
        async with open_house(sqlite_url, clock, port=port) as house:
            yield house

    async with server() as house:
        await house.furnish()
        line = await new_line(house)
        for body in bodies[:3]:
            assert await line.post(body) == 204
        followers = [asyncio.create_task(Follower(house.url, CALL, house.key).run()) for _ in range(2)]
        for body in bodies[3:cut]:
            assert await line.post(body) == 204
        furniture = house.furniture
    async with server() as house:
        house.furniture, line.house = furniture, house
        for body in bodies[cut:]:
            assert await line.post(body) == 204
        followers.append(asyncio.create_task(Follower(house.url, CALL, house.key).run()))
        for follower in await let_go(house, followers):
            assert as_expected(follower) == want["finals"]
            assert follower.statuses[-1] == "completed"


async def test_failed_calls_fail_with_their_reason_and_an_error_of_the_transcription_ends_nothing(house, shared):
    line = await new_line(house)
    for body in recording(shared, "twilio-error"):
        assert await line.post(body) == 204
    calls = (await house.get("/api/v1/calls"))["items"]
    ended = {call["call_sid"]: (call["status"], call["end_reason"]) for call in calls}
    assert sorted(ended.values(), key=str) == sorted(
        [
            ("in-progress", None),
            ("failed", "failed"),
            ("failed", "no-answer"),
            ("failed", "busy"),
            ("failed", "canceled"),
        ],
        key=str,
    )


async def test_a_wrong_signature_or_account_stores_nothing(house, shared):
    body = recording(shared, "twilio")[2]
    assert await (await new_line(house)).post(body, signature="bm90IGl0") == 403
    assert await (await new_line(house, account="AC" + "0" * 32)).post(body) == 403
    assert (await house.get("/api/v1/calls/count")) == {"count": 0}
    line = await new_line(house, account="AC372608a5fa30c098d21e8e90f48ff7c1")
    assert await line.post(body) == 204
    assert (await house.get("/api/v1/calls/count")) == {"count": 1}


async def test_an_unknown_endpoint_is_404_and_a_malformed_body_with_a_good_signature_400(house):
    line = await new_line(house)
    assert await line.post(b"CallSid=CA1&TranscriptionEvent=transcription-content&AccountSid=AC1") == 400
    line.path = "/webhooks/twilio/" + "0" * 32
    assert await line.post(b"CallSid=CA1") == 404
    line.path = "/webhooks/carrierpigeon/" + "0" * 32
    assert await line.post(b"CallSid=CA1") == 404
