"""The exact times of words, for who asks Twilio for its provider's data (`enableProviderData`, Deepgram only).

https://www.twilio.com/docs/voice/twiml/transcription
"""

import msgspec

from events import SECOND
from sources.limits import UNREADABLE, instant

LONGEST_CALL_S = 7 * 86_400  # Twilio ends calls after 4 hours, or 24 if asked; beyond a week an offset is nonsense


class _Word(msgspec.Struct):
    start: float  # s since the provider's stream of this track began
    end: float


class _Alternative(msgspec.Struct):
    words: list[_Word]


class _Channel(msgspec.Struct):
    alternatives: list[_Alternative]


class _Result(msgspec.Struct):
    channel: _Channel


class _ProviderData(msgspec.Struct, rename="pascal"):
    provider_data: _Result
    provider_connect_time: str


def spoken(provider_data: bytes | None) -> tuple[int, int] | None:
    """When the first word began and the last one ended, µs; None for anything not understood.

    Never refuses: the documentation's own example isn't valid JSON. Words are in seconds since `ProviderConnectTime`,
    which is a track's own, as each track has its own connection.
    """
    try:
        given = msgspec.json.decode(provider_data or b"null", type=_ProviderData | None)
        if given is None:
            return None
        words, connected_at = given.provider_data.channel.alternatives[0].words, instant(given.provider_connect_time)
        start, end = words[0].start, words[-1].end
    except (*UNREADABLE, IndexError):
        return None
    if not 0 <= start <= end <= LONGEST_CALL_S:
        return None
    return connected_at + round(start * SECOND), connected_at + round(end * SECOND)
