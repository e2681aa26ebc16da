"""Webhooks: several requests of one call, one a line, through an adapter as its contract says, restarts included."""

import hashlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from zlib import crc32

from events import CALL_SID, Refused, Transcript
from sources import KINDS
from sources.adapter import Adapter, decode_state, encode_state
from tests.fuzz.event_laws import check_event, check_refusal, check_stored
from tests.fuzz.mutator import vary_bytes, vary_form
from tests.fuzz.target import Target, varied_by

PAYLOADS = Path(__file__).parents[1] / "payloads"
URL, SECRET = "https://calls.example.com/webhooks/x/y?a=b", "s3cret"
NOW = 1_770_000_000_000_000  # µs
FORM = "application/x-www-form-urlencoded"
REQUESTS = 40  # of one input
HEADERS = ("X-Twilio-Signature", "Content-Type", "X-Twilio-Webhooks-Signature-Settings")


def adapter_target(kind: str) -> Target:
    vary = partial(vary_request, vary_form)
    bodies = [path.read_bytes() for path in sorted((PAYLOADS / kind).iterdir()) if path.suffix != ".json"]
    seeds = [b"\n".join(bodies), b"\n".join(bodies[:8]), *bodies]
    return Target(seeds, varied_by(vary, vary, vary_order), lambda data: _check(KINDS[kind], data))


def vary_request(vary: Callable[[Random, bytes], bytes], chance: Random, data: bytes) -> bytes:
    """One of the requests, varied."""
    requests = data.split(b"\n")
    at = chance.randrange(len(requests))
    requests[at] = vary(chance, requests[at])
    return b"\n".join(requests)


def vary_order(chance: Random, data: bytes) -> bytes:
    """The same requests swapped, repeated, shuffled, or some of them left out."""
    requests = data.split(b"\n")
    first, second = chance.randrange(len(requests)), chance.randrange(len(requests))
    match chance.randrange(4):
        case 0:
            requests[first], requests[second] = requests[second], requests[first]
        case 1:
            requests.insert(first, requests[second])
        case 2:
            chance.shuffle(requests)
        case 3:
            requests[first:second] = []
    return b"\n".join(requests[:REQUESTS])


def _check(adapter: Adapter, data: bytes) -> str:
    chance = Random(crc32(data))
    labels, said, segments = set(), {}, {}
    states, stored = {}, {}
    config = adapter.Config()
    for body in data.split(b"\n")[:REQUESTS]:
        _check_signature(adapter, body, chance)
        try:
            payload = adapter.decode(body, FORM, {})
        except Refused as refused:
            labels.add(check_refusal(refused, {"malformed_payload"}))
            continue
        assert CALL_SID.match(payload.call_sid) and payload.account
        call_sid = payload.call_sid
        if chance.random() < 0.1:  # a restart: what only interims taught is lost
            states[call_sid] = decode_state(adapter, stored.get(call_sid))
        before = states.get(call_sid)
        written = before and encode_state(before)
        events, after = adapter.normalise(payload, before, config)
        assert (before and encode_state(before)) == written, "the state was changed in place"
        assert (events, after) == adapter.normalise(payload, before, config), "not a function of its arguments"
        assert after is None or decode_state(adapter, encode_state(after)) == after
        labels |= {check_event(event) for event in events}
        states[call_sid] = after
        if not all(isinstance(event, Transcript) and not event.is_final for event in events):
            stored[call_sid] = encode_state(after)
        _check_finals(adapter, payload, after, events, segments.setdefault(call_sid, set()))
        said.setdefault(call_sid, []).extend(events)
    for call_sid, events in said.items():
        check_stored(data, call_sid, events)
    return " ".join(sorted(labels))


def _check_finals(adapter: Adapter, payload, after, events: list, segments: set[str]) -> None:
    """No segment id is given out twice, and a request that comes again brings no final again."""
    for event in events:
        if isinstance(event, Transcript):
            if event.segment_start is not None and event.segment_end is not None:
                assert event.segment_start <= event.segment_end
            if event.is_final:
                assert event.segment_id not in segments, event.segment_id
                segments.add(event.segment_id)
    again, _ = adapter.normalise(payload, after, adapter.Config())
    assert not any(isinstance(event, Transcript) and event.is_final for event in again)


def _check_signature(adapter: Adapter, body: bytes, chance: Random) -> None:
    """What is signed is let in, what was changed since is not, and odd headers are only ever refused."""
    if chance.random() > 0.03:
        return
    headers = {"Content-Type": FORM, "X-Twilio-Signature": adapter.sign(URL, body, SECRET)}
    assert adapter.verify(url=URL, headers=headers, body=body, secret=SECRET, now=NOW)
    assert not adapter.verify(url=URL, headers=headers, body=body + b"&More=1", secret=SECRET, now=NOW)
    assert not adapter.verify(url=URL + "&c=d", headers=headers, body=body, secret=SECRET, now=NOW)
    assert not adapter.verify(url=URL, headers=headers, body=body, secret="", now=NOW)
    text = body.decode("latin1")
    for name in HEADERS:
        odd = headers | {name: vary_bytes(chance, headers.get(name, "").encode()).decode("latin1") or text[:80]}
        is_let_in = adapter.verify(url=URL, headers=odd, body=body, secret=SECRET, now=NOW)
        assert not is_let_in or odd["X-Twilio-Signature"] == headers["X-Twilio-Signature"]
    spoken_for = f"https://calls.example.com/{text[:200]}?bodySHA256={hashlib.sha256(b'').hexdigest()}"
    assert not adapter.verify(
        url=spoken_for, headers={"X-Twilio-Signature": text[:60]}, body=body, secret=SECRET, now=NOW
    )
