"""Gives the observer of examples/ a recorded call, where Pipecat is not installed: frame for frame.

    CALLBOARD_URL=… CALLBOARD_KEY=… python tests/bots/replay.py CALL_SID RECORDING.json [old]

`old`: as a release that calls an interruption otherwise, and does not tell which push is the first.
"""

import asyncio
import json
import os
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "examples"))

FRAMES = (
    *("StartFrame", "EndFrame", "InterimTranscriptionFrame", "TranscriptionFrame", "UserStartedSpeakingFrame"),
    *("TTSTextFrame", "BotStartedSpeakingFrame", "BotStoppedSpeakingFrame", "InterruptionFrame"),
)
FIELDS = ("id", "text", "language", "includes_inter_frame_spaces", "result")


class BaseObserver:
    async def cleanup(self):
        pass


class Frame(SimpleNamespace):
    result = language = None


class FrameProcessor:
    pass


class BaseOutputTransport(FrameProcessor):
    pass


def stand_in(is_old: bool) -> dict[str, type]:
    """Modules of these names with what the observer imports; the frames' classes by their names in the recording."""
    kinds = {name: type(name, (Frame,), {}) for name in FRAMES}
    names = kinds | {"BaseObserver": BaseObserver, "FramePushed": SimpleNamespace}
    names["BaseOutputTransport"] = BaseOutputTransport
    if is_old:
        names["StartInterruptionFrame"] = names.pop("InterruptionFrame")
    for module in ("pipecat", "frames", "frames.frames", "observers", "observers.base_observer", "transports"):
        path = module if module == "pipecat" else f"pipecat.{module}"
        sys.modules[path] = ModuleType(path)
    sys.modules["pipecat.transports.base_output"] = ModuleType("pipecat.transports.base_output")
    sys.modules["pipecat.frames"].frames = sys.modules["pipecat.frames.frames"]
    for path in ("frames.frames", "observers.base_observer", "transports.base_output"):
        vars(sys.modules[f"pipecat.{path}"]).update(names)
    return kinds


def plain(value):
    """JSON as objects with attributes, as Deepgram's package has it."""
    if isinstance(value, dict):
        return SimpleNamespace(**{name: plain(part) for name, part in value.items()})
    return [plain(part) for part in value] if isinstance(value, list) else value


async def main(call_sid: str, pushes: list[dict], age: str = "new") -> None:
    kinds = stand_in(age == "old")
    from callboard_producer import Producer
    from pipecat_observer import CallboardObserver

    sources = {"FrameProcessor": FrameProcessor(), "BaseOutputTransport": BaseOutputTransport()}
    async with Producer(os.environ["CALLBOARD_URL"], os.environ["CALLBOARD_KEY"]) as producer:
        board = CallboardObserver(producer, call_sid, direction="inbound", from_number="+15550123")
        for push in pushes:
            fields = {name: plain(push[name]) for name in FIELDS if name in push}
            data = SimpleNamespace(frame=kinds[push["frame"]](**fields))
            data.timestamp, data.source = push["timestamp"], sources[push["source"]]
            if age == "new":
                data.first_push = push["first_push"]
            await board.on_push_frame(data)
            await producer.drain()  # so that the next interim does not take the place of this one
        await board.cleanup()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], json.loads(Path(sys.argv[2]).read_text()), *sys.argv[3:]))
