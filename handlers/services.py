"""What every handler is given: the parts of the house, and the few plain values that come from the settings."""

import time
from typing import NamedTuple

from handlers.gate import Gate
from handlers.heartbeat import Heartbeat
from hub import Hub
from models import Store
from pipeline import Pipeline


class Services(NamedTuple):
    store: Store
    hub: Hub
    pipeline: Pipeline
    gate: Gate
    heartbeat: Heartbeat
    epoch: str  # the identity of the store's log
    public_url: str  # without a slash at the end: what providers and browsers reach us by
    messages_per_second: int  # from one viewer

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https:")

    @property
    def websocket_url(self) -> str:
        return "ws" + self.public_url.removeprefix("http")

    @staticmethod
    def monotonic() -> float:
        return time.monotonic()
