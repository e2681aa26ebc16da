"""However two sources tell of one call, it is one, with every final once and one end, or two linked ones."""

from itertools import count
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alias_board import AliasBoard, opened, told
from events import TERMINAL, StatusReported
from models import tables
from test_record import said

TWILIO, VAPI = "CA1", "VA1"
_names = count(1)


class Told(NamedTuple):
    call_sid: str
    events: list
    is_last: bool  # of its batch


def _finals(mark: str, number: int) -> list:
    return [said(f"{mark}-{n}", f"words {mark} {n}") for n in range(number)]


@st.composite
def interleavings(draw) -> list[Told]:
    """What Twilio tells of CA1 and Vapi of VA1, each in order, with repeats; Vapi tells CA1 at some moment."""
    own = {
        TWILIO: [told(provider="twilio"), *_finals("t", draw(st.integers(0, 4)))],
        VAPI: _finals("v", draw(st.integers(0, 4))),
    }
    own[VAPI].insert(draw(st.integers(0, len(own[VAPI]))), told(TWILIO, provider="vapi"))
    for call_sid, events in own.items():
        if draw(st.booleans()):
            status = draw(st.sampled_from(["completed", "failed"]))
            events.insert(draw(st.integers(1, len(events))), StatusReported(status=status, reason=call_sid))
    heard = []
    while any(own.values()):
        call_sid = draw(st.sampled_from([sid for sid, events in own.items() if events]))
        events = [own[call_sid].pop(0) for _ in range(min(len(own[call_sid]), draw(st.integers(1, 3))))]
        heard += [Told(call_sid, events, draw(st.booleans()))] * draw(st.sampled_from([1, 1, 1, 2]))
    return heard


class Expected:
    """The rules, as simply as they can be said."""

    def __init__(self, heard: list[Told]):
        self.names: dict[str, str] = {}  # every name → the call's own
        self.finals: dict[str, list[str]] = {}
        self.ends: dict[str, StatusReported] = {}
        self.linked = False
        for call_sid, events, _ in heard:
            aliases = [event.alias for event in events if getattr(event, "alias", None)]
            if call_sid not in self.names:
                known = next((self.names[alias] for alias in aliases if alias in self.names), call_sid)
                self.names[call_sid] = known
            own = self.names[call_sid]
            self.linked |= any(self.names.setdefault(alias, own) != own for alias in aliases)
            finals = self.finals.setdefault(own, [])
            for event in events:
                if isinstance(event, StatusReported):
                    self.ends.setdefault(own, event)
                elif (segment := getattr(event, "segment_id", None)) and segment not in finals:
                    finals.append(segment)


@pytest.fixture
def board(database_url):
    yield from opened(database_url)


@settings(max_examples=150)
@given(heard=interleavings())
def test_any_interleaving_is_one_call_or_two_linked_ones_where_both_were_there(board: AliasBoard, heard: list[Told]):
    board.organization_id = board.organization(f"Organisation {next(_names)}")
    batch = []
    for call_sid, events, is_last in heard:
        batch.append((call_sid, *events))
        if is_last:
            board.together(*batch)
            batch = []
    board.together(*batch)
    expected = Expected(heard)
    for name, own in expected.names.items():
        assert board.call(name).call_sid == own
    for own, finals in expected.finals.items():
        assert [(seq, segment) for seq, segment, *_ in board.log(own)] == list(enumerate(finals, 1)), "each once"
        call, end = board.call(own), expected.ends.get(own)
        assert (call.status, call.end_reason) == (end.status, end.reason) if end else ("in-progress", None)
        assert ends_of(board, call.id) == ([end.status] if end else [])
    assert len(expected.finals) == (2 if expected.linked else 1), "a call that is neither was never there"
    if expected.linked:
        assert (board.others(TWILIO), board.others(VAPI)) == (([], [VAPI]), ([], [TWILIO]))
    else:
        (own,) = expected.finals
        assert board.others(own) == ([VAPI if own == TWILIO else TWILIO], [])
    tells_at_once = any(getattr(event, "alias", None) for event in next(t for t in heard if t.call_sid == VAPI).events)
    assert not (tells_at_once and expected.linked)


def ends_of(board: AliasBoard, call_id: int) -> list[str]:
    change = tables.StatusChange
    query = change.select(change.status).where(change.call == call_id, change.status.in_(TERMINAL))
    return [status for (status,) in query.tuples().execute(board.db)]
