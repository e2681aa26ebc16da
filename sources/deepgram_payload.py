"""What Deepgram says of live audio, parsed and bounded: v1's `Results`, Flux's `TurnInfo`. Nothing of what it means.

https://developers.deepgram.com/docs/live-streaming-audio
https://developers.deepgram.com/docs/flux
"""

from collections.abc import Mapping
from typing import Any, get_args

import msgspec

from events import CALL_SID, Speaker
from sources.deepgram_message import (
    Alternative,
    Channel,
    Message,
    Metadata,
    channel_of,
    instant_of,
    note_of,
    request_id_of,
    seconds,
    text_of,
    told_call_sid,
    truth,
    whole,
)
from sources.deepgram_words import Run, language_of, mean_confidence, said_words, voice_runs
from sources.json_payload import LONGEST_CALL_S, confidence, read, refused


class Ignored(msgspec.Struct, frozen=True, kw_only=True):
    """Well-formed, and nothing to do."""

    call_sid: str
    account: str = ""  # messages do not tell one
    speaker: Speaker | None = None  # whose voice the whole connection carries, where the caller said so
    offset: float | None = None  # s from the answer to the connection's first audio, where the caller said so
    request_id: str | None = None  # the connection; SpeechStarted, UtteranceEnd and errors tell none
    created_at: int | None = None  # µs, when the connection was made


class Begun(Ignored, frozen=True, kw_only=True):
    """The stream runs, or somebody began to speak: no words yet."""


class Result(Ignored, frozen=True, kw_only=True):
    """The words of one window of one channel, times in s from the connection's first audio."""

    channel: int
    channels: int
    start: float
    end: float
    is_final: bool
    speech_final: bool
    content: str
    confidence: float | None = None
    first: float | None = None  # when its first word began
    last: float | None = None  # when its last word ended
    words: int = 0
    voice: int | None = None  # `diarize`: whose words are most of it
    runs: tuple[Run, ...] = ()  # of a final one, where there are others and it is known what they say
    language: str | None = None


class UtteranceEnd(Ignored, frozen=True, kw_only=True):
    channel: int
    last_word_end: float | None  # s


class Ended(Ignored, frozen=True, kw_only=True):
    """The stream is over, which the call need not be."""

    duration: float  # s


class CallEnded(Ignored, frozen=True, kw_only=True):
    """Nothing that Deepgram says: the call has ended, whatever was still expected of its streams."""


class Turn(Ignored, frozen=True, kw_only=True):
    """Flux: a turn so far, or all of it."""

    index: int
    sequence: int
    is_final: bool
    content: str
    start: float
    end: float
    confidence: float | None = None  # `end_of_turn_confidence` is none
    language: str | None = None


class Failed(Ignored, frozen=True, kw_only=True):
    """Transcription died; the call did not."""

    error: str  # "NET-0001: no audio was received"


Payload = Ignored | Begun | Result | UtteranceEnd | Ended | Turn | Failed


_decoder = msgspec.json.Decoder(Message)


def decode(body: bytes, content_type: str, query: Mapping[str, str]) -> Payload:
    """A callback's message. Which call it is of stands in the callback's address, `?call_sid=…`, or was given to
    Deepgram as `extra=call_sid:…`; the address may also say `speaker` and `offset`, as for `decode_message`.

    Raises Refused("malformed_payload", …, field) with the field as Deepgram or the address calls it.
    """
    offset = query.get("offset") or None
    try:
        offset_s = None if offset is None else float(offset)
    except ValueError:
        offset_s = -1.0
    return decode_message(query.get("call_sid"), body, speaker=query.get("speaker") or None, offset=offset_s)


def decode_message(
    call_sid: str | None, message: bytes, *, speaker: str | None = None, offset: float | None = None
) -> Payload:
    """A message as it came from Deepgram's socket, of the call `call_sid` (None: it tells itself). `speaker` is whose
    voice this connection carries; `offset` in s from the call's answer to the connection's first audio.

    Raises Refused("malformed_payload", …, field).
    """
    said = read(message, _decoder)
    call_sid = call_sid or told_call_sid(said)
    if call_sid is None or not CALL_SID.match(call_sid):
        raise refused("call_sid", "must be a call id: name it in the callback's address, ?call_sid=…")
    if speaker is not None and speaker not in get_args(Speaker):
        raise refused("speaker", f"must be one of {', '.join(get_args(Speaker))}")
    meta = said.metadata or Metadata()
    whose = {
        "call_sid": call_sid,
        "speaker": speaker,
        "offset": None if offset is None else seconds(offset, "offset"),
        "request_id": request_id_of(meta.request_id or said.request_id),
        "created_at": instant_of(meta.created or said.created),
    }
    match said.type:
        case "Results":
            return _result(said, whose)
        case "TurnInfo":
            return _turn(said, whose)
        case "SpeechStarted" | "Connected":
            return Begun(**whose)
        case "UtteranceEnd":
            return _utterance_end(said, whose)
        case "Metadata":
            return Ended(duration=seconds(said.duration or 0, "duration"), **whose)
        case "Error":
            notes = (note_of(part) for part in (said.code, said.variant, said.description, said.message))
            return Failed(error=": ".join(dict.fromkeys(note for note in notes if note)) or "unknown", **whose)
        case None if isinstance(said.channel, Channel) and said.is_final is not None:
            return _result(said, whose)  # before messages had types
    return Ignored(**whose)


def _result(said: Message, whose: dict[str, Any]) -> Result:
    heard = said.channel if isinstance(said.channel, Channel) else Channel()
    best = heard.alternatives[0] if heard.alternatives else Alternative()
    channel, channels = channel_of(said.channel_index)
    start, content = seconds(said.start, "start"), text_of(best.transcript)
    is_final, speech_final = truth(said.is_final, "is_final", True), truth(said.speech_final, "speech_final", False)
    is_final, words = is_final or speech_final, said_words(best.words, LONGEST_CALL_S)
    is_shared = is_final and channels == 1 and words.is_mixed
    return Result(
        channel=channel,
        channels=channels,
        start=start,
        end=start + seconds(said.duration or 0, "duration"),
        is_final=is_final,
        speech_final=speech_final,
        content=content,
        confidence=confidence(best.confidence),
        first=words.first,
        last=words.last,
        words=words.count or len(content.split()),
        voice=words.voice,
        runs=voice_runs(best.words, content, LONGEST_CALL_S) if is_shared else (),
        language=language_of(best.languages, heard.detected_language),
        **whose,
    )


def _utterance_end(said: Message, whose: dict[str, Any]) -> UtteranceEnd:
    channel, _ = channel_of(said.channel if isinstance(said.channel, list) else said.channel_index)
    end = said.last_word_end  # -1 where there is none
    is_told = type(end) in (int, float) and 0 <= end <= LONGEST_CALL_S
    return UtteranceEnd(channel=channel, last_word_end=end if is_told else None, **whose)


def _turn(said: Message, whose: dict[str, Any]) -> Turn:
    start = seconds(said.audio_window_start, "audio_window_start")
    return Turn(
        index=whole(said.turn_index, "turn_index"),
        sequence=whole(said.sequence_id, "sequence_id"),
        is_final=said.event == "EndOfTurn",
        content=text_of(said.transcript),
        start=start,
        end=max(start, seconds(said.audio_window_end, "audio_window_end")),
        confidence=mean_confidence(said.words),
        language=language_of(said.languages, None),
        **whose,
    )
