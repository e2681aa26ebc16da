"""A short call as Retell posts it: each request repeats the whole call so far."""

from collections.abc import Iterator
from typing import Any

from events import SECOND, encode
from sources.retell_signature import SIGNATURE, sign
from sources.trial import STEP_US, TURNS, Step, grown

TELLS_END = True
_ROLES = {"user": "user", "assistant": "agent"}


def headers(url: str, body: bytes, secret: str | None, now: int) -> dict[str, str]:
    return {"Content-Type": "application/json"} | ({SIGNATURE: sign(body, secret, now)} if secret else {})


def trial_call(call_sid: str, account: str | None, started_at: int) -> Iterator[Step]:
    """The requests in order: call_started, transcript_updated as the turns grow, call_ended."""
    facts = {"from_number": "Test call", "to_number": "Callboard", "direction": "inbound"}
    call = {"call_id": call_sid, "call_type": "phone_call", "start_timestamp": started_at // 1000} | facts
    turns: list[dict[str, Any]] = []
    after_us = 0

    def step(event: str, **fields: Any) -> Step:
        told = {"call_status": "ongoing", "transcript_object": turns} | fields
        return Step(after_us, encode({"event": event, "call": call | told}))

    yield step("call_started")
    for turn in TURNS:
        words: list[dict[str, Any]] = []
        for text, phrase in zip(grown(turn), turn.phrases, strict=True):
            start = after_us / SECOND
            after_us += STEP_US
            words = [*words, {"word": phrase, "start": start, "end": after_us / SECOND}]
            now = {"role": _ROLES[turn.speaker], "content": text, "words": words}
            turns = [*(turns if len(words) == 1 else turns[:-1]), now]
            yield step("transcript_updated")
    after_us += STEP_US
    ended = {"end_timestamp": (started_at + after_us) // 1000, "duration_ms": after_us // 1000}
    yield step("call_ended", call_status="ended", disconnection_reason="user_hangup", **ended)
