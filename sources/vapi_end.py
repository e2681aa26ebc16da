"""How a Vapi call ended, by its `endedReason`: there are some six hundred, and more with each release, so by rule.

https://docs.vapi.ai/calls/call-ended-reason
"""

import re

from events import Status

# `fault` as in providerfault, not as in default.
_FAILED = re.compile(
    r"error|failed|(?<!de)fault|not-found|customer-did-not-answer|customer-busy|did-not-give-microphone-permission"
)
_COMPLETED = re.compile(
    r"(customer|assistant)-ended-call|assistant-said-end-call|assistant-forwarded-call|silence-timed-out"
    r"|exceeded-max-duration|voicemail"
)


def end_status(reason: str | None, *, is_answered: bool) -> Status:
    """`failed` for what names a failure, `completed` for an ordinary end; for a reason that nobody knows yet, completed
    where the call had been answered."""
    word = (reason or "").lower()
    if _FAILED.search(word):
        return "failed"
    return "completed" if is_answered or _COMPLETED.match(word) else "failed"
