"""Deepgram's messages as the tests send them: `Results` of windows, and Flux's turns."""

import json
from typing import Any

CALL = {"call_sid": "CA0"}
FIRST, SECOND = "request-1", "request-2"


def message(kind: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind} | fields).encode()


def result(
    start: float,
    end: float,
    text: str,
    *,
    final: bool = True,
    last: bool = False,
    channel: int = 0,
    channels: int = 2,
    request: str | None = FIRST,
    **fields: Any,
) -> bytes:
    """A window; a final one by default. `sure`, `words`, `metadata` and whatever else stands in the message."""
    parts = text.split()
    step = (end - start) / max(1, len(parts))
    spelt = [{"word": w, "start": start + n * step, "end": start + (n + 1) * step} for n, w in enumerate(parts)]
    sure, words = fields.pop("sure", 0.9), fields.pop("words", spelt)
    said = {"alternatives": [{"transcript": text, "confidence": sure, "words": words}]}
    whose = {"channel_index": [channel, channels], "metadata": {"request_id": request} | fields.pop("metadata", {})}
    window = {"start": start, "duration": round(end - start, 6), "is_final": final, "speech_final": last}
    return message("Results", channel=said, **whose | window | fields)


def interim(start: float, end: float, text: str, **more: Any) -> bytes:
    return result(start, end, text, final=False, **more)


def utterance_end(last_word_end: float, channel: int = 0) -> bytes:
    return message("UtteranceEnd", channel=[channel, 2], last_word_end=last_word_end)


def stream_end(duration: float, request: str = FIRST, **fields: Any) -> bytes:
    return message("Metadata", request_id=request, duration=duration, channels=2, **fields)


def turn(sequence: int, event: str, index: int, text: str, *, request: str = FIRST, **fields: Any) -> bytes:
    words = [{"word": word, "confidence": 0.8} for word in text.split()]
    window = {"audio_window_start": index * 10.0, "audio_window_end": index * 10.0 + sequence * 0.25}
    told = {"request_id": request, "sequence_id": sequence, "event": event, "turn_index": index, "transcript": text}
    return message("TurnInfo", **told | window | {"words": words, "end_of_turn_confidence": 0.5} | fields)
