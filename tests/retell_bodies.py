"""Bodies as Retell posts them, for its tests."""

import json

T0 = 1_793_869_200_000  # ms
CALL = {"call_id": "call_1", "call_type": "phone_call", "call_status": "ongoing", "start_timestamp": T0}
OVER = {"call_status": "ended", "end_timestamp": T0 + 60_500, "duration_ms": 60_500}


def item(role: str, content: str, start: float | None = None, end: float | None = None, **fields) -> dict:
    words = content.split()
    timed = []
    if start is not None and end is not None and words:
        step = (end - start) / len(words)
        timed = [
            {"word": word, "start": start + n * step, "end": start + (n + 1) * step} for n, word in enumerate(words)
        ]
    return {"role": role, "content": content, "words": timed} | fields


def turns(*contents: str, each: float = 2.0) -> list[dict]:
    """One turn after another, agent first, each as long."""
    return [
        item(("agent", "user")[n % 2], content, n * each, n * each + each / 2) for n, content in enumerate(contents)
    ]


def body(event: str, items: list | None = None, **fields) -> bytes:
    told = {} if items is None else {"transcript_object": items}
    return json.dumps({"event": event, "call": CALL | told | fields}).encode()


def started(**fields) -> bytes:
    return body("call_started", **fields)


def update(items: list, **fields) -> bytes:
    return body("transcript_updated", items, **fields)


def ended(items: list | None = None, reason: str | None = "user_hangup", **fields) -> bytes:
    return body("call_ended", items, **OVER | {"disconnection_reason": reason} | fields)


def analyzed(items: list | None = None, **fields) -> bytes:
    return body("call_analyzed", items, **OVER | {"disconnection_reason": "user_hangup"} | fields)
