"""Where the CPU time of this process goes, by what each thread runs after every two milliseconds of it."""

import gc
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

EVERY_S = 0.002
ROOT = Path(__file__).parent.parent


class Sampler:
    """Between `start` and `report`. A sample counts as the CPU time that its thread has used since the one before, so
    that one that waits for another, or for the disk, counts as nothing; taking the samples counts as nothing, too."""

    def __init__(self) -> None:
        self._own: Counter[tuple[CodeType, int | None]] = Counter()  # s, in a line and in what it calls of C
        self._whole: Counter[CodeType] = Counter()  # and in all that it calls
        self._used: dict[int, float] = {}
        self._collecting = self._began = 0.0  # s in the garbage collector

    def start(self) -> None:
        gc.callbacks.append(self._collected)
        signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, EVERY_S, EVERY_S)

    def report(self) -> dict[str, Any]:
        """s of CPU: `own` of each line, `whole` of each function, the most first; `collecting` of garbage."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        gc.callbacks.remove(self._collected)
        whole: Counter[str] = Counter()
        for code, spent in self._whole.items():
            whole[_name(code)] += spent
        own = [(f"{_name(code)}:{line}", spent) for (code, line), spent in self._own.most_common()]
        return {"own": own, "whole": whole.most_common(60), "collecting": self._collecting}

    def _collected(self, phase: str, _: dict) -> None:
        if phase == "start":
            self._began = time.thread_time()
        else:
            self._collecting += time.thread_time() - self._began

    def _sample(self, _: int, interrupted: FrameType | None) -> None:
        signal.signal(signal.SIGPROF, signal.SIG_IGN)  # until this sample is taken
        frames = sys._current_frames()
        main = threading.main_thread().ident
        del frames[main]  # this function's own: a cycle, and with it everything that was being done
        for thread in threading.enumerate():
            used = _cpu(thread)
            spent = used - self._used.get(thread.ident, used)
            self._used[thread.ident] = used
            frame = interrupted if thread.ident == main else frames.get(thread.ident)
            if spent <= 0 or frame is None:
                continue
            self._own[frame.f_code, frame.f_lineno] += spent
            seen = set()
            while frame is not None:
                seen.add(frame.f_code)
                frame = frame.f_back
            for code in seen:
                self._whole[code] += spent
        self._used[main] = _cpu(threading.main_thread())
        signal.signal(signal.SIGPROF, self._sample)


def _cpu(thread: threading.Thread) -> float:
    return time.clock_gettime(time.pthread_getcpuclockid(thread.ident))


def _name(code: CodeType) -> str:
    if code is Sampler._collected.__code__:  # it ends what no other sample can see
        return "(collecting garbage)"
    path = Path(code.co_filename)
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) and ".venv" not in path.parts else path.name
    return f"{shown} {code.co_qualname}"
