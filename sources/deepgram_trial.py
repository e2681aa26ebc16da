"""A short call as Deepgram posts its results to a callback: channel 0 is the user, channel 1 the assistant."""

from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from events import SECOND, encode
from sources.trial import STEP_US, TURNS, Step, grown

TELLS_END = False
_CHANNELS = {"user": 0, "assistant": 1}


def headers(url: str, body: bytes, secret: str | None, now: int) -> dict[str, str]:
    """As the password in the callback's address is sent."""
    password = {"Authorization": "Basic " + b64encode(f"callboard:{secret}".encode()).decode()} if secret else {}
    return {"Content-Type": "application/json"} | password


def trial_call(call_sid: str, account: str | None, started_at: int) -> Iterator[Step]:
    """The requests in order: results that grow into utterances, and the stream's end."""
    request_id, query = "test-" + call_sid.removeprefix("test-"), f"call_sid={call_sid}"
    after_us = 0

    def result(channel: int, turn: list[dict[str, Any]], text: str, sure: float, *, is_final: bool) -> Step:
        start, end = turn[0]["start"], turn[-1]["end"]
        told = {"alternatives": [{"transcript": text, "confidence": sure, "words": turn}]}
        window = {"start": start, "duration": end - start, "is_final": is_final, "speech_final": is_final}
        whose = {"channel_index": [channel, len(_CHANNELS)], "metadata": {"request_id": request_id}}
        return Step(after_us, encode({"type": "Results", "channel": told, **window, **whose}), query)

    for turn in TURNS:
        words: list[dict[str, Any]] = []
        for count, (text, phrase) in enumerate(zip(grown(turn), turn.phrases, strict=True), 1):
            start = after_us / SECOND
            after_us += STEP_US
            words = [*words, {"word": phrase, "start": start, "end": after_us / SECOND, "confidence": turn.confidence}]
            is_final = count == len(turn.phrases)
            yield result(_CHANNELS[turn.speaker], words, text, turn.confidence, is_final=is_final)
    after_us += STEP_US
    ended = {"type": "Metadata", "request_id": request_id, "duration": after_us / SECOND, "channels": len(_CHANNELS)}
    yield Step(after_us, encode(ended), query)
