"""The law on real calls: 28 recorded conversations at once, word by word, watched by viewers who come and go."""

import asyncio
import json
import random
from pathlib import Path

from follower import Follower
from patience import PATIENCE_S

VIEWERS = 4  # of each call
SPEED = 40  # times as fast as people spoke: the longest call takes under three seconds
SPEAKERS = {"agent": "assistant", "caller": "user"}


class Recording:
    """One call as messages of the producer socket, each with the second at which it is due."""

    def __init__(self, path: Path):
        self.call_sid = f"HV{path.stem}"
        segments = [json.loads(line) for line in path.read_text().splitlines()]
        began = min(segment["start_timestamp_ms"] for segment in segments)
        self.messages: list[tuple[float, dict]] = [(0.0, self._message("call", {"direction": "inbound"}, "call"))]
        self.finals: dict[str, dict] = {}
        for segment in segments:
            self._speak(segment, (segment["start_timestamp_ms"] - began) / 1000)
        self.messages.sort(key=lambda item: item[0])
        last = self.messages[-1][0]
        self.messages.append((last, self._message("call_status", {"status": "completed"}, "end")))

    def _speak(self, segment: dict, start: float) -> None:
        segment_id = f"h-{segment['index']}"
        about = {"segment_id": segment_id, "speaker": SPEAKERS[segment["speaker_role"]], "segment_start": start}
        words, said = segment["transcript"].split(), ""
        for number, (word, offset) in enumerate(zip(words, segment["word_offsets_ms"], strict=True), start=1):
            said = f"{said} {word}".strip()
            interim = about | {"content": said, "is_final": False, "revision": number}
            self.messages.append((start + offset / 1000, self._message("transcript", interim, None)))
        end = start + segment["duration_ms"] / 1000
        final = about | {"content": segment["transcript"], "segment_end": end}
        self.finals[segment_id] = final
        self.messages.append((end, self._message("transcript", final, segment_id)))

    def _message(self, kind: str, data: dict, id_: str | None) -> dict:
        message = {"type": kind, "call_sid": self.call_sid, "data": data}
        return message | ({"id": f"{self.call_sid}/{id_}"} if id_ else {})


async def play(house, recording: Recording) -> int:
    """Send it through the producer socket at SPEED; the number of acknowledged messages."""
    loop = asyncio.get_running_loop()
    async with house.produce() as producer:
        started, expected, acks = loop.time(), [], []

        async def collect() -> None:
            while len(acks) < sum("id" in message for _, message in recording.messages):
                acks.append(await producer.next())

        collecting = asyncio.create_task(collect())
        for due, message in recording.messages:
            await asyncio.sleep(max(0.0, started + due / SPEED - loop.time()))
            await producer.send(message)
            if "id" in message:
                expected.append(message["id"])
        await collecting
    assert [ack["id"] for ack in acks] == expected, "acks come in order"
    assert {ack["type"] for ack in acks} == {"ack"}
    return len(acks)


async def test_every_viewer_of_28_calls_at_once_ends_with_the_whole_call(house, shared):
    paths = sorted((shared / "data" / "harper-valley").glob("*.jsonl"))
    assert len(paths) == 28
    recordings = [Recording(path) for path in paths]
    chance = random.Random(20260119)
    followers = []
    for recording in recordings:
        for number in range(VIEWERS):
            own = random.Random(chance.random())
            follower = Follower(house.url, recording.call_sid, house.key, chance=own, drops=3 * number)
            followers.append(asyncio.create_task(follower.run()))
    async with asyncio.timeout(PATIENCE_S):
        await asyncio.gather(*(play(house, recording) for recording in recordings))
        house.clock.advance(6)
        done = await asyncio.gather(*followers)
    by_call = {recording.call_sid: recording for recording in recordings}
    stored = {sid: await house.get(f"/api/v1/calls/sid/{sid}/transcripts?after=0") for sid in by_call}
    for follower in done:
        recording = by_call[follower.call_sid]
        log = stored[follower.call_sid]
        assert sorted(follower.log) == list(range(1, len(recording.finals) + 1))
        assert [follower.log[entry["seq"]]["content"] for entry in log] == [entry["content"] for entry in log]
        for data in follower.log.values():
            final = recording.finals[data["segment_id"]]
            assert {name: data[name] for name in final} == final
        starts = [data["segment_start"] for data in follower.spoken()]
        assert starts == sorted(starts)
        for segment_id, interims in follower.interims.items():
            words = recording.finals[segment_id]["content"]
            assert all(words.startswith(data["content"]) for data in interims)
        assert follower.statuses[-1] == "completed"
    assert any(follower.interims for follower in done)
