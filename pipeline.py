"""The path of everything that is said, in one place: normalise → redact → store → publish.

Finals, facts and states of calls are committed, then published, in commit order; interims only pass through. Alert
rules are held against finals in the transaction that stores them (models/raising.py), against interims as they pass.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakValueDictionary

import msgspec

from events import SECOND, AlertRaised, Call, Event, Refused, StatusReported, Transcript, Unavailable
from hub import Hub
from metrics import Numbers
from models import Store, alerts, calls
from models import sources as source_rows
from models.raising import record_and_judge
from models.record import Heard, Recorded, SourceStep, StateConflict
from models.sources import Source
from redaction import Redactor
from rules.lookout import Lookout
from sources import KINDS
from sources.adapter import decode_state, encode_state

KNOWN_CALLS = 20_000  # whose interims then need no look-up; about 40 MB
KNOWN_STATES = 20_000
STOPPED_QUIET_US = 300 * SECOND  # after its transcription stopped, a call nobody ends is over
CONFLICTS = 10  # nodes storing the same call at the same moment; each round one of them gets through

log = logging.getLogger(__name__)


class _Known(NamedTuple):
    version: int
    state: Any


class Pipeline:
    def __init__(
        self,
        store: Store,
        hub: Hub,
        *,
        quiet_us: int = 7200 * SECOND,
        redactors: Mapping[int, Redactor] | None = None,
        lookout: Lookout | None = None,
        numbers: Numbers | None = None,
    ):
        self._counts = (numbers or Numbers()).heard
        self.store, self.hub = store, hub
        self.lookout = lookout or Lookout()
        self.when_alerted: Callable[[], None] = lambda: None  # alerts are stored, and perhaps to be delivered
        self.when_ended: Callable[[Call], None] = lambda call: None
        self._redactors = {} if redactors is None else redactors  # by organisation; one that wants none has none
        self._quiet_us = quiet_us
        self._record = partial(record_and_judge, clock=store.clock, lookout=self.lookout)
        self._calls: OrderedDict[tuple[int, str], Call] = OrderedDict()
        self._own_sids: OrderedDict[tuple[int, str], str] = OrderedDict()  # of calls heard under an alias, by that
        self._states: OrderedDict[tuple[int, str], _Known] = OrderedDict()
        self._turns: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()

    async def hear(self, organization_id: int, call_sid: str, events: list[Event], **more: Any) -> Recorded | None:
        """Store what must be kept, publish it, then pass the interims through; None where there was nothing to store.

        A call not yet known is created by anything heard of it. `more` as `submit`.
        Raises Refused, Unavailable, StateConflict; then nothing of it is stored.
        """
        storing = self.submit(organization_id, call_sid, events, **more)
        return None if storing is None else await storing

    def submit(
        self,
        organization_id: int,
        call_sid: str,
        events: list[Event],
        *,
        assistant_id: int | None = None,
        step: SourceStep | None = None,
        source: str = "producer",
        came_at: float | None = None,
    ) -> asyncio.Future[Recorded] | None:
        """As `hear`, without waiting: what comes of it is in the future, published by then. Things of one call happen
        in the order in which they are submitted, but for interims, which wait for nothing that came before them.

        `source` and `came_at` (s, monotonic; None: now) are for the numbers: who told it, and since when it is here."""
        came_at = time.monotonic() if came_at is None else came_at
        redactor, hidden = self._redactors.get(organization_id), None
        if redactor is not None:
            events, hidden = redactor.events(events)
        interims = [event for event in events if _passes_through(event)]
        kept = events if not interims else [event for event in events if not _passes_through(event)]
        self._count(source, len(interims), kept)
        call = self._calls.get((organization_id, call_sid))
        if call is None and (own_sid := self._own_sids.get((organization_id, call_sid))):
            call = self._calls.get((organization_id, own_sid))
        if not kept and step is None and (call is not None or not interims):
            self._pass_on(call, interims, came_at)
            return None
        heard = Heard(
            organization_id=organization_id,
            call_sid=call_sid,
            events=kept,
            assistant_id=assistant_id,
            step=step,
            hidden=hidden,
        )
        return self.store.write_together(self._record, heard, partial(self._publish, interims, came_at))

    async def receive(self, source: Source, payload: Any) -> Recorded | None:
        """Take one request of a provider: stored when this returns, and None where there was nothing to store. One at a
        time for each call, in order of arrival, because what a request means depends on the ones before it. Raises as
        `hear`."""
        key, came_at = (source.id, payload.call_sid), time.monotonic()
        turn = self._turns.get(key)
        if turn is None:
            turn = self._turns[key] = asyncio.Lock()
        async with turn:
            for _ in range(CONFLICTS):
                try:
                    return await self._receive(source, payload, key, came_at)
                except StateConflict:
                    self._states.pop(key, None)  # another node was quicker: normalise again, after its state
                except BaseException:
                    self._states.pop(key, None)  # stored or not: the store knows
                    raise
            raise Refused("conflict", "Too many servers store this call at once.")

    async def _receive(self, source: Source, payload: Any, key: tuple[int, str], came_at: float) -> Recorded | None:
        adapter = KINDS[source.kind]
        known = self._states.get(key) or await self._load_state(source, payload.call_sid)
        if (redactor := self._redactors.get(source.organization_id)) is not None:
            payload = adapter.cleaned(payload, redactor.text)  # the state may keep words: it is stored, too
        config = msgspec.json.decode(source.config, type=adapter.Config)
        events, state = adapter.normalise(payload, known.state, config)
        version = known.version
        step = None
        if not all(_passes_through(event) for event in events) or adapter.must_store(known.state, state):
            step = SourceStep(source.id, known.version, encode_state(state))
            version += 1
        about = {"assistant_id": source.assistant_id, "step": step, "source": source.kind, "came_at": came_at}
        recorded = await self.hear(source.organization_id, payload.call_sid, events, **about)
        _keep(self._states, key, _Known(version, state), KNOWN_STATES)
        return recorded

    async def _load_state(self, source: Source, call_sid: str) -> _Known:
        stored = await self.store.read(source_rows.state, source, call_sid)
        return _Known(stored.version, decode_state(KINDS[source.kind], stored.state))

    def call_ids(self) -> set[int]:
        """Of the calls that are known here."""
        return {call.id for call in self._calls.values()}

    def stored_states(self) -> set[tuple[int, str]]:
        """What sources (by id) remember here of calls (by what they call them), as far as it was ever stored."""
        return {key for key, known in self._states.items() if known.version}

    def forget(self, call_ids: set[int], states: set[tuple[int, str]]) -> None:
        """These calls were deleted, and these states with them."""
        gone = {key for key, call in self._calls.items() if call.id in call_ids}
        names = gone | {(owner, alias) for (owner, alias), own in self._own_sids.items() if (owner, own) in gone}
        for key in names:
            self._calls.pop(key, None)
            self._own_sids.pop(key, None)
        sids = {sid for _, sid in names}  # another organisation's call of that name is only read once more
        for key in states | {key for key in self._states if key[1] in sids}:
            self._states.pop(key, None)

    async def end_quiet_calls(self) -> None:
        """Close calls that nobody ended: after a long quiet as `failed`, `timeout`; sooner where their
        transcription was stopped in good order, as `completed`."""
        now = self.store.clock()
        for call in await self.store.read(calls.quiet, now - self._quiet_us, now - STOPPED_QUIET_US):
            status, reason = ("completed", "transcription_stopped") if call.is_stopped else ("failed", "timeout")
            ended = StatusReported(status=status, reason=reason, at=call.heard_at)
            await self.hear(call.organization_id, call.call_sid, [ended], source="callboard")

    def _count(self, source: str, interims: int, kept: list[Event]) -> None:
        counts = self._counts[source]
        counts.interim += interims
        for event in kept:
            if isinstance(event, Transcript):
                counts.final += 1
            elif isinstance(event, StatusReported):
                counts.status += 1
            else:
                counts.other += 1

    def _publish(self, interims: list[Transcript], came_at: float | None, recorded: Recorded) -> None:
        call = recorded.call
        _keep(self._calls, (call.organization_id, call.call_sid), call, KNOWN_CALLS)
        if recorded.alias is not None:
            _keep(self._own_sids, (call.organization_id, recorded.alias), call.call_sid, KNOWN_CALLS)
        self.hub.publish(call, recorded.entries, recorded.alerts, came_at)
        self._pass_on(call, interims, came_at)
        if recorded.alerts:
            self.when_alerted()
        if recorded.status_changed and call.status != "in-progress":
            self.when_ended(call)

    def _pass_on(self, call: Call, interims: list[Transcript], came_at: float | None) -> None:
        for interim in interims:
            self.hub.interim(call, interim, came_at)
        if interims and call.organization_id in self.lookout.books:
            for alert in self.lookout.hear(call, interims, self.store.clock()):
                self._raise(
                    call.organization_id, call.call_sid, alert, lambda alert=alert: self.lookout.forget(call, alert)
                )

    async def notice_silences(self) -> None:
        """Every second: raise alerts about calls that are quiet for longer than a rule allows."""
        shortest, now = self.lookout.shortest_silences(), self.store.clock()
        if shortest:
            quiet = await self.store.read(alerts.quiet, now, shortest)
            for call, alert in self.lookout.silences(quiet, now):
                self._raise(call.organization_id, call.call_sid, alert)

    def _raise(
        self, organization_id: int, call_sid: str, alert: AlertRaised, failed: Callable[[], None] = lambda: None
    ) -> None:
        """Store and publish it, waiting for nothing; where it cannot be stored, what raised it may do so again."""
        heard = Heard(organization_id=organization_id, call_sid=call_sid, events=[alert])

        def settled(storing: asyncio.Future[Recorded]) -> None:
            if not storing.cancelled() and (error := storing.exception()) is not None:
                log.warning("an alert was not stored: %s", error)
                failed()

        try:
            self.store.write_together(self._record, heard, partial(self._publish, [], None)).add_done_callback(settled)
        except Unavailable:
            failed()


def _passes_through(event: Event) -> bool:
    return isinstance(event, Transcript) and not event.is_final


def _keep(cache: OrderedDict, key: Any, value: Any, limit: int) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > limit:
        cache.popitem(last=False)
