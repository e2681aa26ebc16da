"""Golden payloads: what each provider posts of a call, and the events that it must give, message by message."""

import json
from importlib import import_module
from pathlib import Path

import msgspec
import pytest

PAYLOADS = Path(__file__).parent / "payloads"
KINDS = [path.parent.name for path in sorted(PAYLOADS.glob("*/events.json")) if list(path.parent.glob("[0-9]*.json"))]


def test_the_sources_that_send_json_have_payloads():
    assert {"vapi", "retell", "telnyx", "deepgram"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_our_payloads_give_the_events_written_beside_them(kind):
    folder, adapter, state = PAYLOADS / kind, import_module(f"sources.{kind}"), None
    expected = json.loads((folder / "events.json").read_text())
    paths = sorted(folder.glob("[0-9]*.json"))
    assert [path.stem for path in paths] == list(expected)
    for path in paths:
        payload = adapter.decode(path.read_bytes(), "application/json", {"call_sid": "CA-deepgram"})
        said, state = adapter.normalise(payload, state, adapter.Config())
        shown = [{"event": type(event).__name__} | msgspec.to_builtins(event) for event in said]
        assert [{key: value for key, value in e.items() if value is not None} for e in shown] == expected[path.stem], (
            path.stem
        )
