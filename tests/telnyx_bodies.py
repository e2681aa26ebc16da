"""Telnyx's webhooks as the tests send them: µs since T0 tell when, `n` names the event."""

import json

T0 = 1_793_869_200_000_000  # 2026-11-05T09:00:00Z, µs
CALL, LEG, SESSION = "v3:call-0", "leg-0", "session-0"
WHOSE = {"call_control_id": CALL, "call_leg_id": LEG, "call_session_id": SESSION, "connection_id": "1555"}
NUMBERS = {"from": "+15550123", "to": "+15550100"}


def when(at: float) -> str:
    return f"2026-11-05T09:{int(at // 60):02}:{at % 60:09.6f}Z"


def event(kind: str, at: float | None, n: int | str | None = None, *, attempt: int = 1, **payload) -> bytes:
    data = {"event_type": kind, "record_type": "event", "payload": WHOSE | payload}
    data |= {"occurred_at": when(at)} if at is not None else {}
    data |= {"id": f"event-{kind}-{at}" if n is None else f"event-{n}"}
    return json.dumps(
        {"data": data, "meta": {"attempt": attempt, "delivered_to": "https://calls.example.com"}}
    ).encode()


def answered(at: float | None = 0, **payload) -> bytes:
    return event("call.answered", at, **NUMBERS | payload)


def hangup(at: float | None, cause: str | None = "normal_clearing", **payload) -> bytes:
    return event("call.hangup", at, hangup_cause=cause, **NUMBERS | payload)


def speech(
    n: int | str, content: str, at: float | None, *, final: bool = True, track: str | None = "inbound", **payload
):
    data = {"transcript": content, "is_final": final, "confidence": 0.9 if final else 0.0}
    data |= {"transcription_track": track} if track else {}
    return event("call.transcription", at, n, transcription_data=data, **payload)


def interim(n: int | str, content: str, at: float | None, **more) -> bytes:
    return speech(n, content, at, final=False, **more)
