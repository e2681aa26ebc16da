"""What every handler is given: the parts of the house, and the few plain values that come from the settings."""

import time
from typing import NamedTuple

from handlers.alert_rules import AlertRules
from handlers.alert_sender import AlertSender
from handlers.audit import Audit
from handlers.checkup import Checkup
from handlers.erasing import Erasing
from handlers.gate import Gate
from handlers.heartbeat import Heartbeat
from handlers.history import History
from handlers.limits import Limits
from handlers.notes import Notes
from handlers.passwords import Passwords
from handlers.redactors import Redactors
from handlers.retention import Retention
from handlers.searching import Searching
from handlers.set_up_code import SetUp
from handlers.source_activity import SourceActivity
from handlers.trial_calls import TrialCalls
from hub import Hub
from metrics import Numbers
from models import Store
from pipeline import Pipeline


class Services(NamedTuple):
    store: Store
    hub: Hub
    history: History
    pipeline: Pipeline
    limits: Limits
    gate: Gate
    passwords: Passwords
    heartbeat: Heartbeat
    activity: SourceActivity
    audit: Audit
    redactors: Redactors
    alert_rules: AlertRules
    alert_sender: AlertSender
    trial_calls: TrialCalls
    searching: Searching
    erasing: Erasing
    retention: Retention
    notes: Notes
    set_up: SetUp
    numbers: Numbers
    checkup: Checkup
    epoch: str  # the identity of the store's log
    public_url: str  # without a slash at the end: what providers and browsers reach us by
    messages_per_second: int  # from one viewer
    compression: bool  # whether sockets agree to it where clients offer it

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https:")

    @property
    def websocket_url(self) -> str:
        return "ws" + self.public_url.removeprefix("http")

    @staticmethod
    def monotonic() -> float:
        return time.monotonic()
