"""Bodies as Vapi posts them, for its tests; times are seconds from the answer."""

import json

T0 = 1_793_869_200_000  # ms
CALL = {"id": "c0ffee", "orgId": "org-1", "type": "outboundPhoneCall"}


def message(kind, at=None, **fields) -> bytes:
    timed = {} if at is None else {"timestamp": round(T0 + at * 1000)}
    return json.dumps({"message": {"type": kind} | timed | {"call": CALL} | fields}).encode()


def status(word, at=None, **fields) -> bytes:
    return message("status-update", at, status=word, **fields)


def speech(content, at=None, *, role="user", final=True, **fields) -> bytes:
    kind = "final" if final else "partial"
    return message("transcript", at, **{"role": role, "transcriptType": kind, "transcript": content} | fields)


def partial(content, at=None, **fields) -> bytes:
    return speech(content, at, final=False, **fields)


def turn(word, at, role="user") -> bytes:
    return message("speech-update", at, status=word, role=role)


def said(role, content, start=None, end=None, **fields) -> dict:
    timed = {}
    if start is not None:
        timed = {"time": round(T0 + start * 1000), "secondsFromStart": start}
        timed |= {"endTime": round(T0 + end * 1000), "duration": end - start} if end is not None else {}
    return {"role": role, "message": content} | timed | fields


def report(*messages, at=60, reason="customer-ended-call", **fields) -> bytes:
    told = {"endedReason": reason, "artifact": {"messages": list(messages)}}
    return message("end-of-call-report", at, **told | fields)
