"""Show a Pipecat bot's calls in Callboard, live: an observer to copy, with callboard_producer.py beside it.

    async with Producer("https://calls.example.com", key) as producer:
        board = CallboardObserver(producer, call_sid, direction="inbound")
        worker = PipelineWorker(pipeline, observers=[board])  # PipelineTask in older releases
        …  # and run it as you do

It shows what the user says as it is recognised, and what the bot says as it is spoken: an interruption cuts the text
where it cuts the voice. Nothing in it waits: the pipeline goes on, whatever becomes of Callboard.
"""

import logging
import secrets
from collections import OrderedDict
from datetime import UTC, datetime
from typing import Any

from callboard_producer import NotTaken, Producer
from pipecat.frames import frames
from pipecat.frames.frames import (
    BotStoppedSpeakingFrame,
    InterimTranscriptionFrame,
    StartFrame,
    TranscriptionFrame,
    TTSTextFrame,
    UserStartedSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver, FramePushed
from pipecat.transports.base_output import BaseOutputTransport

# It had another name once.
InterruptionFrame = getattr(frames, "InterruptionFrame", None) or frames.StartInterruptionFrame
USER_FRAMES = (InterimTranscriptionFrame, TranscriptionFrame, UserStartedSpeakingFrame)
REMEMBERED = 1_000  # frames; one passes all processors within moments

log = logging.getLogger("pipecat_observer")


class CallboardObserver(BaseObserver):
    """Feeds one call: from the pipeline's start, which begins it, to the observer's clean-up, which ends it."""

    def __init__(self, producer: Producer, call_sid: str, **facts: Any):
        """`call_sid` is the telephony provider's id of the call; `facts` as of Producer.call."""
        super().__init__()
        self._producer, self._call_sid, self._facts = producer, call_sid, facts
        # A bot that comes back to its call must not use the old ids again: it would correct what was said before.
        self._run, self._count = secrets.token_hex(4), 0
        self._open: dict[str, _Segment] = {}  # by speaker: what is being said
        self._user_spoke_at: float | None = None
        self._stream = _Stream()
        self._started_ns: int | None = None
        self._passed: OrderedDict[int, None] = OrderedDict()
        self._is_over = False

    async def on_push_frame(self, data: FramePushed) -> None:
        """Called for every frame at every hop, from a queue of this observer's own."""
        try:
            self._hear(data)
        except NotTaken as problem:
            log.error("call %s: something is missing: %s", self._call_sid, problem)
        except Exception:  # it would end this observer, and the rest of the call were lost
            log.exception("call %s: something is missing", self._call_sid)

    async def cleanup(self) -> None:
        """The end. At shutdown Pipecat drops what is still queued for observers, the EndFrame too, but calls this."""
        await super().cleanup()
        if self._is_over or self._started_ns is None:
            return
        self._is_over = True
        try:
            self._bot_is_done(None)
            if (segment := self._open.pop("user", None)) is not None:  # words that no final will come for
                self._producer.transcript(self._call_sid, segment.id, "user", "", is_final=False)
            self._producer.status(self._call_sid, "completed")
        except NotTaken as problem:
            log.error("call %s: its end is missing: %s", self._call_sid, problem)

    def _hear(self, data: FramePushed) -> None:
        frame, now_s = data.frame, (data.timestamp - (self._started_ns or 0)) / 1e9
        if isinstance(frame, TTSTextFrame):
            if isinstance(data.source, BaseOutputTransport):  # in time with the voice; anywhere before it is a plan
                self._bot_says(frame, now_s)
        elif isinstance(frame, BotStoppedSpeakingFrame | InterruptionFrame):
            if self._is_first(data):  # a later hop may come when the bot speaks again
                self._bot_is_done(now_s)
        elif isinstance(frame, StartFrame):
            self._start(data.timestamp)
        elif isinstance(frame, USER_FRAMES) and self._is_first(data):
            self._user_does(frame, now_s)

    def _start(self, at_ns: int) -> None:
        if self._started_ns is None:
            self._started_ns = at_ns
            known = {"started_at": datetime.now(UTC).isoformat(), "status": "in-progress"} | self._facts
            self._producer.call(self._call_sid, **known)

    def _is_first(self, data: FramePushed) -> bool:
        """Whether no processor has pushed this frame before. Releases that do not tell leave it to us to remember."""
        if hasattr(data, "first_push"):
            return data.first_push
        is_first = data.frame.id not in self._passed
        self._passed[data.frame.id] = None
        if len(self._passed) > REMEMBERED:
            self._passed.popitem(last=False)
        return is_first

    def _user_does(self, frame: Any, now_s: float) -> None:
        if isinstance(frame, UserStartedSpeakingFrame):
            self._user_spoke_at = now_s
            return
        if not (text := frame.text.strip()):
            return
        is_final = isinstance(frame, TranscriptionFrame)
        confidence, start_s, end_s = self._stream.place(frame.result, now_s)
        if start_s is None:
            start_s = self._user_spoke_at
        if start_s is None and not is_final:
            start_s = now_s
        segment = self._open.pop("user", None) or self._new("user", start_s)
        self._say(segment, text, is_final, now_s if end_s is None else end_s, confidence if is_final else None, frame)
        self._user_spoke_at = None  # what is heard next began later
        if not is_final:
            self._open["user"] = segment

    def _bot_says(self, frame: TTSTextFrame, now_s: float) -> None:
        segment = self._open.get("assistant") or self._new("assistant", now_s)
        self._open["assistant"] = segment
        has_spaces = getattr(frame, "includes_inter_frame_spaces", False)
        segment.text += frame.text if has_spaces or not segment.text else " " + frame.text
        if segment.text.strip():
            self._say(segment, segment.text.strip(), False, now_s)

    def _bot_is_done(self, now_s: float | None) -> None:
        segment = self._open.pop("assistant", None)
        if segment is not None and segment.text.strip():
            self._say(segment, segment.text.strip(), True, segment.end_s if now_s is None else now_s)

    def _new(self, speaker: str, start_s: float | None) -> "_Segment":
        self._count += 1
        return _Segment(f"{self._run}-{self._count}", speaker, start_s)

    def _say(
        self,
        segment: "_Segment",
        text: str,
        is_final: bool,
        end_s: float,
        confidence: float | None = None,
        frame: Any = None,
    ) -> None:
        start_s = None if segment.start_s is None else round(max(0, segment.start_s), 3)
        segment.end_s = round(max(start_s or 0, end_s), 3)
        more = {"segment_start": start_s, "segment_end": segment.end_s, "confidence": confidence}
        more["language"] = getattr(frame, "language", None)
        self._producer.transcript(self._call_sid, segment.id, segment.speaker, text, is_final=is_final, **more)


class _Segment:
    """What one speaker says without a break; times in seconds of the pipeline's clock since its start."""

    def __init__(self, id_: str, speaker: str, start_s: float | None):
        self.id, self.speaker, self.start_s, self.end_s, self.text = id_, speaker, start_s, 0.0, ""


class _Stream:
    """Deepgram's clock against the pipeline's. It counts from the first audio of its connection, a new one from 0."""

    def __init__(self) -> None:
        self._offset_s, self._last_start_s = float("inf"), 0.0

    def place(self, result: Any, now_s: float) -> tuple[float | None, float | None, float | None]:
        """Confidence, start and end of a result of Deepgram's live API; None for what another service does not tell.

        A result comes after what it tells of: whichever came soonest tells best how far the clocks are apart.
        """
        alternatives = getattr(getattr(result, "channel", None), "alternatives", None)
        if not alternatives or not isinstance(getattr(result, "start", None), int | float):
            return None, None, None
        best, words, heard_to_s = alternatives[0], alternatives[0].words or (), result.start + (result.duration or 0)
        if result.start < self._last_start_s:
            self._offset_s = float("inf")
        self._last_start_s = result.start
        self._offset_s = min(self._offset_s, now_s - heard_to_s)
        start_s, end_s = (words[0].start, words[-1].end) if words else (result.start, heard_to_s)
        return best.confidence, start_s + self._offset_s, end_s + self._offset_s
