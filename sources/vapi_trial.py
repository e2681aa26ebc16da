"""A short call as Vapi posts it."""

from collections.abc import Iterator

from events import encode
from sources.trial import STEP_US, TURNS, Step, grown
from sources.vapi_signature import sign

TELLS_END = True
ORGANIZATION = "test"  # of a source that takes any


def headers(url: str, body: bytes, secret: str | None, now: int) -> dict[str, str]:
    """With its HMAC plan, which also shows that the clock is right."""
    return {"Content-Type": "application/json"} | (sign(body, secret, now) if secret else {})


def trial_call(call_sid: str, account: str | None, started_at: int) -> Iterator[Step]:
    """The requests in order: in-progress, partials and finals, ended."""
    call = {"id": call_sid, "orgId": account or ORGANIZATION, "type": "inboundPhoneCall"}
    whose = {"call": call, "customer": {"number": "Test call"}, "phoneNumber": {"number": "Callboard"}}
    after_us = 0

    def step(type_: str, **fields: object) -> Step:
        at = (started_at + after_us) // 1000  # ms
        return Step(after_us, encode({"message": {"timestamp": at, "type": type_, **fields, **whose}}))

    yield step("status-update", status="in-progress")
    for turn in TURNS:
        said = grown(turn)
        for text in said:
            after_us += STEP_US
            yield step("transcript", role=turn.speaker, transcriptType="partial", transcript=text)
        after_us += STEP_US
        sure = {"confidence": turn.confidence} if turn.speaker == "user" else {}  # it tells only of what it heard
        yield step("transcript", role=turn.speaker, transcriptType="final", transcript=said[-1], **sure)
    after_us += STEP_US
    yield step("status-update", status="ended", endedReason="customer-ended-call")
