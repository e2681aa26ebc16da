"""Webhooks in JSON: several requests of one call, one a line, through an adapter as its contract says, with restarts.

The adapters of tests/fuzz/adapters.py give a segment out once; these correct it too.
"""

from collections.abc import Mapping
from functools import partial
from random import Random
from zlib import crc32

from events import CALL_SID, Refused, Transcript
from sources import KINDS
from sources.adapter import Adapter, decode_state, encode_state
from tests.fuzz.adapters import PAYLOADS, REQUESTS, vary_order, vary_request
from tests.fuzz.event_laws import check_event, check_refusal, check_stored
from tests.fuzz.json_signatures import SIGNATURES, CheckSignature, signed_by_trial
from tests.fuzz.mutator import vary_json
from tests.fuzz.target import Target, varied_by


def json_adapter_target(kind: str, query: Mapping[str, str] | None = None) -> Target:
    """`query` is that of the address."""
    bodies = [path.read_bytes().strip() for path in sorted((PAYLOADS / kind).glob("[0-9]*.json"))]
    seeds = [b"\n".join(bodies), b"\n".join(bodies[:8]), b"\n".join(bodies[-8:]), *bodies]
    adapter, check_signature = KINDS[kind], SIGNATURES[kind] if kind in SIGNATURES else signed_by_trial(kind)
    check = partial(_check, adapter, check_signature, query or {})
    return Target(seeds, varied_by(partial(vary_request, _vary), vary_order), check)


def _vary(chance: Random, body: bytes) -> bytes:
    return vary_json(chance, body).replace(b"\n", b" ")


def _check(adapter: Adapter, check_signature: CheckSignature, query: Mapping[str, str], data: bytes) -> str:
    chance = Random(crc32(data))
    labels, said, shown = set(), {}, {}
    states, stored = {}, {}
    config = adapter.Config()
    for body in data.split(b"\n")[:REQUESTS]:
        if chance.random() < 0.03:
            check_signature(adapter, body, chance)
        try:
            payload = adapter.cleaned(adapter.decode(body, "application/json", query), str)
        except Refused as refused:
            labels.add(check_refusal(refused, {"malformed_payload"}).partition("[")[0][:60])
            continue
        call_sid = payload.call_sid
        assert CALL_SID.match(call_sid) and isinstance(payload.account, str)
        if chance.random() < 0.1:  # a restart: what only interims taught is lost
            states[call_sid] = decode_state(adapter, stored.get(call_sid))
        before = states.get(call_sid)
        written = before and encode_state(before)
        events, after = adapter.normalise(payload, before, config)
        assert (before and encode_state(before)) == written, "the state was changed in place"
        assert (events, after) == adapter.normalise(payload, before, config), "not a function of its arguments"
        assert after is None or decode_state(adapter, encode_state(after)) == after
        assert not any(_finals(adapter.normalise(payload, after, config)[0])), (
            "a request that came again was heard again"
        )
        labels |= {check_event(event) for event in events}
        states[call_sid] = after
        if len(_finals(events)) + len(_others(events)) or adapter.must_store(before, after):
            stored[call_sid] = encode_state(after)
        _check_finals(_finals(events), shown.setdefault(call_sid, {}))
        said.setdefault(call_sid, []).extend(events)
    for call_sid, events in said.items():
        check_stored(data, call_sid, events)
    return " ".join(sorted(labels))


def _finals(events: list) -> list[Transcript]:
    return [event for event in events if isinstance(event, Transcript) and event.is_final]


def _others(events: list) -> list:
    return [event for event in events if not isinstance(event, Transcript)]


def _check_finals(finals: list[Transcript], shown: dict[str, Transcript]) -> None:
    """A segment never says what it says already, and what corrects it has a newer revision, if any."""
    for final in finals:
        assert final.content.strip(), final.segment_id
        assert final.segment_end is None or final.segment_start is None or final.segment_start <= final.segment_end
        was = shown.get(final.segment_id)
        if was is not None:
            assert (was.speaker, was.content) != (final.speaker, final.content), final.segment_id
            assert final.revision is None or was.revision is None or was.revision < final.revision
        shown[final.segment_id] = final
