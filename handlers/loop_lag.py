"""How late the IOLoop is: what is due waits for as long as something else holds it up."""

import asyncio

from metrics import Numbers

EVERY_S = 1.0


class LoopLag:
    def __init__(self, numbers: Numbers):
        self._numbers = numbers
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Look once a second, on the current loop."""
        loop = asyncio.get_running_loop()
        due = loop.time() + EVERY_S
        self._timer = loop.call_at(due, self._look, due)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _look(self, due: float) -> None:
        self._numbers.loop_lag_s.observe(max(0.0, asyncio.get_running_loop().time() - due))
        self.start()
