"""A call played through an adapter as the contract of adapter.py says, restarts included, and what the log has then."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from events import CONTENT_BYTES, Event, Transcript
from sources.adapter import Adapter, decode_state, encode_state

JSON = "application/json"


def is_interim(event: Event) -> bool:
    return isinstance(event, Transcript) and not event.is_final


def only(event_type: type, events: Iterable[Event]) -> list:
    return [event for event in events if isinstance(event, event_type)]


def finals(events: Iterable[Event]) -> list[Transcript]:
    return [said for said in only(Transcript, events) if said.is_final]


def interims(events: Iterable[Event]) -> list[Transcript]:
    return [said for said in only(Transcript, events) if not said.is_final]


def hear(
    adapter: Adapter,
    bodies: Iterable[bytes | tuple[bytes, Mapping[str, str]]],
    *,
    restarts: Collection[int] = (),
    config: Any = None,
    query: Mapping[str, str] | None = None,
) -> list[Event]:
    """The events of `bodies`, each alone or with the query of its address, stored as the contract says; before each
    index in `restarts` memory is lost."""
    stored = state = None
    heard: list[Event] = []
    for n, given in enumerate(bodies):
        body, own_query = given if isinstance(given, tuple) else (given, query or {})
        if n in restarts:
            state = decode_state(adapter, stored)
        payload = adapter.decode(body, JSON, own_query)
        events, after = adapter.normalise(payload, state, config or adapter.Config())
        if not all(is_interim(event) for event in events) or adapter.must_store(state, after):
            stored = encode_state(after)
        state = after
        heard += events
    return heard


def log(events: Iterable[Event]) -> list[Transcript]:
    """The segments as a reader of the log has them: each as last corrected, in speaking order. What says again what its
    segment said before is a repeat."""
    segments: dict[str, list[Transcript]] = {}
    for said in finals(events):
        assert len(said.content.encode()) <= CONTENT_BYTES
        entries = segments.setdefault(said.segment_id, [])
        if said.revision is not None or said.content not in [entry.content for entry in entries]:
            assert not entries or said.revision is None or said.revision > (entries[-1].revision or len(entries))
            entries.append(said)
    return sorted((entries[-1] for entries in segments.values()), key=lambda s: (s.segment_start or 0, s.segment_id))


def spoken(events: Iterable[Event]) -> list[tuple]:
    return [(said.speaker, said.content, said.confidence) for said in log(events)]
