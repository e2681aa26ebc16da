"""What people read of a call that was heard, and the shared sample calls."""

import json
import os
from pathlib import Path

import pytest

from events import Transcript
from tests.heard_calls import finals

SHARED = Path(os.environ.get("CALLBOARD_SHARED") or Path(__file__).parents[2] / "shared") / "samples"


def segments(events) -> list[Transcript]:
    """Each segment as last corrected, in speaking order. No entry may say what its segment says already."""
    shown: dict[str, Transcript] = {}
    for final in finals(events):
        was = shown.get(final.segment_id)
        is_new = was is None or (was.speaker, was.content) != (final.speaker, final.content)
        assert is_new, f"{final.segment_id} was given out twice"
        shown[final.segment_id] = final
    return sorted(shown.values(), key=lambda final: final.segment_start or 0)


def spoken(events) -> list[tuple[str, str]]:
    return [(final.speaker, final.content) for final in segments(events)]


def words(events, speaker: str) -> list[str]:
    """All that someone said, whatever it was cut into."""
    return sorted(word for said_by, content in spoken(events) if said_by == speaker for word in content.split())


def sample(folder: str) -> tuple[list[bytes], dict]:
    """The bodies of a shared sample call and what must come of it; skips where it is not there."""
    if not (SHARED / folder).exists():
        pytest.skip(f"samples/{folder} is not there: set CALLBOARD_SHARED to the folder with the shared samples")
    expected = json.loads((SHARED / folder / "expected.json").read_text())
    return [path.read_bytes() for path in sorted((SHARED / folder).glob("[0-9]*.json"))], expected
