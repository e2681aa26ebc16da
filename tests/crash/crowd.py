"""Producers, and the viewers of their calls: from the first word to the end of the last call, and then the law."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice

from tests.crash.journal import Journal, Line, Violation, violations
from tests.crash.load import Load, Place, RestProducer, TwilioProducer
from tests.crash.socket_producer import SocketProducer
from tests.crash.viewer import Viewer

END_S = 120  # for what is under way to come to its end, on a busy machine
TOLD = 5  # violations, of perhaps thousands


class Crowd:
    """Calls are fed at `feed`; each has one viewer at each of the places to `watch` from. `pace` is as of Load."""

    def __init__(self, feed: Place, watch: Sequence[Place], chance: random.Random, *, drops: float = 0.002, **pace):
        self.journal, self.viewers = Journal(), []
        self.load = Load(feed, self.journal, chance, self._begin_call, **pace)
        self._watch, self._drops = watch, drops
        self._producing: list[asyncio.Task] = []
        self._watching: list[asyncio.Task] = []

    def __str__(self) -> str:
        calls, viewers = len(self.journal.sent), len(self.journal.seen)
        seen = sum(len(page) for _, page in self.journal.seen)
        said = f"{len(self.journal.promised)} acknowledged finals in {calls} calls"
        return f"{said}, {seen} deliveries to {viewers} viewers"

    def begin(self, *, sockets: int = 0, rest: int = 0, twilio: int = 0) -> None:
        """So many producers of each kind."""
        kinds = [SocketProducer] * sockets + [RestProducer] * rest + [TwilioProducer] * twilio
        for number, kind in enumerate(kinds, len(self._producing)):
            self._producing.append(asyncio.create_task(kind(self.load, f"p{number}").run()))

    def _begin_call(self, call_sid: str) -> None:
        for place in self._watch:
            viewer = Viewer(place, call_sid, self.journal.watch(call_sid), self.load.chance, drops=self._drops)
            self.viewers.append(viewer)
            self._watching.append(asyncio.create_task(viewer.run()))

    async def come_further(self, finals: int = 30) -> None:
        """Return once so many more are acknowledged."""
        due = len(self.journal.promised) + finals
        async with asyncio.timeout(END_S):
            while len(self.journal.promised) < due:
                self.look()
                self.load.progress.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self.load.progress.wait(), 1)

    async def have_seen_it(self) -> None:
        """Return once every viewer has as many entries as are acknowledged now."""
        due = Counter(call_sid for call_sid, _ in self.journal.promised)
        async with asyncio.timeout(END_S):
            while any(len(page) < due[call_sid] for call_sid, page in self.journal.seen):
                self.look()
                await asyncio.sleep(0.05)

    def inside(self) -> dict[Viewer, int]:
        """Who has been let in, and how often."""
        return {viewer: viewer.times_let_in for viewer in self.viewers if viewer.times_let_in}

    def came_back(self, inside: Mapping[Viewer, int]) -> list[str]:
        """The calls of those who were inside, were thrown out, and have been let in again."""
        return [viewer.call_sid for viewer, times in inside.items() if viewer.times_let_in > times]

    async def finish(self) -> None:
        """Return once every call has ended, for its viewers too. Raises Violation."""
        self.load.is_over = True
        for tasks in (self._producing, self._watching):
            _, waiting = await asyncio.wait(tasks, timeout=END_S, return_when=asyncio.FIRST_EXCEPTION)
            self.look()
            if waiting:
                raise Violation(f"{len(waiting)} producers or viewers did not come to an end within {END_S} s")

    def look(self) -> None:
        """Raises what ended a producer or a viewer."""
        for task in (*self._producing, *self._watching):
            if task.done():
                task.result()

    def check(self, log: Mapping[str, list[Line]], source: str) -> None:
        """Raises Violation unless this log, as read there, keeps every promise."""
        if wrong := list(islice(violations(self.journal, log), TOLD)):
            raise Violation(f"by {source}:\n  " + "\n  ".join(wrong))

    def leave(self) -> None:
        for task in (*self._producing, *self._watching):
            task.cancel()
