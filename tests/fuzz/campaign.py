"""A run of the fuzzer: which inputs are made, what is kept of them, and what is said of it in the end."""

import hashlib
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

from tests.fuzz.target import Target

CRASHES = Path(__file__).parent / "crashes"
KNOWN = 400  # inputs of each target that brought something new, to vary further
TURN = 50  # inputs of one target before the next has its turn
LONGEST_S = 5  # of processor time for one input: thousands of times what the slowest take
SAID_EVERY_S = {True: 0.5, False: 15}  # on a terminal, elsewhere


class Stuck(Exception):
    """One input took too long."""


class Run:
    """What became of one target."""

    def __init__(self, name: str, target: Target):
        self.name, self.target = name, target
        self.known = list(target.seeds)
        self.labels: set[str] = set()
        self.inputs, self.seconds = 0, 0.0
        self.crashes: dict[tuple, Path] = {}  # by where it failed
        self.failed_inputs = 0


class Campaign:
    """Varies and checks `inputs` inputs, all targets in turns, the same ones for the same `seed`."""

    def __init__(self, targets: Mapping[str, Target], seed: int, *, folder: Path = CRASHES, out=sys.stdout):
        self.runs = [Run(name, target) for name, target in targets.items()]
        self._chances = {run.name: Random(f"{seed} {run.name}") for run in self.runs}
        self._folder, self._out = folder, out
        self._is_terminal = out.isatty()
        self._said_at = 0.0

    def run(self, inputs: int, seconds: float) -> str:
        """Why it ended: "" when all inputs were tried."""
        self._begun_at = time.monotonic()
        signal.signal(signal.SIGVTALRM, _too_long)
        try:
            for run in self.runs:
                for seed in run.target.seeds:
                    self._try(run, seed)
            while (left := inputs - self.inputs) > 0:
                for run in self.runs:
                    self._turn(run, min(TURN, max(0, left)))
                    left -= TURN
                self._say_progress(inputs)
                if time.monotonic() - self._begun_at > seconds:
                    return f"time is up after {seconds:g} s"
        except KeyboardInterrupt:
            return "interrupted"
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            if self._is_terminal:
                print("\r\x1b[K", end="", file=self._out)
        return ""

    @property
    def inputs(self) -> int:
        return sum(run.inputs for run in self.runs)

    @property
    def crashes(self) -> list[Path]:
        return [path for run in self.runs for path in run.crashes.values()]

    def _turn(self, run: Run, inputs: int) -> None:
        chance, vary, begun_at = self._chances[run.name], run.target.vary, time.perf_counter()
        for _ in range(inputs):
            self._try(run, vary(chance, run.known))
        run.seconds += time.perf_counter() - begun_at

    def _try(self, run: Run, data: bytes) -> None:
        run.inputs += 1
        signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST_S)
        try:
            label = run.target.check(data)
        except Exception as error:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            self._keep(run, data, error)
            return
        if label not in run.labels:
            run.labels.add(label)
            chance = self._chances[run.name]
            if len(run.known) < KNOWN:
                run.known.append(data)
            else:
                run.known[chance.randrange(len(run.target.seeds), KNOWN)] = data

    def _keep(self, run: Run, data: bytes, error: Exception) -> None:
        """The smallest input found that fails in the same place becomes a file; one for each place."""
        run.failed_inputs += 1
        place = _place(error)
        if place in run.crashes:
            return
        if not isinstance(error, Stuck):
            data = smaller(data, lambda less: _fails_at(run.target, less) == place)
        path = self._folder / f"{run.name}-{hashlib.sha256(data).hexdigest()[:12]}"
        run.crashes[place] = path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        print(f"\nCRASH {run.name}: {path.name}, {len(data)} bytes: {data[:200]!r}", file=self._out)
        for line in "".join(traceback.format_exception(error, limit=-4)).splitlines():
            print(line[:200], file=self._out)

    def _say_progress(self, inputs: int) -> None:
        now = time.monotonic()
        if now - self._said_at < SAID_EVERY_S[self._is_terminal]:
            return
        self._said_at = now
        rate = self.inputs / max(0.001, now - self._begun_at)
        line = f"{self.inputs:,} of {inputs:,} inputs, {rate:,.0f} a second, {len(self.crashes)} crashes"
        print(f"\r\x1b[K{line}" if self._is_terminal else line, end="" if self._is_terminal else "\n", file=self._out)
        self._out.flush()

    def say_summary(self, ended: str) -> None:
        seconds = time.monotonic() - self._begun_at
        for run in self.runs:
            rate = run.inputs / max(0.001, run.seconds)
            print(
                f"{run.name:12} {run.inputs:9,} inputs {rate:8,.0f}/s {len(run.labels):6,} different outcomes"
                f" {len(run.crashes):3} crashes" + (f" ({run.failed_inputs:,} inputs)" if run.crashes else ""),
                file=self._out,
            )
        print(
            f"{self.inputs:,} inputs in {seconds:.0f} s, {self.inputs / max(0.001, seconds):,.0f} a second, "
            f"{len(self.crashes)} crashes" + (f"; {ended}" if ended else ""),
            file=self._out,
        )


def smaller(data: bytes, fails: Callable[[bytes], bool], tries: int = 400) -> bytes:
    """`data` with what is not needed to fail left out, as far as some hundred tries go."""
    size = len(data) // 2
    while size and tries:
        at = 0
        while at < len(data) and tries:
            less = data[:at] + data[at + size :]
            tries -= 1
            if fails(less):
                data = less
            else:
                at += size
        size //= 2
    return data


def _fails_at(target: Target, data: bytes) -> tuple | None:
    try:
        target.check(data)
    except Exception as error:
        return _place(error)
    return None


def _place(error: Exception) -> tuple:
    """What two failures of one cause have in common: the kind, and the lines it passed through last."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__][-3:]
    return type(error).__name__, *((Path(frame.filename).name, frame.lineno) for frame in frames)


def _too_long(*_: object) -> None:
    raise Stuck(f"over {LONGEST_S} s of processor time")
