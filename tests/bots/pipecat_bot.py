"""A real Pipecat bot without a network, on a call of its own, with the observer of examples/: run by test_pipecat.py.

    CALLBOARD_URL=… CALLBOARD_KEY=… build/pipecat/bin/python tests/bots/pipecat_bot.py CALL_SID [RECORDING.json]

Pipeline, processors, speech service, output and frames are Pipecat's; only the voice is silent, and nobody is on the
line. RECORDING gets what the observer was given, for replay.py.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "examples"))

from callboard_producer import Producer
from deepgram.listen.v1.types import ListenV1Results
from pipecat.frames.frames import (
    BotStoppedSpeakingFrame,
    InterimTranscriptionFrame,
    InterruptionFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSTextFrame,
    UserStartedSpeakingFrame,
)
from pipecat.observers.base_observer import BaseObserver
from pipecat.pipeline.pipeline import Pipeline
from pipecat.processors.frame_processor import FrameProcessor
from pipecat.services.tts_service import TTSService
from pipecat.transcriptions.language import Language
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.utils.time import time_now_iso8601
from pipecat_observer import CallboardObserver

try:
    from pipecat.pipeline.worker import PipelineWorker
    from pipecat.workers.runner import WorkerRunner
except ImportError:  # as it was called before
    from pipecat.pipeline.runner import PipelineRunner as WorkerRunner
    from pipecat.pipeline.task import PipelineTask as PipelineWorker

RATE = 16_000
WORD_S = 0.1
RECORDED = (
    *("StartFrame", "EndFrame", "InterimTranscriptionFrame", "TranscriptionFrame", "UserStartedSpeakingFrame"),
    *("TTSTextFrame", "BotStartedSpeakingFrame", "BotStoppedSpeakingFrame", "InterruptionFrame"),
)


class Ear(FrameProcessor):
    """Passes everything on, and tells when something has come by."""

    def __init__(self):
        super().__init__()
        self._waiting = {}

    async def process_frame(self, frame, direction):
        await super().process_frame(frame, direction)
        for kind, text in list(self._waiting):
            if isinstance(frame, kind) and text in getattr(frame, "text", ""):
                self._waiting.pop((kind, text)).set_result(None)
        await self.push_frame(frame, direction)

    async def hears(self, kind, text=""):
        self._waiting[kind, text] = asyncio.get_running_loop().create_future()
        await asyncio.wait_for(self._waiting[kind, text], 20)


class Voice(TTSService):
    """Says nothing, a word in WORD_S, and when each word is due."""

    def __init__(self):
        super().__init__(sample_rate=RATE, push_start_frame=True, push_stop_frames=True, push_text_frames=False)

    async def run_tts(self, text, context_id):
        words = text.split()
        await self.add_word_timestamps([(word, number * WORD_S) for number, word in enumerate(words)], context_id)
        yield TTSAudioRawFrame(bytes(int(RATE * WORD_S) * 2 * len(words)), RATE, 1, context_id=context_id)


class Line(BaseOutputTransport):
    """Takes audio as fast as it is heard."""

    async def start(self, frame):
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, frame):
        await asyncio.sleep(len(frame.audio) / 2 / RATE)
        return True


class Recorder(BaseObserver):
    """What an observer is given, as JSON."""

    def __init__(self):
        super().__init__()
        self.pushes = []

    async def on_push_frame(self, data):
        frame, name = data.frame, type(data.frame).__name__
        if name not in RECORDED:
            return
        push = {"frame": name, "id": frame.id, "first_push": data.first_push, "timestamp": data.timestamp}
        push["source"] = "BaseOutputTransport" if isinstance(data.source, BaseOutputTransport) else "FrameProcessor"
        for field in ("text", "language", "includes_inter_frame_spaces"):
            if getattr(frame, field, None) is not None:
                push[field] = getattr(frame, field)
        if (result := getattr(frame, "result", None)) is not None:
            push["result"] = json.loads(result.json())
        self.pushes.append(push)


def deepgram(text, start_s, *, is_final):
    """A result of Deepgram's live API: these words, a quarter of a second each."""
    each = [(word, start_s + 0.25 * number) for number, word in enumerate(text.split())]
    words = [{"word": word, "start": at, "end": at + 0.2, "confidence": 0.9} for word, at in each]
    best = {"transcript": text, "confidence": 0.9 if is_final else 0.5, "words": words}
    told = {"type": "Results", "channel_index": [0, 1], "start": start_s, "duration": 0.25 * len(words)}
    told |= {"is_final": is_final, "speech_final": is_final, "channel": {"alternatives": [best]}}
    model = {"name": "general", "version": "1", "arch": "invented"}
    told["metadata"] = {"request_id": "r-1", "model_info": model, "model_uuid": "m-1"}
    return ListenV1Results.model_validate(told)


def heard(text, *, is_final=True, result=None):
    kind = TranscriptionFrame if is_final else InterimTranscriptionFrame
    return kind(text, "user-1", time_now_iso8601(), Language.EN_US, result=result)


async def call(worker, ear):
    """What happens on it; each step waits for the one before to have happened."""
    await worker.queue_frame(TTSSpeakFrame("Larkspur Cycles, good morning."))
    await ear.hears(BotStoppedSpeakingFrame)
    await worker.queue_frames(
        [
            UserStartedSpeakingFrame(),
            heard("Is my", is_final=False),
            heard("   "),
            heard("Is my bike ready?"),
            TTSSpeakFrame("It is ready since Monday with new brakes and a bell that can be heard from far away."),
        ]
    )
    await ear.hears(TTSTextFrame, "Monday")
    await worker.queue_frames([heard("Wonder", is_final=False, result=deepgram("Wonder", 4.0, is_final=False))])
    await worker.queue_frame(InterruptionFrame())
    await ear.hears(BotStoppedSpeakingFrame)
    said = "Wonderful, thank you."
    await worker.queue_frames([heard(said, result=deepgram(said, 4.0, is_final=True)), TTSSpeakFrame("Until then!")])
    await ear.hears(TTSTextFrame, "then!")
    await worker.queue_frame(heard("By", is_final=False))
    await ear.hears(BotStoppedSpeakingFrame)
    await worker.stop_when_done()


async def main(call_sid):
    """The call, start to end; what was recorded of it."""
    recorder, ear = Recorder(), Ear()
    pipeline = Pipeline([Ear(), Voice(), Ear(), Line(TransportParams(audio_out_enabled=True)), ear])
    async with Producer(os.environ["CALLBOARD_URL"], os.environ["CALLBOARD_KEY"]) as producer:
        board = CallboardObserver(producer, call_sid, direction="inbound", from_number="+15550123")
        worker = PipelineWorker(pipeline, observers=[board, recorder])
        runner = WorkerRunner(handle_sigint=False)
        if hasattr(runner, "add_workers"):
            await runner.add_workers(worker)
            await asyncio.gather(runner.run(), call(worker, ear))
        else:
            await asyncio.gather(runner.run(worker), call(worker, ear))
    return recorder.pushes


if __name__ == "__main__":
    pushes = asyncio.run(main(sys.argv[1]))
    if len(sys.argv) > 2:
        Path(sys.argv[2]).write_text("[\n" + ",\n".join(map(json.dumps, pushes)) + "\n]\n")
